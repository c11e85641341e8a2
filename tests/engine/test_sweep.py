"""Thread counts are tried behind the first reply, and leave no trace on the tape."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from asking import CHUNKS_OF_64, MakeEngine, answered, ask

from edge.core.event import StopReason
from edge.core.spec import Sampling
from edge.engine.edge.capi.model import Model
from edge.engine.edge.frames import (
    Answer,
    Ended,
    Frame,
    Load,
    Planned,
    Ready,
    Reread,
    Rested,
    Swept,
)
from edge.engine.edge.link import ThreadLink
from edge.engine.edge.sweep import sweep
from edge.engine.edge.threads import Busy, Threads
from edge.engine.edge.timeline import Aborted, Timeline

PROMPT = list(range(40, 120))
MORE = list(range(130, 150))


@pytest.fixture(params=["qwen2", "qwen35"])
def timelines(
    request: pytest.FixtureRequest, tiny_qwen2: Path, tiny_qwen35: Path
) -> Iterator[tuple[Timeline, Timeline]]:
    """Two of the same model, which attends to all or is recurrent."""
    model = Model(str(tiny_qwen35 if request.param == "qwen35" else tiny_qwen2))
    threads = Threads(1, fixed=True)
    both = tuple(Timeline(model, n_ctx=512, threads=threads, layout=CHUNKS_OF_64) for _ in range(2))
    yield both  # type: ignore[misc]
    for timeline in both:
        timeline.close()
    model.close()


def alone() -> Busy:
    return Busy(0.0, 0.0, 0.0)


def logits(timeline: Timeline) -> np.ndarray:
    return timeline._context.logits().copy()


def test_a_tape_goes_on_bit_for_bit_as_if_nothing_had_been_tried(timelines) -> None:
    tried, untouched = timelines
    for timeline in timelines:
        timeline.read(PROMPT)
    tps = sweep(tried, (1, 2), alone)
    assert [n for n, _ in tps] == [1, 2]
    assert all(speed > 0 for _, speed in tps)
    assert tried.tape == untouched.tape == PROMPT
    for timeline in timelines:
        timeline.read(MORE)
    assert np.array_equal(logits(tried), logits(untouched))


def test_a_stop_ends_the_trial_and_the_tape_is_as_before(timelines) -> None:
    tried, untouched = timelines
    for timeline in timelines:
        timeline.read(PROMPT)
        timeline.mark()
    tried.abort()
    with pytest.raises(Aborted):
        sweep(tried, (1, 2), alone)
    tried.abort(False)
    assert tried.tape == PROMPT
    for timeline in timelines:
        timeline.read(MORE)
    assert np.array_equal(logits(tried), logits(untouched))


def test_nothing_is_learned_beside_another_program_or_without_room(timelines) -> None:
    timeline, _ = timelines
    timeline.read(PROMPT)
    busy = iter([Busy(0.0, 0.0, 0.0), Busy(1.0, 0.9, 0.0)])
    assert sweep(timeline, (1, 2), lambda: next(busy)) == ()
    timeline.read([50] * (512 - len(PROMPT) - 4))
    assert sweep(timeline, (1, 2), alone) == ()


def test_a_reply_after_a_trial_is_the_reply_without_one(make_engine: MakeEngine) -> None:
    tried, plain = make_engine(sweep=(1, 2)), make_engine(connect=ThreadLink)
    said = []
    for engine in (tried, plain):
        list(engine.stream(ask("hello")))
        engine.rest()
        events = list(engine.stream(ask("and now?")))
        said.append([str(event) for event in events[:-1]])
        assert answered(events).usage.completion_tokens > 0
    assert said[0] == said[1]


class SweptLink:
    """A host that answers at once and has tried its threads."""

    pid = None

    def __init__(self) -> None:
        self.loads: list[Load] = []
        self._waiting: list[Frame] = []

    def send(self, frame: Frame) -> None:
        match frame:
            case Load():
                self.loads.append(frame)
                self._waiting.append(Ready(isolated=False))
            case Answer(job):
                ended = Ended(job, StopReason.END, "hi", 0.0, 0.0)
                self._waiting += [Planned(job, (1, 2), 0), ended]
            case Reread(job):
                swept = Swept(job, ((1, 10.0), (2, 19.7), (4, 20.0)))
                self._waiting += [swept, Rested(job, 0)]

    def receive(self, patience_s: float) -> Frame:
        return self._waiting.pop(0)

    def kill(self) -> None:
        pass

    def close(self) -> None:
        pass


def test_what_was_found_is_told_and_holds_for_the_next_worker(make_engine: MakeEngine) -> None:
    heard: list[object] = []
    link = SweptLink()
    engine = make_engine(connect=lambda: link, on_swept=heard.append, sweep=(1, 2, 4))
    list(engine.stream(ask("hello", Sampling())))
    engine.rest()
    engine.unload()
    list(engine.stream(ask("hello", Sampling())))
    assert heard[0] == ((1, 10.0), (2, 19.7), (4, 20.0))
    assert [(load.sweep, load.n_writing) for load in link.loads] == [((1, 2, 4), None), ((), 2)]
