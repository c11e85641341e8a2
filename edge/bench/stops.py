"""How soon a reply ends after `stop()`."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Iterator

from edge.bench.effort import Effort
from edge.bench.rows import Findings, Row
from edge.bench.subject import Subject
from edge.bench.texts import LONG_TASK, count_with, long_text
from edge.core.errors import EdgeError
from edge.core.event import Delta, Done, Event, Phase, Progress, StopReason
from edge.core.say import say
from edge.runtime import Runtime

_DECODE_BOUND_MS = 100.0
_PREFILL_BOUND_MS = 300.0
_READ_TOKENS = 2000
_ROOM_TOKENS = 1024  # what a session keeps free for a reply without a limit


def stops(subject: Subject, effort: Effort) -> Findings:
    """The 95th percentile of so many stops while decoding, and while reading a long prompt."""
    dice = random.Random(0)
    with subject.open(max_tokens=None) as runtime:
        n_tokens = min(_READ_TOKENS, runtime.n_ctx - _ROOM_TOKENS)
        decoding, reading = [], []
        subject.tell(f"stops: {effort.stops} of each kind")
        for n in range(effort.stops):
            decoding.append(stop_once(runtime, LONG_TASK, Delta, dice))
            text = long_text(count_with(runtime), n_tokens, n)
            reading.append(stop_once(runtime, text, Progress, dice))
    return Findings(
        (
            _row("stop while decoding, p95", decoding, _DECODE_BOUND_MS),
            _row(f"stop while reading {n_tokens} tokens, p95", reading, _PREFILL_BOUND_MS),
        )
    )


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
        raise EdgeError(say("the reply ended before it was stopped: nothing to time"))
    return (ended - asked[0]) * 1000


def _reach(events: Iterator[Event], stage: type[Delta] | type[Progress]) -> None:
    for event in events:
        loading = isinstance(event, Progress) and event.phase is Phase.LOAD
        if isinstance(event, stage) and not loading:
            return


def _row(name: str, waits_ms: list[float], bound_ms: float) -> Row:
    p95 = sorted(waits_ms)[max(0, round(0.95 * len(waits_ms)) - 1)]
    return Row(name, bound_ms, p95, p95 / bound_ms, "ms (raw: the bound)")
