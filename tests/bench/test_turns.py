"""A turn costs what is new, and the benchmark insists on it."""

from __future__ import annotations

import pytest

from edge.bench.effort import Effort
from edge.bench.heard import Heard
from edge.bench.texts import TALK
from edge.bench.turns import Past, check_cost, turns, unread_tokens
from edge.core.errors import EdgeError, UsageError
from edge.core.event import StopReason, Usage

ONCE = Effort(pairs=1, deep_pairs=1, conversations=1, rounds=1, stops=1)

PROMPT = [1, 2, 3]
# The reply is 7 8, and every message ends with 9 10.
TOLD = [*PROMPT, 7, 8, 9, 10]
NEWEST = [*TOLD, 4, 5, 6]


@pytest.mark.parametrize(("cut", "n_new"), [(False, 5), (True, 6)])
def test_of_a_reply_that_stands_as_written_only_its_end_is_unread(cut, n_new):
    assert unread_tokens(Past(PROMPT, cut, reread=True), TOLD, NEWEST) == n_new


@pytest.mark.parametrize(("reread", "n_new"), [(True, 3), (False, 7)])
def test_a_reply_that_is_told_otherwise_is_unread_unless_it_was_read_again(reread, n_new):
    opened_with_a_thought = Past([*PROMPT, 11, 12], cut=True, reread=reread)
    assert unread_tokens(opened_with_a_thought, TOLD, NEWEST) == n_new


def test_a_turn_that_reads_more_than_is_new_ends_the_benchmark():
    usage = Usage(100, 60, 8, ttft_s=1.0, prefill_s=1.0, decode_s=1.0)
    heard = Heard(1.0, 2.0, usage, StopReason.END, left_out=False)
    check_cost(3, heard, n_new=40)
    with pytest.raises(EdgeError, match="turn 3 evaluated 40 tokens, and 39 were new"):
        check_cost(3, heard, n_new=39)


@pytest.mark.parametrize("arch", ["qwen2", "qwen3", "qwen35"])
def test_a_talk_has_a_row_for_each_turn_and_one_for_the_worst(make_subject, arch):
    found = turns(make_subject(arch, n_ctx=4096), ONCE)
    assert [turn.turn for turn in found.turns] == list(range(1, len(TALK) + 1))
    assert found.turns[0].cached_tokens == 0
    assert all(turn.cached_tokens > turn.new_tokens for turn in found.turns[3:])
    assert all(min(turn.raw_ms, turn.edge_ms, turn.ratio) > 0 for turn in found.turns)
    median, worst = found.rows
    assert worst.ratio == max(turn.ratio for turn in found.turns)
    assert worst.ratio >= median.ratio > 0


def test_a_talk_that_does_not_fit_its_context_is_no_talk_to_measure(make_subject):
    with pytest.raises(UsageError, match="do not fit a context of 1024 tokens") as refused:
        turns(make_subject(n_ctx=1024), ONCE)
    assert refused.value.hint == "edge bench --turns --ctx 4096"
