"""What a model takes: sums worked by hand, and the engine's own figures."""

from __future__ import annotations

from dataclasses import replace

import pytest
from toys import CODER_0_5B, CODER_1_5B, TOY

from edge.core.memory import Layout
from edge.core.units import KIB, MIB
from edge.models.catalog import load_catalog
from edge.models.need import graph_bytes, kv_cache_bytes, need, scores_bytes, work_bytes
from edge.models.shape import Shape

PLAIN, FLASH = Layout(), Layout(flash=True)
LOW = Layout(flash=True, kv_q8=True, chunk_tokens=64)
MODELS = {"0.5b": CODER_0_5B, "1.5b": CODER_1_5B}


def in_chunks(layout: Layout, chunk_tokens: int) -> Layout:
    return replace(layout, chunk_tokens=chunk_tokens)


# The cache.


@pytest.mark.parametrize(
    ("name", "bytes_per_token"),
    [
        ("qwen2.5-0.5b", 12_288),  # 2 x 24 layers x 2 heads x 64 x 2 bytes
        ("qwen2.5-1.5b", 28_672),  # 2 x 28 x 2 x 128 x 2
        ("qwen3-0.6b", 114_688),  # 2 x 28 x 8 x 128 x 2
        ("qwen3-4b", 147_456),  # 2 x 36 x 8 x 128 x 2
        ("qwen3.5-2b", 12_288),  # 2 x 6 attending layers x 2 x 256 x 2
        ("qwen1.5-1.8b", 196_608),  # 2 x 24 x 16 x 128 x 2
    ],
)
def test_the_cache_counts_only_layers_that_attend(name, bytes_per_token):
    shape = Shape.of_spec(*load_catalog().find(name))
    assert kv_cache_bytes(shape, 4096, PLAIN) == 4096 * bytes_per_token


def test_the_cache_is_rounded_up_to_256_tokens():
    assert kv_cache_bytes(TOY, 1, PLAIN) == 256 * KIB
    assert kv_cache_bytes(TOY, 257, PLAIN) == 512 * KIB


def test_a_q8_cache_takes_17_thirty_seconds_of_an_f16_one():
    assert kv_cache_bytes(TOY, 1024, LOW) == 1024 * 544


# What the engine works in. Measured: its own "CPU compute buffer size", in MiB.

Q8 = Layout(flash=True, kv_q8=True)
MEASURED_GRAPHS = [
    *(("0.5b", 1024, 64, PLAIN, 4.91), ("0.5b", 1024, 128, PLAIN, 9.81)),
    *(("0.5b", 1024, 256, PLAIN, 19.63), ("0.5b", 4096, 64, PLAIN, 16.16)),
    *(("0.5b", 4096, 128, PLAIN, 32.31), ("0.5b", 4096, 256, PLAIN, 64.63)),
    *(("0.5b", 16_384, 128, PLAIN, 122.31), ("0.5b", 1024, 64, FLASH, 4.56)),
    *(("0.5b", 1024, 128, FLASH, 9.13), ("0.5b", 4096, 128, FLASH, 9.88)),
    *(("0.5b", 4096, 256, FLASH, 19.76), ("0.5b", 16_384, 128, FLASH, 12.88)),
    *(("0.5b", 4096, 64, Q8, 4.75), ("0.5b", 4096, 128, Q8, 9.47)),
    ("0.5b", 16_384, 128, Q8, 12.47),
    *(("1.5b", 1024, 64, PLAIN, 8.06), ("1.5b", 1024, 128, PLAIN, 16.13)),
    *(("1.5b", 4096, 64, PLAIN, 15.00), ("1.5b", 4096, 128, PLAIN, 30.00)),
    *(("1.5b", 4096, 256, PLAIN, 60.00), ("1.5b", 16_384, 128, PLAIN, 108.00)),
    *(("1.5b", 1024, 128, FLASH, 16.38), ("1.5b", 4096, 128, FLASH, 17.13)),
    *(("1.5b", 16_384, 128, FLASH, 20.13), ("1.5b", 4096, 64, Q8, 8.27)),
    *(("1.5b", 4096, 128, Q8, 16.46), ("1.5b", 16_384, 128, Q8, 19.46)),
]


@pytest.mark.parametrize(("name", "n_ctx", "chunk", "layout", "measured"), MEASURED_GRAPHS)
def test_the_compute_buffer_is_the_engines_own_figure_or_little_more(
    name, n_ctx, chunk, layout, measured
):
    graph = graph_bytes(MODELS[name], n_ctx, in_chunks(layout, chunk)) / MIB
    assert measured - 0.01 <= graph <= measured + 1.6


