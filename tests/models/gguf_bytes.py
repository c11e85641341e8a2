"""A GGUF file written by hand, byte by byte, so that a test can get any one byte wrong."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

U8, I32, U32, F32, TEXT, ARRAY, U64 = 0, 5, 4, 6, 8, 9, 10
_CODES = {U8: "B", I32: "i", U32: "I", F32: "f", U64: "Q"}


def text(value: str | bytes) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(raw)) + raw


def number(kind: int, value: float) -> bytes:
    return struct.pack("<I" + _CODES[kind], kind, value)


def words(value: str | bytes) -> bytes:
    return struct.pack("<I", TEXT) + text(value)


def texts(*values: str) -> bytes:
    head = struct.pack("<IIQ", ARRAY, TEXT, len(values))
    return head + b"".join(text(value) for value in values)


def numbers(kind: int, *values: int) -> bytes:
    return struct.pack(f"<IIQ{len(values)}{_CODES[kind]}", ARRAY, kind, len(values), *values)


def tensor(name: str, dims: tuple[int, ...], offset: int, kind: int = 0) -> bytes:
    layout = f"<I{len(dims)}QIQ"
    return text(name) + struct.pack(layout, len(dims), *dims, kind, offset)


@dataclass
class Draft:
    """A sound file of one layer, four values wide, with two tokens; every part can be replaced."""

    arch: str = "qwen2"
    magic: bytes = b"GGUF"
    version: int = 3
    n_tensors: int | None = None
    n_keys: int | None = None
    keys: list[tuple[str, bytes]] = field(default_factory=list)
    tensors: list[bytes] = field(default_factory=list)
    n_data: int = 3 * 32  # each of the three tensors fits into 32 aligned bytes
    alignment: int = 32

    def __post_init__(self) -> None:
        arch = self.arch
        self.keys = [
            ("general.architecture", words(arch)),
            (f"{arch}.block_count", number(U32, 1)),
            (f"{arch}.context_length", number(U32, 512)),
            (f"{arch}.embedding_length", number(U32, 4)),
            (f"{arch}.feed_forward_length", number(U32, 128)),
            (f"{arch}.attention.head_count", number(U32, 2)),
            (f"{arch}.attention.head_count_kv", number(U32, 1)),
            ("tokenizer.ggml.model", words("gpt2")),
            ("tokenizer.ggml.pre", words("qwen2")),
            ("tokenizer.ggml.tokens", texts("a", "b")),
            ("tokenizer.ggml.merges", texts("a b")),
            ("tokenizer.ggml.token_type", numbers(I32, 1, 1)),
        ]
        self.tensors = [
            tensor("token_embd.weight", (4, 2), 0),
            tensor("output_norm.weight", (4,), 32),
            tensor("blk.0.attn_norm.weight", (4,), 64),
        ]

    def set(self, name: str, value: bytes) -> Draft:
        """Replace a key where it stands, or add it."""
        keys = dict(self.keys)
        keys[name] = value
        self.keys = list(keys.items())
        return self

    def drop(self, name: str) -> Draft:
        self.keys = [pair for pair in self.keys if pair[0] != name]
        return self

    def head(self) -> bytes:
        counts = (
            len(self.tensors) if self.n_tensors is None else self.n_tensors,
            len(self.keys) if self.n_keys is None else self.n_keys,
        )
        pairs = b"".join(text(name) + value for name, value in self.keys)
        opening = self.magic + struct.pack("<IQQ", self.version, *counts)
        return opening + pairs + b"".join(self.tensors)

    def bytes(self) -> bytes:
        head = self.head()
        return head + bytes(-len(head) % self.alignment + self.n_data)


def fields_of(raw: bytes) -> Iterator[tuple[str, int, int]]:
    """Every count, length, type, dimension, offset and number of a file: kind, place, width."""
    at = 24
    yield from (("magic", 0, 4), ("version", 4, 4), ("tensor count", 8, 8), ("key count", 16, 8))
    n_tensors, n_keys = struct.unpack_from("<QQ", raw, 8)

    def span(kind: str, width: int) -> tuple[str, int, int]:
        nonlocal at
        at += width
        return kind, at - width, width

    def whole(place: tuple[str, int, int]) -> int:
        return int.from_bytes(raw[place[1] : place[1] + place[2]], "little")

    def string(kind: str) -> Iterator[tuple[str, int, int]]:
        nonlocal at
        length = span(f"{kind} length", 8)
        yield length
        at += whole(length)

    def value(kind: int) -> Iterator[tuple[str, int, int]]:
        if kind == TEXT:
            yield from string("text")
        elif kind == ARRAY:
            item = span("item type", 4)
            count = span("item count", 8)
            yield from (item, count)
            for _ in range(whole(count)):
                yield from value(whole(item))
        else:
            yield span("number", {0: 1, 1: 1, 2: 2, 3: 2, 7: 1, 10: 8, 11: 8, 12: 8}.get(kind, 4))

    for _ in range(n_keys):
        yield from string("key")
        kind = span("value type", 4)
        yield kind
        yield from value(whole(kind))
    for _ in range(n_tensors):
        yield from string("tensor name")
        n_dims = span("dimension count", 4)
        yield n_dims
        for _ in range(whole(n_dims)):
            yield span("dimension", 8)
        yield span("tensor type", 4)
        yield span("offset", 8)
