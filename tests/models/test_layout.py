"""Which layout a policy means."""

from __future__ import annotations

from dataclasses import replace

import pytest
from toys import CODER_0_5B, CODER_1_5B

from edge.core.memory import Layout, MemoryPolicy
from edge.models.layout import Layouts, Measured, layout_for
from edge.models.need import need

LOW, AUTO, FAST = MemoryPolicy.LOW, MemoryPolicy.AUTO, MemoryPolicy.FAST
BOTH = pytest.mark.parametrize("shape", [CODER_0_5B, CODER_1_5B], ids=["0.5b", "1.5b"])
CPUS = pytest.mark.parametrize("arm", [False, True], ids=["x86", "arm"])


@CPUS
def test_low_saves_wherever_it_can(arm):
    expected = Layout(repack=False, flash=True, kv_q8=True, chunk_tokens=64)
    assert layout_for(LOW, CODER_0_5B, 4096, arm=arm) == expected


@pytest.mark.parametrize("lengths", [(80, 80), (64, 48), (16, 64)])
def test_low_keeps_f16_where_a_vector_is_no_whole_number_of_blocks(lengths):
    key, value = lengths
    odd = replace(CODER_0_5B, key_length=key, value_length=value)
    assert layout_for(LOW, odd, 4096, arm=False) == Layout(flash=True, chunk_tokens=64)


@CPUS
@pytest.mark.parametrize("policy", [AUTO, FAST])
def test_weights_are_copied_on_arm_only(policy, arm):
    expected = Layout(repack=arm, flash=False, kv_q8=False, chunk_tokens=128)
    assert layout_for(policy, CODER_0_5B, 4096, arm=arm) == expected


def test_auto_takes_flash_where_scores_would_exceed_64_mib():
    # 14 heads x 128 x 4 bytes are 7 KiB a token: 63 MiB at 9,216 tokens, 64.75 at 9,472.
    assert not layout_for(AUTO, CODER_0_5B, 9216, arm=False).flash
    assert layout_for(AUTO, CODER_0_5B, 9217, arm=False).flash
    # 32 heads are 16 KiB: 64 MiB at 4,096, which is not more.
    wide = replace(CODER_0_5B, n_heads=32)
    assert not layout_for(AUTO, wide, 4096, arm=False).flash
    assert layout_for(AUTO, wide, 4352, arm=False).flash


def test_fast_never_takes_flash_to_save_memory():
    assert not layout_for(FAST, CODER_0_5B, 32_768, arm=False).flash


@pytest.mark.parametrize("policy", [AUTO, FAST])
@pytest.mark.parametrize("n_ctx", [1024, 32_768])
def test_what_was_measured_wins(policy, n_ctx):
    for found in (True, False):
        measured = Measured(repack=found, flash=found)
        layout = layout_for(policy, CODER_0_5B, n_ctx, arm=not found, measured=measured)
        saves_memory = policy is AUTO and n_ctx == 32_768
        assert (layout.repack, layout.flash) == (found, found or saves_memory)


def test_what_was_measured_in_part_leaves_the_rest_to_the_policy():
    layout = layout_for(AUTO, CODER_0_5B, 32_768, arm=True, measured=Measured(repack=False))
    assert (layout.repack, layout.flash) == (False, True)


def test_low_does_not_ask_what_is_faster():
    measured = Measured(repack=True, flash=False)
    layout = layout_for(LOW, CODER_0_5B, 4096, arm=True, measured=measured)
    assert (layout.repack, layout.flash) == (False, True)


def test_layouts_hold_what_decides_one():
    measured = Measured(flash=True)
    layouts = Layouts(FAST, arm=True, measured=measured)
    assert layouts.at(CODER_0_5B, 4096) == Layout(repack=True, flash=True)


@BOTH
@CPUS
@pytest.mark.parametrize("n_ctx", [256, 1024, 4096, 16_384, 32_768])
def test_low_needs_less_than_auto_and_auto_no_more_than_fast(shape, arm, n_ctx):
    low, auto, fast = (
        need(shape, n_ctx, layout_for(policy, shape, n_ctx, arm=arm)).total
        for policy in (LOW, AUTO, FAST)
    )
    assert low < auto <= fast
