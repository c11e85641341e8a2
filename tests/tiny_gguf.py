"""Make small model files with random weights: sound, runnable, and without a word of sense.

`make_tiny(path)` writes a qwen2, qwen3 or qwen35 (recurrent) model of well under
3 MB that the real engine loads and decodes; "llama" is sound but not one edge runs.
The vocabulary is the 256 bytes and five control tokens, `<|im_end|>` ends a reply.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np

CONTROL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>")
IM_END = 258
N_VOCAB = 256 + len(CONTROL)
TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
_NORMAL, _CONTROL, _USER_DEFINED = 1, 3, 4


@dataclass(frozen=True, slots=True)
class TinyShape:
    """The dimensions of a tiny model; 32 divides all that matters to a quantized cache."""

    n_layers: int = 4
    n_heads: int = 2
    n_kv_heads: int = 1
    head_dim: int = 32
    hidden: int = 64  # qwen2 wants heads times head_dim here
    feed_forward: int = 128
    # Recurrent layers only: state size, key groups, value heads, convolution width.
    state: int = 32
    groups: int = 2
    value_heads: int = 4
    conv: int = 4
    interval: int = 4  # every fourth layer attends

    @property
    def inner(self) -> int:
        return self.state * self.value_heads


def make_tiny(
    path: Path,
    arch: str = "qwen2",
    *,
    n_ctx: int = 4096,
    seed: int = 0,
    template: str | None = TEMPLATE,
    tied: bool = False,
    shape: TinyShape | None = None,
) -> Path:
    """Write a model and return its path; the same arguments give the same bytes."""
    shape = shape or TinyShape()
    writer = gguf.GGUFWriter(path, arch)
    _add_shape(writer, arch, shape, n_ctx)
    _add_tokenizer(writer, template)
    _Weights(writer, seed).add(arch, shape, tied)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def byte_alphabet() -> list[str]:
    """The character byte-level BPE writes each byte as, in the order of the bytes."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    shifted = iter(range(256, 512))
    return [chr(byte) if byte in plain else chr(next(shifted)) for byte in range(256)]


def _add_shape(writer: gguf.GGUFWriter, arch: str, shape: TinyShape, n_ctx: int) -> None:
    writer.add_name(f"tiny {arch}")
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_block_count(shape.n_layers)
    writer.add_context_length(n_ctx)
    writer.add_embedding_length(shape.hidden)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.n_heads)
    writer.add_head_count_kv(shape.n_kv_heads)
    writer.add_key_length(shape.head_dim)
    writer.add_value_length(shape.head_dim)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1e6)
    if arch == "qwen35":
        writer.add_rope_dimension_count(16)
        writer.add_rope_dimension_sections([4, 2, 2, 0])
        writer.add_ssm_conv_kernel(shape.conv)
        writer.add_ssm_inner_size(shape.inner)
        writer.add_ssm_state_size(shape.state)
        writer.add_ssm_time_step_rank(shape.value_heads)
        writer.add_ssm_group_count(shape.groups)
        writer.add_uint32("qwen35.full_attention_interval", shape.interval)


def _add_tokenizer(writer: gguf.GGUFWriter, template: str | None) -> None:
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list([*byte_alphabet(), *CONTROL])
    writer.add_token_types([_NORMAL] * 256 + [_CONTROL] * 3 + [_USER_DEFINED] * 2)
    writer.add_token_merges(["t h"])  # the loader wants one; no token "th" means it never applies
    writer.add_eos_token_id(IM_END)
    writer.add_pad_token_id(256)
    writer.add_add_bos_token(False)
    if template is not None:
        writer.add_chat_template(template)


class _Weights:
    """Random tensors, layer by layer, under the names the loader looks for."""

    def __init__(self, writer: gguf.GGUFWriter, seed: int) -> None:
        self._writer = writer
        self._random = np.random.default_rng(seed)

    def add(self, arch: str, shape: TinyShape, tied: bool) -> None:
        self._noise("token_embd.weight", N_VOCAB, shape.hidden, scale=1.0)
        self._ones("output_norm.weight", shape.hidden)
        if not tied:
            self._noise("output.weight", N_VOCAB, shape.hidden)
        for layer in range(shape.n_layers):
            prefix = f"blk.{layer}."
            self._ones(prefix + "attn_norm.weight", shape.hidden)
            after = "post_attention_norm" if arch == "qwen35" else "ffn_norm"
            self._ones(f"{prefix}{after}.weight", shape.hidden)
            if arch == "qwen35" and (layer + 1) % shape.interval:
                self._recurrent(prefix, shape)
            else:
                self._attention(prefix, arch, shape)
            self._noise(prefix + "ffn_gate.weight", shape.feed_forward, shape.hidden)
            self._noise(prefix + "ffn_up.weight", shape.feed_forward, shape.hidden)
            self._noise(prefix + "ffn_down.weight", shape.hidden, shape.feed_forward)

    def _attention(self, prefix: str, arch: str, shape: TinyShape) -> None:
        queries, keys = shape.head_dim * shape.n_heads, shape.head_dim * shape.n_kv_heads
        gated = 2 if arch == "qwen35" else 1  # Qwen3.5 puts the gate behind the queries
        self._noise(prefix + "attn_q.weight", queries * gated, shape.hidden)
        self._noise(prefix + "attn_k.weight", keys, shape.hidden)
        self._noise(prefix + "attn_v.weight", keys, shape.hidden)
        self._noise(prefix + "attn_output.weight", shape.hidden, queries)
        if arch == "qwen2":
            self._noise(prefix + "attn_q.bias", queries)
            self._noise(prefix + "attn_k.bias", keys)
            self._noise(prefix + "attn_v.bias", keys)
        if arch in ("qwen3", "qwen35"):
            self._ones(prefix + "attn_q_norm.weight", shape.head_dim)
            self._ones(prefix + "attn_k_norm.weight", shape.head_dim)

    def _recurrent(self, prefix: str, shape: TinyShape) -> None:
        channels = 2 * shape.state * shape.groups + shape.inner
        self._noise(prefix + "attn_qkv.weight", channels, shape.hidden)
        self._noise(prefix + "attn_gate.weight", shape.inner, shape.hidden)
        self._noise(prefix + "ssm_conv1d.weight", channels, shape.conv, scale=0.3)
        self._noise(prefix + "ssm_dt.bias", shape.value_heads)
        decay = -np.abs(self._random.standard_normal(shape.value_heads))
        self._writer.add_tensor(prefix + "ssm_a", decay.astype(np.float32))
        self._ones(prefix + "ssm_norm.weight", shape.state)
        self._noise(prefix + "ssm_beta.weight", shape.value_heads, shape.hidden)
        self._noise(prefix + "ssm_alpha.weight", shape.value_heads, shape.hidden)
        self._noise(prefix + "ssm_out.weight", shape.hidden, shape.inner)

    def _noise(self, name: str, *dims: int, scale: float = 0.08) -> None:
        values = self._random.standard_normal(dims) * scale
        self._writer.add_tensor(name, values.astype(np.float32))

    def _ones(self, name: str, *dims: int) -> None:
        self._writer.add_tensor(name, np.ones(dims, np.float32))