# The dimensions of makers' configs in files without a sense, measured the same way.
@pytest.mark.parametrize(
    ("name", "n_ctx", "chunk", "layout", "measured"),
    [
        *(("qwen3-0.6b", 4096, 128, PLAIN, 38.50), ("qwen3-0.6b", 4096, 128, FLASH, 7.50)),
        *(("qwen3-4b", 4096, 128, PLAIN, 74.75), ("qwen3-4b", 16_384, 128, FLASH, 24.00)),
        *(("qwen1.5-1.8b", 4096, 128, PLAIN, 41.00), ("qwen1.5-1.8b", 1024, 64, FLASH, 6.16)),
    ],
)
def test_the_compute_buffer_of_a_catalog_entry_is_never_too_small(
    name, n_ctx, chunk, layout, measured
):
    shape = Shape.of_spec(*load_catalog().find(name))
    graph = graph_bytes(shape, n_ctx, in_chunks(layout, chunk)) / MIB
    # Its feed-forward part is taken for the widest there is: twice Qwen3's own.
    assert measured - 0.01 <= graph <= 2.2 * measured


def test_a_row_of_scores_has_a_value_for_every_head_and_cell():
    # 128 x 14 x 4096 x 4 bytes; 16 tokens more are 256 cells more.
    assert scores_bytes(CODER_0_5B, 4096, 128) == 28 * MIB
    assert scores_bytes(CODER_0_5B, 4112, 128) == 29.75 * MIB


def test_scores_are_kept_again_in_f16_and_the_outgrown_blocks_up_to_32_mib():
    # Half of 28 MiB, twice; half of 112 MiB and 32.
    assert work_bytes(CODER_0_5B, 4096, PLAIN) == 28 * MIB
    assert work_bytes(CODER_0_5B, 16_384, PLAIN) == (56 + 32) * MIB
    assert work_bytes(CODER_0_5B, 16_384, FLASH) == 0


# The sum.


def test_need_is_the_sum_of_its_parts():
    parts = need(TOY, 4096, PLAIN)
    assert (parts.weights, parts.kv, parts.recurrent) == (500 * MIB, 4 * MIB, 0)
    # 4096 times 2.5 KiB, and 128 x (3 x 128 + 3 x 128 + 128) x 4 bytes.
    assert parts.compute == 10 * MIB + 448 * KIB
    assert parts.overhead == 50 * MIB
    assert parts.total == (500 + 4 + 10 + 50) * MIB + 448 * KIB


def test_a_recurrent_model_pays_for_its_state_three_checkpoints_and_its_arithmetic():
    plain = need(TOY, 4096, PLAIN)
    recurrent = need(replace(TOY, recurrent_state_bytes=20 * MIB), 4096, PLAIN)
    assert recurrent.recurrent == 80 * MIB
    assert recurrent.compute - plain.compute == 4 * MIB


def test_a_reordered_copy_of_the_weights_counts_when_made():
    copied = need(TOY, 256, Layout(repack=True))
    assert copied.total - need(TOY, 256, PLAIN).total == 200 * MIB


def test_a_vocabulary_takes_288_bytes_a_token():
    held = need(replace(TOY, n_vocab=2**17), 256, PLAIN)
    assert held.overhead == (50 + 36) * MIB


# Measured: the peak (VmHWM) of a worker whose context was full, in MiB, keeping no
# snapshots. With flash the depth does not matter, so those read 300 to 1,000 tokens.
@pytest.mark.parametrize(
    ("name", "n_ctx", "layout", "peak"),
    [
        *(("0.5b", 1024, LOW, 570.6), ("0.5b", 4096, LOW, 589.9), ("0.5b", 16_384, LOW, 666.5)),
        *(("0.5b", 1024, PLAIN, 583.1), ("0.5b", 4096, PLAIN, 662.1)),
        *(("0.5b", 16_384, FLASH, 761.3), ("0.5b", 16_384, PLAIN, 960.8)),
        *(("1.5b", 1024, LOW, 1179.7), ("1.5b", 4096, LOW, 1224.7), ("1.5b", 16_384, LOW, 1404.5)),
        *(("1.5b", 1024, PLAIN, 1202.1), ("1.5b", 4096, PLAIN, 1313.9)),
        ("1.5b", 16_384, FLASH, 1622.6),
    ],
)
def test_a_worker_was_measured_to_peak_just_below_the_prediction(name, n_ctx, layout, peak):
    predicted = need(MODELS[name], n_ctx, layout).total / MIB
    assert peak <= predicted <= 1.02 * peak
