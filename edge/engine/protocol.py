"""What every engine promises: a request goes in, events come out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from edge.core.cloud import Deadlines, Permit, Sent
from edge.core.event import Confidence, ContextUse, Delta, Notice, Progress, StopReason, Usage
from edge.core.message import Message
from edge.core.spec import Sampling


class Cancel:
    """A request to stop that any thread may make once; whoever streams listens."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._event = threading.Event()
        self._listeners: list[Callable[[], None]] = []

    @property
    def requested(self) -> bool:
        """Whether somebody asked to stop."""
        return self._event.is_set()

    def set(self) -> None:
        """Ask to stop; listeners run in the caller's thread, each at most once."""
        with self._lock:
            self._event.set()
            listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener()

    def on_set(self, listener: Callable[[], None]) -> None:
        """Call `listener` when somebody asks to stop, at once if that has happened."""
        with self._lock:
            if not self._event.is_set():
                self._listeners.append(listener)
                return
        listener()

    def wait(self, seconds: float) -> bool:
        """Sleep, but wake when somebody asks to stop; says whether somebody did."""
        return self._event.wait(seconds)


@dataclass(frozen=True, slots=True)
class Request:
    """What an engine needs to answer once. `timeline_id` names the tape it may continue.

    `reply_so_far` is text of the reply that was shown already: the engine goes on
    right behind it and does not say it again. `schema` is a JSON schema the reply is
    held to, in the forms `engine.schema_form` knows; it goes with no thinking and with
    no reply so far. An engine that has no way to hold a reply to it says what it says.
    `aside`: a question beside the talk, of which nothing is kept.
    """

    timeline_id: str
    messages: tuple[Message, ...]
    sampling: Sampling
    thinking: bool = False
    cancel: Cancel = field(default_factory=Cancel)
    reply_so_far: str = ""
    schema: str = ""
    aside: bool = False


@dataclass(frozen=True, slots=True)
class CloudRequest:
    """How to ask a cloud once; what it is told comes with the Permit, never as text.

    Where the last message of the Permit is the assistant's, the cloud goes on right
    behind it, if it can. Thoughts take `thinking_tokens` at most, beside the reply.
    """

    model: str
    sampling: Sampling
    deadlines: Deadlines
    thinking: bool = False
    cancel: Cancel = field(default_factory=Cancel)
    thinking_tokens: int = 4096


@dataclass(frozen=True, slots=True)
class Answered:
    """The last thing an engine says of a request; `confidence` is None when it chose no token.

    `context` is put in by who chose what the engine was told of the talk.
    """

    stop_reason: StopReason
    usage: Usage
    confidence: Confidence | None
    context: ContextUse | None = None


class SendLog(Protocol):
    """Where every send is written down before a byte of it leaves."""

    def sending(self, sent: Sent) -> None:
        """Returns when it is on disk; raises an EdgeError, and then nothing is sent."""
        ...


class CloudSide(Protocol):
    """Answers on a Permit; what `engine.cloud.CloudEngine` promises.

    A stream ends with one Answered, or raises a CloudError. While it waits it
    yields Progress of Phase.CLOUD at least every 20 ms, so that its reader can
    look at other things.
    """

    def stream(self, permit: Permit, request: CloudRequest) -> Generator[EngineEvent, None, None]:
        """Send once and answer; closing the iterator cancels."""
        ...

    def close(self) -> None:
        """Give everything back; a second call does nothing."""
        ...


EngineEvent = Progress | Delta | Notice | Answered


def unheard(_: Progress) -> None:
    """For a wait that nobody watches."""


class Engine(Protocol):
    """Answers requests. A stream ends with one Answered, or raises an EdgeError."""

    @property
    def ready(self) -> bool:
        """Whether it can begin at once, without loading first."""
        ...

    @property
    def settled(self) -> bool:
        """Whether it can begin at once and has nothing to do of its own."""
        ...

    @property
    def queue(self) -> int:
        """How many replies would come before one that is asked for now."""
        ...

    @property
    def worker_pid(self) -> int | None:
        """The process that works for it, where it has one."""
        ...

    def prepare(self, told: Callable[[Progress], None] = unheard) -> None:
        """Get ready now; returns when it is, or raises what the first request would.

        `told` hears how far it is.
        """
        ...

    def count_tokens(self, messages: Sequence[Message], *, thinking: bool) -> int:
        """Tokens the prompt of these messages takes, the opening of the reply included."""
        ...

    def stream(self, request: Request) -> Generator[EngineEvent, None, None]:
        """Answer; closing the iterator cancels."""
        ...

    def close(self) -> None:
        """Give everything back; a second call does nothing."""
        ...
