"""How soon a reply ends after `stop()`."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Iterator

from edge.bench.rows import Row
from edge.core.errors import EdgeError
from edge.core.event import Delta, Done, Event, Phase, Progress, StopReason
from edge.runtime import Runtime

_DECODE_BOUND_MS = 100.0
_PREFILL_BOUND_MS = 300.0
_LONG_PROMPT = "word " * 1990
_LONG_TASK = "Write a Python program of ten classes and explain every line of it at length."


def stop_rows(runtime: Runtime, n_stops: int) -> list[Row]:
    """The 95th percentile of `n_stops` stops while decoding, and while reading 2,000 tokens."""
    dice = random.Random(0)
    decoding = [stop_once(runtime, _LONG_TASK, Delta, dice) for _ in range(n_stops)]
    reading = [stop_once(runtime, f"({n}) {_LONG_PROMPT}", Progress, dice) for n in range(n_stops)]
    return [
        _row("stop while decoding, p95", decoding, _DECODE_BOUND_MS),
        _row("stop while reading 2,000 tokens, p95", reading, _PREFILL_BOUND_MS),
    ]


def stop_once(
    runtime: Runtime, text: str, stage: type[Delta] | type[Progress], dice: random.Random
) -> float:
    """Milliseconds from `stop()`, at a random moment of a stage, to the end of the stream."""
    session = runtime.session()
    events = session.send(text)
    _reach(events, stage)
    asked: list[float] = []

    def stop() -> None:
        asked.append(time.perf_counter())
        session.stop()

    timer = threading.Timer(dice.uniform(0.0, 0.5), stop)
    timer.start()
    last = deque(events, maxlen=1).pop()
    ended = time.perf_counter()
    timer.join()
    if not isinstance(last, Done) or last.stop_reason is not StopReason.CANCELLED:
        raise EdgeError("the reply ended before it was stopped: nothing to time")
    return (ended - asked[0]) * 1000


def _reach(events: Iterator[Event], stage: type[Delta] | type[Progress]) -> None:
    for event in events:
        loading = isinstance(event, Progress) and event.phase is Phase.LOAD
        if isinstance(event, stage) and not loading:
            return


def _row(name: str, waits_ms: list[float], bound_ms: float) -> Row:
    p95 = sorted(waits_ms)[max(0, round(0.95 * len(waits_ms)) - 1)]
    return Row(name, bound_ms, p95, p95 / bound_ms, "ms (raw: the bound)")
