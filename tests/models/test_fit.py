"""Fitting: every expected figure here is worked by hand in a comment."""

from __future__ import annotations

from dataclasses import replace

import pytest
from toys import CODER_0_5B, TOY, device

from edge.core.memory import Layout, MemoryPolicy
from edge.core.units import GIB, KIB, MIB
from edge.models.fit import default_n_ctx, fit, fit_by, largest_n_ctx
from edge.models.layout import Layouts
from edge.models.need import need

PLAIN, AUTO = Layout(), Layouts()
# Of TOY at any context: weights, the process, and a chunk in the widest place of a layer.
FIXED = (500 + 50) * MIB + 448 * KIB
# Eight heads for its two: 4 KiB of scores a token, so auto takes flash beyond 16,384 tokens.
# A token then takes 1 KiB of cache and 0.25 of mask; without flash 0.5 of mask, 4 of scores, and
# 2 for those in f16, twice up to 32 MiB: 9.5 KiB. Fixed: 550 MiB and 128 x 2048 x 4 bytes.
WIDE = replace(TOY, n_heads=8)
WIDE_FIXED = 551 * MIB


def with_room(room_bytes: float):
    """A device on which edge may take this much."""
    return device(room_bytes / 0.8 + 1)


def test_a_fifth_of_what_is_free_stays_free():
    need_bytes = FIXED + 4096 * 3.5 * KIB
    assert fit(TOY, device(need_bytes / 0.8 + 1), 4096, PLAIN).fits
    assert not fit(TOY, device(need_bytes / 0.8 - 2), 4096, PLAIN).fits


def test_a_fit_tells_what_was_held_and_how():
    held = fit(TOY, device(2 * GIB), 4096, PLAIN)
    assert (held.shape, held.layout, held.n_ctx) == (TOY, PLAIN, 4096)
    assert held.have_bytes == 2 * GIB
    assert held.need_bytes == FIXED + 14 * MIB
    assert held.parts == need(TOY, 4096, PLAIN)


def test_the_largest_context_is_what_the_rest_holds():
    # 28 MiB of 3.5 KiB each.
    assert fit(TOY, with_room(FIXED + 28 * MIB), 256, PLAIN).largest_n_ctx == 8192
    assert fit(TOY, with_room(FIXED + 2 * GIB), 256, PLAIN).largest_n_ctx == 32_768
    assert fit(TOY, device(100 * MIB), 256, PLAIN).largest_n_ctx == 0


def test_the_largest_context_is_a_multiple_of_256():
    # 1,000 tokens' worth.
    room = FIXED + 1000 * 3.5 * KIB
    assert fit(TOY, with_room(room), 256, PLAIN).largest_n_ctx == 768


def test_the_largest_context_fits_and_one_step_more_does_not():
    tight = device(750 * MIB)
    longest = fit(CODER_0_5B, tight, 256, PLAIN).largest_n_ctx
    assert fit(CODER_0_5B, tight, longest, PLAIN).fits
    assert not fit(CODER_0_5B, tight, longest + 256, PLAIN).fits


def test_no_context_exceeds_what_the_model_was_trained_for():
    assert largest_n_ctx(replace(TOY, n_ctx_train=1000), device(8 * GIB), AUTO) == 768


def test_the_largest_context_has_a_layout_of_its_own():
    # 30 MiB hold 24,576 tokens of 1.25 KiB, which auto reads with flash.
    roomy = with_room(WIDE_FIXED + 30 * MIB)
    assert largest_n_ctx(WIDE, roomy, AUTO) == 24_576
    assert fit_by(WIDE, roomy, 256, AUTO).largest_n_ctx == 24_576
    # 19 MiB would hold 15,564 of those, but these are read without, and 2,048 fit.
    assert largest_n_ctx(WIDE, with_room(WIDE_FIXED + 19 * MIB), AUTO) == 2048


@pytest.mark.parametrize("policy", MemoryPolicy)
@pytest.mark.parametrize("room_mib", [560, 580, 700, 1000])
def test_the_largest_context_fits_as_it_would_be_opened(policy, room_mib):
    place, layouts = with_room(room_mib * MIB), Layouts(policy)
    longest = fit_by(WIDE, place, 256, layouts).largest_n_ctx
    assert longest
    assert fit_by(WIDE, place, longest, layouts).fits


def test_a_context_is_held_in_the_layout_it_has():
    short, long = (fit_by(WIDE, device(2 * GIB), n_ctx, AUTO) for n_ctx in (16_384, 16_640))
    assert (short.layout, long.layout) == (Layout(), Layout(flash=True))
    assert long.need_bytes < short.need_bytes


def test_the_default_context_is_4096_or_what_fits():
    assert default_n_ctx(TOY, device(8 * GIB), AUTO) == 4096
    # 7 MiB of 3.5 KiB each.
    assert default_n_ctx(TOY, with_room(FIXED + 7 * MIB), AUTO) == 2048
    assert default_n_ctx(TOY, device(500 * MIB), AUTO) == 0


def test_low_memory_leaves_room_for_more_context():
    # A chunk of 64 takes 224 KiB; a token 17/32 KiB of cache and 1/8 of mask: 21/32 KiB.
    place, low = with_room(FIXED - 224 * KIB + 2.625 * MIB), Layouts(MemoryPolicy.LOW)
    assert default_n_ctx(TOY, place, low) == 4096
    assert default_n_ctx(TOY, place, AUTO) == 512


def test_a_default_that_only_flash_would_hold_is_shortened_instead():
    # At 4,096 tokens 32 heads have 64 MiB of scores, which auto still puts up with; from 4,352
    # on it would take flash, and that fits here. The default does not go beyond 4,096.
    wide = replace(TOY, n_heads=32)
    place = with_room(need(wide, 8192, Layout(flash=True)).total)
    assert largest_n_ctx(wide, place, AUTO) == 8192
    assert 0 < default_n_ctx(wide, place, AUTO) < 4096
