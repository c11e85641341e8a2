"""A worker that has nothing to do, or no memory to do it in, leaves; the next prompt is warm."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from asking import MakeEngine, answered, ask, notices

from edge.core.errors import DoesNotFit
from edge.core.event import Delta, StopReason
from edge.core.spec import Sampling
from edge.device.profile import Memory
from edge.engine.edge.engine import EdgeEngine
from edge.engine.edge.frames import Keep
from edge.engine.edge.link import ProcessLink
from edge.engine.edge.shortage import call_when_short
from processes import wait_until_gone
from tiny_gguf import make_tiny

SHORT_WORKER = Path(__file__).with_name("short_worker.py")
FEW = Sampling(temperature=0, max_tokens=8)
ENDLESS = Sampling(temperature=0)  # the likeliest words turn in a circle until the context is full


@pytest.fixture
def sign(tmp_path: Path) -> Path:
    """While this file exists the worker's machine is short of memory."""
    return tmp_path / "short"


@pytest.fixture
def short_engine(make_engine: MakeEngine, sign: Path, tmp_path: Path) -> EdgeEngine:
    command = (sys.executable, str(SHORT_WORKER), str(sign))
    keep = Keep(str(tmp_path / "snapshots"), "tiny", 2**30)
    path = make_tiny(tmp_path / "long.gguf", n_ctx=32_768)
    return make_engine(path, connect=lambda: ProcessLink(command), keep=keep, n_ctx=32_768)


def test_an_idle_worker_leaves_and_the_next_reply_is_warm_without_a_word(
    make_engine: MakeEngine, tmp_path: Path
) -> None:
    keep = Keep(str(tmp_path / "snapshots"), "tiny", 2**30)
    engine = make_engine(idle_s=0.2, keep=keep)
    first = answered(list(engine.stream(ask("hello", FEW))))
    pid = engine.worker_pid
    wait_until_gone(pid)
    events = list(engine.stream(ask("hello", FEW)))
    assert engine.worker_pid != pid
    assert notices(events) == []
    assert answered(events).usage.cached_tokens == first.usage.prompt_tokens - 1


def test_a_worker_that_left_is_no_hindrance_to_counting(make_engine: MakeEngine) -> None:
    engine = make_engine(idle_s=0.2)
    list(engine.stream(ask("hello", FEW)))
    wait_until_gone(engine.worker_pid)
    assert engine.count_tokens(ask("hello").messages, thinking=False) > 0


def test_a_shortage_ends_a_reply_with_a_typed_error_before_the_system_ends_the_worker(
    short_engine: EdgeEngine, sign: Path
) -> None:
    shown: list[Delta] = []

    def read_on() -> None:
        for event in short_engine.stream(ask("hello", ENDLESS)):
            shown.extend([event] if isinstance(event, Delta) else [])
            sign.touch()

    with pytest.raises(DoesNotFit) as short:
        read_on()
    assert shown
    assert "short of memory" in short.value.message
    assert "kept" in short.value.kept
    wait_until_gone(short_engine.worker_pid)
    sign.unlink()
    events = list(short_engine.stream(ask("hello", FEW)))
    assert notices(events) == []
    assert answered(events).stop_reason is StopReason.MAX_TOKENS
    assert answered(events).usage.cached_tokens > 0  # what was said is on the disk


def test_a_shortage_between_turns_empties_the_place_and_the_next_reply_is_warm(
    short_engine: EdgeEngine, sign: Path
) -> None:
    first = answered(list(short_engine.stream(ask("hello", FEW))))
    sign.touch()
    wait_until_gone(short_engine.worker_pid)
    sign.unlink()
    events = list(short_engine.stream(ask("hello", FEW)))
    assert notices(events) == []
    assert answered(events).usage.cached_tokens == first.usage.prompt_tokens - 1


def test_a_stop_during_a_shortage_is_a_stop(short_engine: EdgeEngine, sign: Path) -> None:
    request = ask("hello", ENDLESS)
    events = []
    for event in short_engine.stream(request):
        events.append(event)
        if isinstance(event, Delta):
            request.cancel.set()
            sign.touch()
    assert answered(events).stop_reason is StopReason.CANCELLED


def test_one_look_is_no_shortage_and_a_system_that_does_not_tell_has_none() -> None:
    full, empty = Memory(2**32, 2**31), Memory(2**32, 0)
    looks = iter([empty, full, None])
    called: list[bool] = []
    call_when_short(lambda: called.append(True), lambda: next(looks))
    assert called == []


def test_a_worker_that_leaves_as_soon_as_it_came_is_told_as_a_shortage(
    make_engine: MakeEngine,
) -> None:
    engine = make_engine(connect=lambda: ProcessLink((sys.executable, "-c", "")))
    with pytest.raises(DoesNotFit, match="short of memory"):
        list(engine.stream(ask("hello", FEW)))


def test_a_process_that_cannot_be_started_is_a_typed_error(make_engine: MakeEngine) -> None:
    engine = make_engine(connect=lambda: ProcessLink(("/nonexistent/worker",)))
    with pytest.raises(DoesNotFit, match="cannot be started"):
        list(engine.stream(ask("hello", FEW)))
