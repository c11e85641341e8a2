"""Loading before anybody asks: what it spares, who waits for it, and what ends it."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from asking import MakeEngine, answered, ask

from edge.core.errors import BadModelFile, EngineDied
from edge.core.event import Phase, Progress, StopReason
from edge.engine.edge.engine import EdgeEngine
from edge.engine.edge.link import ProcessLink, ThreadLink
from edge.engine.protocol import EngineEvent

HERE = Path(__file__).parent


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """Where there is no such file, no worker of `gated` becomes ready."""
    return tmp_path / "gate"


@pytest.fixture
def gated(make_engine: MakeEngine, gate: Path) -> EdgeEngine:
    return make_engine(connect=worker("gated_worker.py", str(gate)))


@pytest.fixture
def others(gate: Path) -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool
        gate.touch()  # a test that failed leaves nobody waiting


def worker(script: str, *args: str) -> Callable[[], ProcessLink]:
    return partial(ProcessLink, [sys.executable, str(HERE / script), *args])


def until(claim: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not claim() and time.monotonic() < deadline:
        time.sleep(0.005)
    assert claim()


@pytest.mark.parametrize("connect", [ProcessLink, ThreadLink])
def test_a_prepared_engine_is_ready_and_its_first_reply_loads_nothing(
    make_engine: MakeEngine, connect: object
) -> None:
    engine = make_engine(connect=connect)
    engine.prepare()
    assert engine.ready
    waits = [event for event in engine.stream(ask("hello")) if isinstance(event, Progress)]
    assert {event.phase for event in waits} == {Phase.PREFILL}


def test_who_prepares_hears_how_far_it_is_also_where_another_thread_began_it(
    gated: EdgeEngine, gate: Path, others: ThreadPoolExecutor
) -> None:
    heard: tuple[list[Progress], list[Progress]] = ([], [])
    first = others.submit(gated.prepare, heard[0].append)
    until(lambda: heard[0])
    second = others.submit(gated.prepare, heard[1].append)
    until(lambda: heard[1])
    gate.touch()
    first.result(timeout=20)
    second.result(timeout=20)
    assert {step.phase for steps in heard for step in steps} == {Phase.LOAD}


def test_what_is_prepared_is_not_loaded_twice(make_engine: MakeEngine) -> None:
    engine = make_engine()
    engine.prepare()
    worker_pid = engine.worker_pid
    engine.prepare()
    list(engine.stream(ask("hello")))
    assert engine.worker_pid == worker_pid


def test_a_prompt_sent_meanwhile_tells_the_loading_waits_for_it_and_goes_on(
    gated: EdgeEngine, gate: Path, others: ThreadPoolExecutor
) -> None:
    preparing = others.submit(gated.prepare)
    until(lambda: gated.worker_pid)
    worker_pid, events = gated.worker_pid, list[EngineEvent]()
    reply = others.submit(lambda: events.extend(gated.stream(ask("hello"))))
    until(lambda: events)
    assert isinstance(events[0], Progress)
    assert events[0].phase is Phase.LOAD
    assert not preparing.done()
    gate.touch()
    reply.result()
    preparing.result()
    assert answered(events).usage.completion_tokens > 0
    assert gated.worker_pid == worker_pid


def test_a_preparation_is_nobody_in_the_queue(
    gated: EdgeEngine, gate: Path, others: ThreadPoolExecutor
) -> None:
    preparing = others.submit(gated.prepare)
    until(lambda: gated.worker_pid)
    assert gated.queue == 0
    gate.touch()
    preparing.result()


def test_a_prompt_may_be_given_up_while_it_waits_and_the_loading_goes_on(
    gated: EdgeEngine, gate: Path, others: ThreadPoolExecutor
) -> None:
    preparing, request = others.submit(gated.prepare), ask("hello")
    until(lambda: gated.worker_pid)
    worker_pid = gated.worker_pid
    reply = others.submit(lambda: list(gated.stream(request)))
    request.cancel.set()
    assert answered(reply.result()).stop_reason is StopReason.CANCELLED
    gate.touch()
    preparing.result()
    assert gated.ready
    assert gated.worker_pid == worker_pid


@pytest.mark.parametrize("end", [EdgeEngine.close, EdgeEngine.unload])
def test_closing_or_unloading_ends_a_preparation(
    gated: EdgeEngine, others: ThreadPoolExecutor, end: Callable[[EdgeEngine], None]
) -> None:
    preparing = others.submit(gated.prepare)
    until(lambda: gated.worker_pid)
    end(gated)
    preparing.result(timeout=20)
    assert gated.worker_pid is None


def test_a_closed_engine_prepares_nothing(make_engine: MakeEngine) -> None:
    engine = make_engine()
    engine.close()
    engine.prepare()
    assert engine.worker_pid is None


def test_a_worker_that_left_since_is_replaced(make_engine: MakeEngine) -> None:
    engine = make_engine()
    engine.prepare()
    gone = engine.worker_pid
    assert gone
    os.kill(gone, signal.SIGKILL)
    until(lambda: not engine.ready)
    engine.prepare()
    assert engine.ready
    assert engine.worker_pid != gone


def test_a_preparation_survives_one_death_of_its_worker(
    make_engine: MakeEngine, tmp_path: Path
) -> None:
    engine = make_engine(connect=worker("faulty_worker.py", "Ready", "1", str(tmp_path / "died")))
    engine.prepare()
    assert engine.ready


def test_a_second_death_is_told_to_whoever_prepares(make_engine: MakeEngine) -> None:
    engine = make_engine(connect=worker("faulty_worker.py", "Ready", "1", ""))
    with pytest.raises(EngineDied):
        engine.prepare()
    assert engine.worker_pid is None


def test_a_file_that_is_no_model_is_told_to_whoever_prepares_and_again_to_who_asks(
    make_engine: MakeEngine, tmp_path: Path
) -> None:
    path = tmp_path / "no.gguf"
    path.write_bytes(b"GGUF" + b"\0" * 4096)
    engine = make_engine(path)
    with pytest.raises(BadModelFile):
        engine.prepare()
    with pytest.raises(BadModelFile):
        list(engine.stream(ask("hello")))


def test_an_engine_that_is_closed_just_as_it_is_prepared_starts_no_worker(
    make_engine: MakeEngine,
) -> None:
    looks: list[bool] = []

    class Left(ThreadLink):
        """A worker that has left. Looked at the second time, in the turn, the engine is closed."""

        @property
        def alive(self) -> bool:
            looks.append(False)
            if len(looks) == 2:
                engine.close()
            return False

    links: list[ThreadLink] = []

    def connect() -> ThreadLink:
        links.append(Left())
        return links[-1]

    engine = make_engine(connect=connect)
    engine.prepare()
    engine.prepare()
    assert (len(looks), len(links)) == (2, 1)
