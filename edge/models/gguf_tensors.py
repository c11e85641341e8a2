"""The tensor table of a GGUF file: every tensor in its place, with a known size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from types import MappingProxyType

from edge.core.say import say
from edge.models.gguf_reader import Cursor, Kind

_MAX_TENSORS = 16_384
_MAX_NAME_BYTES = 63  # ggml keeps 64 with the closing zero
_MAX_DIMS = 4
_MAX_BYTES = 2**48

# Values in a block and bytes a block takes, by the number ggml gives the type
# (ggml.h and the type traits of ggml.c); block formats of 256 are the "K" family.
_BLOCKS: Mapping[int, tuple[int, int]] = MappingProxyType(
    {
        0: (1, 4),  # F32
        1: (1, 2),  # F16
        2: (32, 18),  # Q4_0
        3: (32, 20),  # Q4_1
        6: (32, 22),  # Q5_0
        7: (32, 24),  # Q5_1
        8: (32, 34),  # Q8_0
        10: (256, 84),  # Q2_K
        11: (256, 110),  # Q3_K
        12: (256, 144),  # Q4_K
        13: (256, 176),  # Q5_K
        14: (256, 210),  # Q6_K
        16: (256, 66),  # IQ2_XXS
        17: (256, 74),  # IQ2_XS
        18: (256, 98),  # IQ3_XXS
        19: (256, 50),  # IQ1_S
        20: (32, 18),  # IQ4_NL
        21: (256, 110),  # IQ3_S
        22: (256, 82),  # IQ2_S
        23: (256, 136),  # IQ4_XS
        29: (256, 56),  # IQ1_M
        30: (1, 2),  # BF16
        34: (256, 54),  # TQ1_0
        35: (256, 66),  # TQ2_0
        39: (32, 17),  # MXFP4
    }
)
# Types the engine may copy into another order for speed, on some processor or other.
_REPACKABLE = frozenset({2, 8, 10, 12, 13, 14, 20, 39})


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor: its dimensions (fastest first), its type by number, its bytes and offset."""

    name: str
    dims: tuple[int, ...]
    type: int
    size_bytes: int
    offset: int

    @property
    def repackable(self) -> bool:
        """Whether the engine may keep a second, reordered copy of it in memory."""
        return len(self.dims) == 2 and self.type in _REPACKABLE


def read_tensors(cursor: Cursor, count: int, alignment: int) -> dict[str, Tensor]:
    """All tensors by name; each begins where the one before ends, rounded up to `alignment`."""
    if not 1 <= count <= _MAX_TENSORS:
        cursor.refuse(say("the tensor count is {count}", count=count))
    tensors: dict[str, Tensor] = {}
    expected = 0
    for index in range(count):
        tensor = _read_tensor(cursor, say("tensor {index} of {count}", index=index, count=count))
        if tensor.name in tensors:
            cursor.refuse(say("tensor {name!r} is there twice", name=tensor.name))
        if tensor.offset != expected:
            cursor.refuse(
                say(
                    "tensor {name!r} begins at {offset}, not at {expected}",
                    name=tensor.name,
                    offset=tensor.offset,
                    expected=expected,
                )
            )
        expected = round_up(tensor.offset + tensor.size_bytes, alignment)
        tensors[tensor.name] = tensor
    return tensors


def round_up(count: int, step: int) -> int:
    """The smallest multiple of `step` that is at least `count`."""
    return -(-count // step) * step


def _read_tensor(cursor: Cursor, field: str) -> Tensor:
    raw = cursor.bytes_of(cursor.text(say("the name of {field}", field=field), _MAX_NAME_BYTES))
    name = _as_name(cursor, raw, field)
    n_dims = int(cursor.number(Kind.U32, say("the dimension count of {name!r}", name=name)))
    if not 1 <= n_dims <= _MAX_DIMS:
        cursor.refuse(say("tensor {name!r} has {n_dims} dimensions", name=name, n_dims=n_dims))
    dims = tuple(cursor.count(say("a dimension of {name!r}", name=name)) for _ in range(n_dims))
    type_number = int(cursor.number(Kind.U32, say("the type of {name!r}", name=name)))
    offset = cursor.count(say("the offset of {name!r}", name=name))
    return Tensor(name, dims, type_number, _size(cursor, name, dims, type_number), offset)


def _as_name(cursor: Cursor, raw: bytes, field: str) -> str:
    if not raw or not raw.isascii():
        cursor.refuse(say("the name of {field} is {raw!r}", field=field, raw=raw))
    return raw.decode("ascii")


def _size(cursor: Cursor, name: str, dims: tuple[int, ...], type_number: int) -> int:
    if type_number not in _BLOCKS:
        cursor.refuse(
            say(
                "tensor {name!r} has the unknown type {type_number}",
                name=name,
                type_number=type_number,
            )
        )
    values, block_bytes = _BLOCKS[type_number]
    if dims[0] % values:
        cursor.refuse(
            say(
                "tensor {name!r} has rows of {n_values} values, no multiple of {values}",
                name=name,
                n_values=dims[0],
                values=values,
            )
        )
    size = prod(dims) // values * block_bytes
    if not 0 < size < _MAX_BYTES:
        cursor.refuse(say("tensor {name!r} has the dimensions {dims}", name=name, dims=dims))
    return size
