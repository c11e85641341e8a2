"""A reply cut at any character goes on as if it had not been cut; on real weights."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import pytest

from edge.core.memory import Layout
from edge.core.message import Message, Role
from edge.core.spec import Sampling
from edge.engine.edge.capi.model import Model
from edge.engine.edge.frames import Answer, Ended, Planned, Wrote
from edge.engine.edge.generate import answer
from edge.engine.edge.keeper import Keeper
from edge.engine.edge.template import render
from edge.engine.edge.threads import Threads
from edge.engine.edge.timeline import Timeline

pytestmark = pytest.mark.weights
WHOLE = Sampling(temperature=0, max_tokens=140)
SHORT = Sampling(temperature=0, max_tokens=40)
REST = Sampling(temperature=0, max_tokens=24)
BIT = Sampling(temperature=0, max_tokens=8)
ENGLISH = (
    "Explain in two paragraphs why the sky is blue.",
    "Write a Python function that merges two sorted lists, with a docstring.",
    "Write an HTML page with a table of three unusual animals and their Latin names.",
)
CHINESE = ("用中文介绍一下长城的历史，大约两百字。", "用中文解释什么是机器学习。")


@dataclass
class Written:
    """A reply as a worker writes it: the tape it leaves, and which of its tokens were free."""

    text: str
    tape: list[int]
    n_free: int


class Desk:
    """One model with a timeline to write on, and one to look at what was written."""

    def __init__(self, path: Path) -> None:
        self.model = Model(str(path))
        self.writing, self.reading = (
            Timeline(self.model, n_ctx=1024, threads=Threads(1, fixed=True), layout=Layout())
            for _ in range(2)
        )

    def write(self, prompt: str, sampling: Sampling, shown: str = "") -> Written:
        said = [Message(Role.USER, prompt)]
        segments = render(said, "qwen2.5", thinking=False, shown=shown)
        job = Answer(1, "t", segments, sampling, seed=0, shown=shown)
        text, tape, n_free = "", [], 0
        for step in answer(self.model, self.writing, job, Keeper(None)):
            match step:
                case Planned(tokens=tokens):
                    tape += tokens
                case Wrote():
                    tape.append(step.token)
                    n_free += step.logprob is not None
                    text += step.text
                case Ended():
                    text += step.text
        return Written(text, tape, n_free)

    def furthest_from_best(self, written: Written) -> float:
        """How far below the best its free tokens lie where other batches are read."""
        free = len(written.tape) - written.n_free
        self.reading.rewind(0)
        self.reading.read(written.tape[:free])
        furthest = 0.0
        for token in written.tape[free:]:
            logits = self.reading._context.logits()
            furthest = max(furthest, float(logits.max() - logits[token]))
            self.reading.read([token])
        return furthest

    def close(self) -> None:
        for each in (self.writing, self.reading, self.model):
            each.close()


@pytest.fixture(scope="module")
def desk(weights_path: Path) -> Iterator[Desk]:
    made = Desk(weights_path)
    yield made
    made.close()


def n_equal(desk: Desk, prompt: str, whole: str, at: int, few: Sampling) -> int:
    """Of a reply cut there, how many characters go on with the very words that were cut off."""
    rest = desk.write(prompt, few, whole[:at])
    assert rest.text
    assert desk.furthest_from_best(rest) <= 1.0
    pairs = zip(rest.text, whole[at:], strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def test_a_word_that_was_cut_in_the_middle_is_finished(desk: Desk) -> None:
    prompt = "What is the capital of France? Answer in a sentence."
    whole = desk.write(prompt, SHORT).text
    for word in ("capital", "Paris"):
        at = whole.index(word) + 3
        assert n_equal(desk, prompt, whole, at, BIT) >= len(word) - 3


def test_a_space_at_the_end_is_not_said_twice(desk: Desk) -> None:
    rest = desk.write("Count from one to five in words.", BIT, "One, two, three, ")
    assert rest.text[0].isalpha()


@pytest.mark.campaign
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("prompts", "n_chars"), [(ENGLISH, 12), (CHINESE, 4)])
def test_of_many_cut_replies_nine_of_ten_go_on_with_the_words_cut_off(
    desk: Desk, prompts: tuple[str, ...], n_chars: int
) -> None:
    # Further on they part at words that are as good: other batches change logits by up to 0.6.
    dice, equal = random.Random(2), []
    for prompt in prompts:
        whole = desk.write(prompt, WHOLE).text
        cuts = [dice.randrange(1, len(whole) * 3 // 4) for _ in range(30)]
        equal += [n_equal(desk, prompt, whole, at, REST) >= n_chars for at in cuts]
        print(f"{sum(equal)} of {len(equal)} go on with the same words", flush=True)
    assert sum(equal) >= 0.9 * len(equal)
