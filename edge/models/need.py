"""How much memory a model takes: arithmetic, held to what the pinned engine was measured to take.

    need  =  weights + KV cache + recurrent states + compute + overhead

The weights are mapped and counted once, whole: the page cache may drop them, but
a model that reads itself from disk for every token is no use. Left out is the
copy of the cache that a snapshot makes for the moment it is written.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.core.memory import Layout
from edge.core.units import MIB
from edge.models.shape import Shape

N_CTX_STEP = 256  # the engine rounds every context up to this
_F32, _F16 = 4, 2  # bytes
_RECURRENT_STATES = 4  # the live one and three checkpoints
# Measured 2 to 3.2 MiB more than attention alone takes, whatever the chunk.
_RECURRENT_SCRATCH_BYTES = 4 * MIB
_MOST_KEPT_BLOCKS_BYTES = 32 * MIB  # from here on glibc gives every freed block back
# A worker's peak less its parts is 50 MiB with a vocabulary of 261 tokens, and 88 to 91 MiB
# with one of 151,936 (Python, NumPy and the library; the tokens, their merges and logits).
_PROCESS_BYTES = 50 * MIB
_VOCAB_BYTES_PER_TOKEN = 288


@dataclass(frozen=True, slots=True)
class Parts:
    """Where the memory goes, in bytes."""

    weights: int
    kv: int
    recurrent: int
    compute: int
    overhead: int

    @property
    def total(self) -> int:
        """All parts together."""
        return self.weights + self.kv + self.recurrent + self.compute + self.overhead


def need(shape: Shape, n_ctx: int, layout: Layout) -> Parts:
    """Memory a model takes at a context of `n_ctx` tokens, when that is full.

    Repacking was measured to take 597 MiB more for the 1.5B.
    """
    scratch = _RECURRENT_SCRATCH_BYTES if shape.recurrent_state_bytes else 0
    return Parts(
        weights=shape.weights_bytes + (shape.repackable_bytes if layout.repack else 0),
        kv=kv_cache_bytes(shape, n_ctx, layout),
        recurrent=_RECURRENT_STATES * shape.recurrent_state_bytes,
        compute=graph_bytes(shape, n_ctx, layout) + work_bytes(shape, n_ctx, layout) + scratch,
        overhead=_PROCESS_BYTES + _VOCAB_BYTES_PER_TOKEN * shape.n_vocab,
    )


def kv_cache_bytes(shape: Shape, n_ctx: int, layout: Layout) -> int:
    """Memory the KV cache takes; all of it is there from the beginning.

    One K and one V vector per attending layer, KV head and token; the context
    is rounded up to 256 as the engine does.
    """
    values = shape.n_kv_layers * shape.keys_and_values * _cells(n_ctx)
    return round(values * layout.kv_bytes_per_value)


def scores_bytes(shape: Shape, n_ctx: int, chunk_tokens: int) -> int:
    """The matrix of scores attention needs without flash: each token of a chunk, head and cell.

    >>> scores_bytes(Shape(0, 0, 0, 0, 24, 14, 2, 64, 64, 896, 4864, 151_936, 32_768), 4096, 128)
    29360128
    """
    return _F32 * chunk_tokens * shape.n_heads * _cells(n_ctx)


def graph_bytes(shape: Shape, n_ctx: int, layout: Layout) -> int:
    """What the engine reserves for the values between two layers.

    Each token of a chunk is either attending (its queries, keys and values, the
    scores and their mask) or in the feed-forward part; the wider one counts. Flash
    needs no scores and a mask of half the size, which outlives both. The terms
    were found by comparing with the library's "CPU compute buffer size" on eight
    shapes of Qwen, and are at most 2 MiB more.
    """
    attending = 3 * shape.hidden + 3 * shape.queries + shape.keys_and_values
    feeding = 3 * shape.feed_forward + 3 * shape.hidden + shape.queries
    cells, chunk = _cells(n_ctx), layout.chunk_tokens
    if layout.flash:
        return chunk * (_F32 * max(attending, feeding) + _F16 * cells)
    scores = scores_bytes(shape, n_ctx, chunk) + _F32 * chunk * cells
    return max(scores + _F32 * chunk * attending, _F32 * chunk * feeding)


def work_bytes(shape: Shape, n_ctx: int, layout: Layout) -> int:
    """The scores once more, in f16 as the values are: outside the buffer the library tells of.

    It grows with every chunk that is read, and the C library may keep the blocks
    it outgrew: measured 1 to 12 MiB at 4,096 tokens, 30 MiB at 16,384.
    """
    if layout.flash:
        return 0
    scores = scores_bytes(shape, n_ctx, layout.chunk_tokens) * _F16 // _F32
    return scores + min(scores, _MOST_KEPT_BLOCKS_BYTES)


def _cells(n_ctx: int) -> int:
    return -(-n_ctx // N_CTX_STEP) * N_CTX_STEP
