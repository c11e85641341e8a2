"""What memory and speed depend on: the shape of a model, from the catalog or from its file."""

from __future__ import annotations

from dataclasses import dataclass

from edge.core.spec import ModelSpec, Quant
from edge.models.gguf import Header

_WIDEST_FEED_FORWARD = 6  # times the width of the model; the widest of all, the 1.5B, has 5.8
_LEAST_QUERY_WIDTH = 2048  # of Qwen3 and Qwen3.5, however narrow the model


@dataclass(frozen=True, slots=True)
class Shape:
    """The dimensions of a model with one quant.

    `n_kv_layers` keep a key and a value for every token; the others share
    `recurrent_state_bytes`. `read_bytes` is what decoding one token reads,
    `repackable_bytes` the most of the weights the engine may copy for speed.
    """

    weights_bytes: int
    read_bytes: int
    repackable_bytes: int
    recurrent_state_bytes: int
    n_kv_layers: int
    n_heads: int
    n_kv_heads: int
    key_length: int
    value_length: int
    hidden: int
    feed_forward: int
    n_vocab: int
    n_ctx_train: int

    @classmethod
    def of_spec(cls, spec: ModelSpec, quant: Quant) -> Shape:
        """The shape a catalog entry promises.

        The catalog has no width of the feed-forward part: the widest Qwen's is
        taken. Nor has it the number of heads; see `_n_heads`.
        """
        return cls(
            weights_bytes=quant.size_bytes,
            read_bytes=quant.read_bytes,
            repackable_bytes=quant.read_bytes,
            recurrent_state_bytes=spec.recurrent_state_bytes,
            n_kv_layers=spec.n_kv_layers,
            n_heads=_n_heads(spec),
            n_kv_heads=spec.n_kv_heads,
            key_length=spec.head_dim,
            value_length=spec.head_dim,
            hidden=spec.hidden,
            feed_forward=_WIDEST_FEED_FORWARD * spec.hidden,
            n_vocab=spec.n_vocab,
            n_ctx_train=spec.n_ctx_train,
        )

    @classmethod
    def of_header(cls, header: Header) -> Shape:
        """The shape a file has."""
        return cls(
            weights_bytes=header.size_bytes,
            read_bytes=header.read_bytes,
            repackable_bytes=header.repackable_bytes,
            recurrent_state_bytes=header.recurrent_state_bytes,
            n_kv_layers=header.n_kv_layers,
            n_heads=header.n_heads,
            n_kv_heads=header.n_kv_heads,
            key_length=header.key_length,
            value_length=header.value_length,
            hidden=header.hidden,
            feed_forward=header.feed_forward,
            n_vocab=header.n_vocab,
            n_ctx_train=header.n_ctx_train,
        )

    @property
    def queries(self) -> int:
        """Values of all queries of one token."""
        return self.n_heads * self.key_length

    @property
    def keys_and_values(self) -> int:
        """Values one attending layer keeps of one token."""
        return self.n_kv_heads * (self.key_length + self.value_length)


def predicted_tps(shape: Shape, bandwidth_bytes_per_s: float) -> float:
    """Tokens per second at which decoding would read memory as fast as it comes: a ceiling.

    Decoding reads every weight once a token and does little else. A Raspberry Pi 5
    reads two thirds of its peak; give the measured bandwidth where there is one.
    """
    return bandwidth_bytes_per_s / shape.read_bytes


def _n_heads(spec: ModelSpec) -> int:
    """The query heads of a catalog entry; exact for every model of ours.

    Up to Qwen2.5 the queries are as wide as the model. Later ones have a power
    of two of heads, at least as wide as the model and as 2048 values.
    """
    if spec.arch == "qwen2":
        return max(spec.n_kv_heads, spec.hidden // spec.head_dim)
    least = -(-max(spec.hidden, _LEAST_QUERY_WIDTH) // spec.head_dim)
    return 1 << (least - 1).bit_length()
