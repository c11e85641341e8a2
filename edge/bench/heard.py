"""A reply as its reader hears it, and the quiet before one."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from edge.bench.process import used_ticks
from edge.chat.session import Session
from edge.core.errors import EdgeError
from edge.core.event import Delta, Done, Notice, NoticeCode, StopReason, Usage
from edge.core.say import say
from edge.engine.edge.engine import EdgeEngine
from edge.runtime import Runtime

_LEAST_TOKENS = 8
_LOOK_S = 0.05
_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class Heard:
    """One reply from `send` on: seconds to its first text and to its end, and what it took.

    `left_out` says that older turns no longer fitted the context.
    """

    first_s: float
    total_s: float
    usage: Usage
    stop_reason: StopReason
    left_out: bool

    @property
    def n_read(self) -> int:
        """Tokens the engine evaluated before it wrote."""
        return self.usage.prompt_tokens - self.usage.cached_tokens

    @property
    def can_be_timed(self) -> bool:
        """Whether the reply is long enough to tell how fast it was written."""
        return self.usage.completion_tokens > _LEAST_TOKENS and self.total_s > self.first_s

    @property
    def decode_tps(self) -> float:
        """Tokens per second from the first text on; raises EdgeError for too short a reply."""
        n_tokens = self.usage.completion_tokens
        if not self.can_be_timed:
            raise EdgeError(
                say("the reply ended after {n_tokens} tokens: too few to time", n_tokens=n_tokens)
            )
        return (n_tokens - 1) / (self.total_s - self.first_s)


def hear(session: Session, text: str, at_first: Callable[[], object] = lambda: None) -> Heard:
    """Say something and read the reply to its end; `at_first` is called at its first text."""
    first_s, left_out = None, False
    started = time.perf_counter()
    for event in session.send(text):
        now_s = time.perf_counter() - started
        match event:
            case Delta() if first_s is None:
                first_s = now_s
                at_first()
            case Notice(NoticeCode.LEFT_OUT):
                left_out = True
            case Done(stop_reason, attempts):
                usage = attempts[0].usage
    return Heard(now_s if first_s is None else first_s, now_s, usage, stop_reason, left_out)


def worker_pid(runtime: Runtime) -> int | None:
    """The process that holds the model now."""
    return runtime.engine.worker_pid if isinstance(runtime.engine, EdgeEngine) else None


def become_quiet(runtime: Runtime) -> None:
    """Wait until the worker has nothing left to do, as while a user reads the reply.

    First for what it tells of; then, where the system shows it, until it uses no
    processor any more: a snapshot is written by a thread of its own.
    """
    assert isinstance(runtime.engine, EdgeEngine)
    runtime.engine.rest()
    deadline = time.monotonic() + _PATIENCE_S
    used, before = used_ticks(worker_pid(runtime)), None
    while used != before and time.monotonic() < deadline:
        time.sleep(_LOOK_S)
        used, before = used_ticks(worker_pid(runtime)), used
