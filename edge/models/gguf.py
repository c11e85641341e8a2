"""Look at a GGUF file before any native code does: is it sound, is it ours, what shape has it.

A hostile file can corrupt memory in a native loader, so only architectures and
tokenizers on short lists pass, and only when every count, length, offset and
shape agrees with the others and with the file's size.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from edge.core.errors import UnsupportedModel
from edge.core.say import say
from edge.models.gguf_fields import Fields, alignment_of, read_keys, read_opening
from edge.models.gguf_reader import Cursor, Kind, Text, open_cursor, printable
from edge.models.gguf_tensors import Tensor, read_tensors, round_up

ARCHITECTURES = frozenset({"qwen2", "qwen3", "qwen35"})
_PRE_TOKENIZERS = frozenset({"qwen2", "qwen35"})
_UNKNOWN = 4096  # a file type nobody uses
_RECURRENT_INTERVAL = 4  # llama.cpp's own default: every fourth layer attends
_QUANT_NAMES: Mapping[int, str] = MappingProxyType(
    {
        **{0: "f32", 1: "f16", 2: "q4_0", 3: "q4_1", 7: "q8_0", 8: "q5_0", 9: "q5_1"},
        **{10: "q2_k", 11: "q3_k_s", 12: "q3_k_m", 13: "q3_k_l", 14: "q4_k_s", 15: "q4_k_m"},
        **{16: "q5_k_s", 17: "q5_k_m", 18: "q6_k", 25: "iq4_nl", 30: "iq4_xs", 32: "bf16"},
    }
)


@dataclass(frozen=True, slots=True)
class Header:
    """What a sound model file says of itself.

    `n_kv_layers` keep K and V for every token; the others share
    `recurrent_state_bytes`. `read_bytes` is what decoding one token reads,
    `repackable_bytes` the most the engine may copy for speed.
    """

    arch: str
    name: str
    quant: str
    n_layers: int
    n_kv_layers: int
    n_heads: int
    n_kv_heads: int
    key_length: int
    value_length: int
    hidden: int
    feed_forward: int
    n_ctx_train: int
    n_vocab: int
    tokenizer_model: str
    tokenizer_pre: str
    template_sha256: str | None
    size_bytes: int
    tensor_bytes: int
    read_bytes: int
    recurrent_state_bytes: int
    repackable_bytes: int

    @property
    def head_dim(self) -> int:
        """Values in one key vector."""
        return self.key_length


def preflight(path: Path) -> Header:
    """Read and check the head of a model file; never more than 64 MiB of it.

    Raises UsageError when it cannot be opened, BadModelFile naming the first
    bad field, UnsupportedModel for a sound file edge does not run.
    """
    with open_cursor(path) as cursor:
        n_tensors, n_keys = read_opening(cursor)
        fields = Fields(cursor, read_keys(cursor, n_keys))
        alignment = alignment_of(fields)
        tensors = read_tensors(cursor, n_tensors, alignment)
        _check_end(cursor, tensors, alignment)
        arch = fields.word("general.architecture")
        if arch not in ARCHITECTURES:
            raise UnsupportedModel(
                say(
                    "{name!r} is of the architecture {arch!r}; edge runs qwen2, qwen3, qwen35",
                    name=path.name,
                    arch=arch,
                ),
                hint=say("edge models lists what edge runs"),
            )
        _check_tokenizer(fields, path.name)
        return _header(fields, tensors, arch)


def _check_end(cursor: Cursor, tensors: Mapping[str, Tensor], alignment: int) -> None:
    last = max(tensors.values(), key=lambda tensor: tensor.offset)
    end = round_up(cursor.at, alignment) + last.offset + last.size_bytes
    if end > cursor.size_bytes:
        cursor.refuse(
            say(
                "tensor {tensor!r} ends at {end}, the file at {size}",
                tensor=last.name,
                end=end,
                size=cursor.size_bytes,
            )
        )


def _check_tokenizer(fields: Fields, name: str) -> None:
    model = fields.word("tokenizer.ggml.model")
    pre = fields.word("tokenizer.ggml.pre", "none")
    if model != "gpt2" or pre not in _PRE_TOKENIZERS:
        raise UnsupportedModel(
            say(
                "{name!r} has the tokenizer {model!r} with the splitting rule {pre!r}; edge "
                "runs 'gpt2' with 'qwen2' or 'qwen35'",
                name=name,
                model=model,
                pre=pre,
            ),
            hint=say("edge models lists what edge runs"),
        )
    n_vocab = fields.items("tokenizer.ggml.tokens", Kind.TEXT)
    fields.items("tokenizer.ggml.merges", Kind.TEXT)
    n_types = fields.items("tokenizer.ggml.token_type", Kind.I32)
    if n_types != n_vocab:
        fields.cursor.refuse(
            say(
                "tokenizer.ggml.token_type has {n_types} items for {n_vocab} tokens",
                n_types=n_types,
                n_vocab=n_vocab,
            )
        )
    for which in ("bos", "eos", "padding", "unknown"):
        fields.whole(f"tokenizer.ggml.{which}_token_id", n_vocab - 1, default=0, least=0)


def _header(fields: Fields, tensors: Mapping[str, Tensor], arch: str) -> Header:
    n_vocab = fields.items("tokenizer.ggml.tokens", Kind.TEXT)
    hidden = fields.whole(f"{arch}.embedding_length", 2**17)
    n_heads = fields.whole(f"{arch}.attention.head_count", 1024)
    n_kv_heads = fields.whole(f"{arch}.attention.head_count_kv", n_heads, default=n_heads)
    if n_heads % n_kv_heads:
        fields.cursor.refuse(
            say(
                "{n_heads} attention heads share {n_kv_heads} KV heads",
                n_heads=n_heads,
                n_kv_heads=n_kv_heads,
            )
        )
    n_layers, n_kv_layers = _layers(fields, arch)
    _check_shapes(fields.cursor, tensors, (hidden, n_vocab, n_layers))
    tensor_bytes = sum(tensor.size_bytes for tensor in tensors.values())
    return Header(
        arch=arch,
        name=printable(fields.word("general.name", "")),
        quant=_QUANT_NAMES.get(fields.whole("general.file_type", 4096, _UNKNOWN, 0), "unknown"),
        n_layers=n_layers,
        n_kv_layers=n_kv_layers,
        n_heads=n_heads,
        n_kv_heads=n_kv_heads,
        key_length=fields.whole(f"{arch}.attention.key_length", 4096, hidden // n_heads),
        value_length=fields.whole(f"{arch}.attention.value_length", 4096, hidden // n_heads),
        hidden=hidden,
        feed_forward=fields.whole(f"{arch}.feed_forward_length", 2**20),
        n_ctx_train=fields.whole(f"{arch}.context_length", 2**24),
        n_vocab=n_vocab,
        tokenizer_model=fields.word("tokenizer.ggml.model"),
        tokenizer_pre=fields.word("tokenizer.ggml.pre"),
        template_sha256=_template_sha256(fields),
        size_bytes=fields.cursor.size_bytes,
        tensor_bytes=tensor_bytes,
        read_bytes=tensor_bytes - _input_only_bytes(tensors),
        recurrent_state_bytes=_recurrent_bytes(fields, arch, n_layers - n_kv_layers),
        repackable_bytes=_repackable_bytes(tensors),
    )


def _layers(fields: Fields, arch: str) -> tuple[int, int]:
    """All layers, and those that attend to every token before them."""
    # Blocks that only guess ahead (multi-token prediction) take no part in decoding.
    guessing = fields.whole(f"{arch}.nextn_predict_layers", 64, default=0, least=0)
    n_layers = fields.whole(f"{arch}.block_count", 1024) - guessing
    if n_layers < 1:
        fields.cursor.refuse(say("{arch}.nextn_predict_layers leaves no layer", arch=arch))
    if arch != "qwen35":
        return n_layers, n_layers
    interval = fields.whole(f"{arch}.full_attention_interval", n_layers, _RECURRENT_INTERVAL)
    return n_layers, n_layers // interval


def _check_shapes(
    cursor: Cursor, tensors: Mapping[str, Tensor], shape: tuple[int, int, int]
) -> None:
    """The tensors every architecture here must have, in the dimensions the fields promise."""
    hidden, n_vocab, n_layers = shape
    expected: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (hidden, n_vocab),
        "output_norm.weight": (hidden,),
    }
    if "output.weight" in tensors:
        expected["output.weight"] = (hidden, n_vocab)
    expected |= {f"blk.{layer}.attn_norm.weight": (hidden,) for layer in range(n_layers)}
    for name, dims in expected.items():
        if name not in tensors:
            cursor.refuse(say("tensor {name!r} is missing", name=name))
        if tensors[name].dims != dims:
            cursor.refuse(
                say(
                    "tensor {name!r} has the dimensions {found}, not {dims}",
                    name=name,
                    found=tensors[name].dims,
                    dims=dims,
                )
            )


def _recurrent_bytes(fields: Fields, arch: str, n_recurrent: int) -> int:
    """What the layers without K and V keep: a state and the tail of a convolution, in f32.

    Formula: llama.cpp's hparams (n_embd_r and n_embd_s); some 19 MiB for the 0.8B and 2B.
    """
    if n_recurrent == 0:
        return 0
    conv, inner, state, groups = (
        fields.whole(f"{arch}.ssm.{key}", 2**17)
        for key in ("conv_kernel", "inner_size", "state_size", "group_count")
    )
    rank = fields.whole(f"{arch}.ssm.time_step_rank", inner)
    if inner % rank or rank % groups:
        fields.cursor.refuse(
            say(
                "{arch}.ssm.time_step_rank is {rank} for {inner} and {groups} groups",
                arch=arch,
                rank=rank,
                inner=inner,
                groups=groups,
            )
        )
    return 4 * n_recurrent * (state * inner + (conv - 1) * (inner + 2 * groups * state))


def _template_sha256(fields: Fields) -> str | None:
    template = fields.values.get("tokenizer.chat_template")
    if not isinstance(template, Text):
        return None
    return hashlib.sha256(fields.cursor.bytes_of(template)).hexdigest()


def _input_only_bytes(tensors: Mapping[str, Tensor]) -> int:
    """The input embedding, of which a token reads one row, unless it is the output as well."""
    return tensors["token_embd.weight"].size_bytes if "output.weight" in tensors else 0


def _repackable_bytes(tensors: Mapping[str, Tensor]) -> int:
    # Rows of the input embedding are looked up, which only the plain order serves.
    return sum(
        tensor.size_bytes
        for tensor in tensors.values()
        if tensor.repackable and tensor.name != "token_embd.weight"
    )
