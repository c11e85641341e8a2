"""Shapes to fit: a toy whose figures are round, and two models that were measured."""

from __future__ import annotations

from edge.core.units import MIB
from edge.device.profile import DeviceProfile
from edge.models.shape import Shape

# A token of it takes: 4 layers x 128 values x 2 bytes = 1 KiB of f16 cache; with chunks of 128,
# 128 x 2 heads x 4 bytes = 1 KiB of scores, half of that for the mask, and half for the scores
# in f16 (twice, for the blocks outgrown): 2.5 KiB. Without a vocabulary.
TOY = Shape(
    weights_bytes=500 * MIB,
    read_bytes=400 * MIB,
    repackable_bytes=200 * MIB,
    recurrent_state_bytes=0,
    n_kv_layers=4,
    n_heads=2,
    n_kv_heads=1,
    key_length=64,
    value_length=64,
    hidden=128,
    feed_forward=128,
    n_vocab=0,
    n_ctx_train=32_768,
)

# The official files of Qwen2.5-Coder, from their headers.
CODER_0_5B = Shape(
    weights_bytes=491_400_064,
    read_bytes=391_859_712,
    repackable_bytes=218_423_296,
    recurrent_state_bytes=0,
    n_kv_layers=24,
    n_heads=14,
    n_kv_heads=2,
    key_length=64,
    value_length=64,
    hidden=896,
    feed_forward=4864,
    n_vocab=151_936,
    n_ctx_train=32_768,
)
CODER_1_5B = Shape(
    weights_bytes=1_117_320_768,
    read_bytes=980_097_536,
    repackable_bytes=979_517_952,
    recurrent_state_bytes=0,
    n_kv_layers=28,
    n_heads=12,
    n_kv_heads=2,
    key_length=128,
    value_length=128,
    hidden=1536,
    feed_forward=8960,
    n_vocab=151_936,
    n_ctx_train=32_768,
)


def device(free_bytes: float, bandwidth: float | None = None) -> DeviceProfile:
    """A machine of which half is free."""
    return DeviceProfile("toy", 4, int(free_bytes) * 2, int(free_bytes), bandwidth)
