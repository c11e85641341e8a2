"""What can be known of an engine without asking its worker: is it loaded, and who is before me."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from asking import MakeEngine, answered, ask

from edge.core.errors import Busy
from edge.core.event import Delta
from edge.core.spec import Sampling
from edge.engine.edge.link import ProcessLink, ThreadLink

ENDLESS = Sampling(temperature=0)


@pytest.mark.parametrize("connect", [ProcessLink, ThreadLink])
def test_an_engine_is_ready_from_its_first_reply_until_it_is_unloaded(
    make_engine: MakeEngine, connect: object
) -> None:
    engine = make_engine(connect=connect)
    assert not engine.ready
    list(engine.stream(ask("hello")))
    assert engine.ready
    engine.unload()
    assert not engine.ready


def test_an_engine_whose_worker_was_killed_is_not_ready(make_engine: MakeEngine) -> None:
    engine = make_engine()
    list(engine.stream(ask("hello")))
    assert engine.worker_pid
    os.kill(engine.worker_pid, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while engine.ready and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not engine.ready


def test_the_queue_is_those_who_are_answered_or_wait(make_engine: MakeEngine) -> None:
    engine = make_engine(connect=ThreadLink)
    assert engine.queue == 0
    begun = engine.stream(ask("hello", ENDLESS))
    next(event for event in begun if isinstance(event, Delta))
    assert engine.queue == 1
    waiting = ask("and I?", ENDLESS)
    with ThreadPoolExecutor(1) as other:
        second = other.submit(lambda: list(engine.stream(waiting)))
        deadline = time.monotonic() + 20
        while engine.queue < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert engine.queue == 2
        waiting.cancel.set()
        answered(second.result())
    assert engine.queue == 1
    begun.close()
    assert engine.queue == 0


def test_one_who_is_refused_does_not_stay_in_the_queue(make_engine: MakeEngine) -> None:
    engine = make_engine(connect=ThreadLink)
    begun = engine.stream(ask("hello", ENDLESS))
    next(begun)
    with pytest.raises(Busy):
        next(engine.stream(ask("and this?")))
    assert engine.queue == 1
    begun.close()
