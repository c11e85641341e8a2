"""Stopped anywhere, a timeline goes on as one that never was; so it does while threads change."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from asking import TOKEN_BY_TOKEN, MakeEngine, answered

from edge.core.event import Channel, Delta
from edge.core.message import Message, Role
from edge.core.spec import Sampling
from edge.engine.edge.capi.model import Model
from edge.engine.edge.engine import EdgeEngine
from edge.engine.edge.link import ThreadLink
from edge.engine.edge.prompt import common_prefix, prompt_tokens
from edge.engine.edge.reread import reread
from edge.engine.edge.template import render, retell
from edge.engine.edge.threads import Busy, Threads
from edge.engine.edge.timeline import Timeline
from edge.engine.protocol import Request
from tiny_gguf import make_tiny

KINDS = [("qwen2", "qwen2.5"), ("qwen3", "qwen3"), ("qwen35", "qwen3.5")]
SHORT = Sampling(temperature=0, max_tokens=12)
LONG = Sampling(temperature=0, max_tokens=600)
REPLY = "a reply of some length"


class StoppingTimeline(Timeline):
    """Stops by itself before the nth batch from when `stop_in` was set."""

    stop_in = 0

    def _read_batch(self, batch: Sequence[int]) -> None:
        self.stop_in -= 1
        if self.stop_in == 0:
            self.abort()
        super()._read_batch(batch)

    def go_on_to(self, tokens: Sequence[int]) -> np.ndarray:
        """Bring the tape to these tokens, at least one of them read, and say what follows."""
        self.rewind(min(common_prefix(self.tape, tokens), len(tokens) - 1))
        self.read(tokens[len(self.tape) :])
        assert self.tape == list(tokens)
        return self._context.logits().copy()


def talk(*said: str) -> list[Message]:
    roles = itertools.cycle([Role.USER, Role.ASSISTANT])
    return [Message(role, text) for role, text in zip(roles, said, strict=False)]


@pytest.mark.parametrize(("arch", "template"), KINDS[1:])
def test_a_reread_stopped_at_any_batch_leaves_a_tape_that_is_true(
    tmp_path: Path, arch: str, template: str
) -> None:
    model = Model(str(make_tiny(tmp_path / "tiny.gguf", arch)))
    threads = Threads(1, fixed=True)
    stopping, fresh = (
        StoppingTimeline(model, n_ctx=512, threads=threads, layout=TOKEN_BY_TOKEN) for _ in range(2)
    )
    asked = prompt_tokens(render(talk("begin"), template, thinking=False), [], model)
    past = retell(talk("begin", REPLY), template)
    following = render(talk("begin", REPLY, "and now?"), template, thinking=False)
    target = prompt_tokens(following, [], model)
    fresh.rewind(0)
    expected = fresh.go_on_to(target)
    stops = 0
    for nth in range(1, len(target)):
        stopping.rewind(0)
        for _ in stopping.read_steps(asked, marks=[len(asked)]):
            pass
        stopping.read(model.tokenize(REPLY))
        stopping.stop_in = nth
        n_read = reread(model, stopping, past)
        stops += stopping.stop_in <= 0
        stopping.stop_in = 0
        stopping.abort(False)
        assert n_read <= nth
        assert np.array_equal(stopping.go_on_to(target), expected)
    assert stops > 10
    for timeline in (stopping, fresh):
        timeline.close()
    model.close()


def test_a_load_that_swings_changes_threads_and_no_word(tiny_qwen2: Path) -> None:
    model = Model(str(tiny_qwen2))
    moments = itertools.count(time.monotonic() - 10_000)
    # Each look is a second later than the one before; every other second both cores were taken.
    taken = itertools.accumulate(itertools.cycle([0.0, 2.0]))
    swinging = Threads(2, look=lambda: Busy(next(moments), next(taken), 0.0), glance=lambda: None)
    seen = {swinging.now() for _ in range(10)}
    assert len(seen) == 2
    steady = Threads(1, fixed=True)
    said = []
    for threads in (swinging, steady):
        timeline = StoppingTimeline(model, n_ctx=512, threads=threads, layout=TOKEN_BY_TOKEN)
        tokens = model.tokenize("the river carries small boats past the old mill")
        said.append([int(timeline.go_on_to(tokens[:n]).argmax()) for n in range(1, len(tokens))])
        timeline.close()
    assert said[0] == said[1]
    model.close()


def reply_to(engine: EdgeEngine, messages: list[Message]) -> str:
    events = list(engine.stream(Request("t", tuple(messages), SHORT)))
    deltas = [event for event in events if isinstance(event, Delta)]
    return "".join(delta.text for delta in deltas if delta.channel is Channel.ANSWER)


def stopped_reply(engine: EdgeEngine, messages: list[Message], after_s: float) -> str:
    """What was shown of a long reply until it was stopped from another thread."""
    request = Request("t", tuple(messages), LONG)
    timer = threading.Timer(after_s, request.cancel.set)
    timer.start()
    events = list(engine.stream(request))
    timer.join()
    answered(events)
    deltas = [event for event in events if isinstance(event, Delta)]
    return "".join(delta.text for delta in deltas if delta.channel is Channel.ANSWER)


def stop_often(make_engine: MakeEngine, path: Path, template: str, n_stops: int) -> None:
    """After each stop, at random moments, the next reply is the one of an engine never stopped."""
    dice = random.Random(0)
    make = partial(make_engine, path, template=template, layout=TOKEN_BY_TOKEN, n_ctx=2048)
    engine, fresh = make(), make(connect=ThreadLink)
    for n in range(n_stops):
        said = [f"{n} begin " + "and tell me more " * dice.randrange(1, 12)]
        said.append(stopped_reply(engine, talk(*said), dice.uniform(0.0, 0.3)) or "-")
        if dice.random() < 0.5:
            engine.rest()
        said.append("and now?")
        assert reply_to(engine, talk(*said)) == reply_to(fresh, talk(*said)), n


@pytest.mark.parametrize(("arch", "template"), KINDS)
def test_a_reply_stopped_at_a_random_moment_leaves_no_trace(
    make_engine: MakeEngine, tmp_path: Path, arch: str, template: str
) -> None:
    stop_often(make_engine, make_tiny(tmp_path / "tiny.gguf", arch), template, n_stops=6)


@pytest.mark.campaign
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("arch", "template"), KINDS)
def test_two_hundred_replies_stopped_at_random_moments_leave_no_trace(
    make_engine: MakeEngine, tmp_path: Path, arch: str, template: str
) -> None:
    stop_often(make_engine, make_tiny(tmp_path / "tiny.gguf", arch), template, n_stops=200)
