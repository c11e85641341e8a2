"""An answer that breaks off, anywhere and in any way, is gone on with letter for letter."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from calm import WORDS, calm, insist_on_a_whole_answer

from cloud_server import (
    Script,
    broken_off,
    cut,
    malformed,
    stalled,
    without_finish,
)
from edge.core.decision import Target
from edge.engine.scripted import Reply


def breaking(dice: random.Random, k: int) -> Script:
    """The words up to a letter, and then one of the ways to go no further."""
    return dice.choice(
        [
            cut(WORDS, after=k),
            cut(WORDS, after=k, chunked=False),
            stalled(WORDS, after=k),
            without_finish(WORDS[:k]),
            broken_off(WORDS[:k], "InternalError"),
            broken_off(WORDS[:k], "Throttling", dashscope=True),
            replace(malformed("", count=9), chunks=[WORDS[:k], ""]),
        ]
    )


def insist_that_no_letter_is_lost(home: Path, seed: int) -> None:
    dice = random.Random(seed)
    k = dice.randrange(1, len(WORDS))
    again = dice.choice([0, 0, min(k, dice.randrange(12, 24))])  # repeated by the device
    device = Reply(WORDS[k - again :]) if again >= 12 else Reply(WORDS)
    with calm(home, breaking(dice, k), edge=[device]) as sky:
        insist_on_a_whole_answer(sky, Target.CLOUD, Target.EDGE)
        said = [attempt.answer for attempt in sky.session.turns[-1].attempts]
        assert said == [WORDS[:k], WORDS[k:]]


@pytest.mark.parametrize("k", [1, 20, 40])
def test_no_letter_is_lost_that_was_shown_before_a_reset(tmp_path, k):
    """A reset may overtake what was sent before it; what was shown is gone on with."""
    with calm(tmp_path, cut(WORDS, after=k, reset=True), edge=[WORDS]) as sky:
        insist_on_a_whole_answer(sky, Target.CLOUD, Target.EDGE)


@pytest.mark.parametrize("seed", range(12))
def test_no_letter_is_lost_or_doubled_where_an_answer_breaks_off(tmp_path, seed):
    insist_that_no_letter_is_lost(tmp_path, seed)


@pytest.mark.campaign
@pytest.mark.timeout(3600)
def test_no_letter_is_lost_or_doubled_in_a_thousand_broken_answers(tmp_path):
    for seed in range(1000, 2000):
        home = tmp_path / str(seed)
        home.mkdir()
        insist_that_no_letter_is_lost(home, seed)
