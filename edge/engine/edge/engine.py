"""EdgeEngine: starts, feeds, cancels and restarts the worker that holds the model."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from edge.core import errors
from edge.core.errors import EdgeError, EngineDied
from edge.core.event import Phase, Progress
from edge.core.message import Message, Role
from edge.engine.edge.frames import (
    Answer,
    Cancel,
    Count,
    Counted,
    Failed,
    Frame,
    Keep,
    Load,
    Loading,
    Ready,
    Reread,
    Rested,
)
from edge.engine.edge.link import Link, LinkLost, ProcessLink, ThreadLink
from edge.engine.edge.reply import ReplyReader
from edge.engine.edge.template import Segment, render, retell
from edge.engine.edge.turnstile import Turnstile
from edge.engine.protocol import EngineEvent, Request

_CHUNK_TOKENS = (
    128  # 64 to 512 prefill equally fast on the machines measured; cancel likes it small
)


_FAREWELL_S = 2.0


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """What an EdgeEngine runs, and how. `reasons` says whether replies may hold `<think>`.

    `rereads` lets the worker read a reply again, in its later form, while the
    user reads it: costs battery, saves the next turn's wait. `keep` says where
    timelines are kept between runs. `patience_s` is how long a worker may show
    no progress before it counts as hung.
    """

    path: str
    template: str
    n_ctx: int
    n_threads: int
    reasons: bool = False
    gpu: bool = False
    repack: bool = False
    rereads: bool = True
    keep: Keep | None = None
    chunk: int = _CHUNK_TOKENS
    patience_s: float = 60.0


class EdgeEngine:
    """A Qwen model on this machine. One request at a time; others wait their turn.

    The worker starts with the first request, is restarted once within a
    request, and goes on from this side's copy of the tape.
    """

    def __init__(self, options: EngineOptions, connect: Callable[[], Link] = ProcessLink) -> None:
        self._options = options
        self._connect = connect
        self._link: Link | None = None
        self._loaded = False
        self._isolated = False
        self._turnstile = Turnstile()
        self._numbers = itertools.count(1)
        self._rereading: int | None = None

    @classmethod
    def in_process(cls, options: EngineOptions) -> EdgeEngine:
        """The same engine in a thread of this process: a native fault takes the program down."""
        return cls(options, connect=ThreadLink)

    @property
    def isolated(self) -> bool:
        """Whether the running worker has no network."""
        return self._isolated

    @property
    def worker_pid(self) -> int | None:
        """The worker's process id, while there is one."""
        return self._link.pid if isinstance(self._link, ProcessLink) else None

    def count_tokens(self, messages: Sequence[Message], *, thinking: bool) -> int:
        """Tokens the prompt of these messages takes, the opening of the reply included."""
        segments = render(messages, self._options.template, thinking=thinking)
        with self._turnstile.turn():
            try:
                for _ in self._load():
                    pass
                self._begin(Count(segments))
                frame = self._receive()
            except LinkLost as lost:
                raise self._died(lost) from lost
        assert isinstance(frame, Counted)
        return frame.n_tokens

    def stream(self, request: Request) -> Generator[EngineEvent, None, None]:
        """Answer; see `Engine.stream`."""
        o, seed = self._options, secrets.randbits(32)
        reader = ReplyReader(o.template, o.reasons, request, next(self._numbers), seed)
        with self._turnstile.turn(lambda: reader.cancel_requested) as mine:
            if not mine:
                yield from reader.give_up()
                return
            request.cancel.on_set(lambda: self._cancel(reader))
            try:
                yield from self._live_twice(reader)
            except EdgeError:  # the worker refused the job, or is gone: nothing more will come
                reader.over = True
                raise
            finally:
                if not reader.over:  # the consumer left: nobody waits for the rest
                    self._cancel(reader)
                    self._drain(reader)
                reader.release()

    def _live_twice(self, reader: ReplyReader) -> Iterator[EngineEvent]:
        try:
            yield from self._live(reader)
        except LinkLost as lost:
            self._bury()
            if reader.cancel_requested:
                yield from reader.give_up()
                return
            yield reader.restart_notice(str(lost))
            try:
                yield from self._live(reader)
            except LinkLost as again:
                raise self._died(again) from again

    def _live(self, reader: ReplyReader) -> Iterator[EngineEvent]:
        """One worker's share of a reply, from load to end."""
        yield from self._load()
        if reader.cancel_requested:
            yield from reader.give_up()
            return
        self._begin(reader.job())
        while not reader.over:
            events = list(reader.take(self._receive()))
            if reader.over:
                self._reread(reader)
            yield from events

    def _begin(self, job: Answer | Count) -> None:
        """Give the worker something to do now; what it reads on its own account can wait."""
        link = self._living()
        if self._rereading is not None:
            link.send(Cancel(self._rereading))
        link.send(job)

    def _reread(self, reader: ReplyReader) -> None:
        """Let the worker go on to what the next turn will begin with."""
        told: tuple[Segment, ...] = ()
        if self._options.rereads and reader.answer:
            said = (*reader.request.messages, Message(Role.ASSISTANT, reader.answer))
            told = retell(said, self._options.template)
        self._rereading = next(self._numbers)
        with suppress(LinkLost):  # the next turn will notice
            self._living().send(Reread(self._rereading, reader.request.timeline_id, told))

    def rest(self) -> None:
        """Wait until the worker has nothing left to read."""
        with self._turnstile.turn(), suppress(LinkLost):
            while self._rereading is not None:
                self._hear(self._living().receive(self._options.patience_s))

    def _load(self) -> Iterator[Progress]:
        """Have a worker that is ready, starting one where there is none."""
        if self._loaded:
            return
        o = self._options
        self._link = self._link or self._connect()
        self._link.send(Load(o.path, o.n_ctx, o.n_threads, o.chunk, o.gpu, o.repack, o.keep))
        while not isinstance(frame := self._receive(), Ready):
            if isinstance(frame, Loading):
                yield Progress(Phase.LOAD, frame.done, 1000)
        self._loaded, self._isolated = True, frame.isolated

    def _receive(self) -> Frame:
        """The worker's next frame for this job; raises the error it reports, or LinkLost."""
        while self._hear(frame := self._living().receive(self._options.patience_s)):
            pass
        if isinstance(frame, Failed):
            raise _error(frame)
        return frame

    def _hear(self, frame: Frame) -> bool:
        """Whether a frame was about a reread, and so of no interest to a job."""
        if isinstance(frame, Rested):
            self._rereading = None
        return isinstance(frame, Rested)

    def _cancel(self, reader: ReplyReader) -> None:
        link = self._link
        if link is None or reader.over:
            return
        if not self._loaded:  # mapping weights cannot be interrupted, only ended
            link.kill()
            return
        reader.kill_unless_over(link)

    def _drain(self, reader: ReplyReader) -> None:
        try:
            while not reader.over and self._loaded:
                for _ in reader.take(self._receive()):
                    pass
        except (LinkLost, EdgeError):
            pass
        if not self._loaded or not reader.over:
            self._bury()

    def _living(self) -> Link:
        if self._link is None:
            raise LinkLost("it was closed")
        return self._link

    def _bury(self) -> None:
        link, self._link, self._loaded = self._link, None, False
        self._rereading = None
        if link is not None:
            link.kill()
            link.close()

    def _died(self, lost: LinkLost) -> EngineDied:
        self._bury()
        return EngineDied(
            f"the engine's process ended ({lost})",
            kept="the conversation and what was shown of the reply are kept",
            hint="edge verify, a smaller --ctx, or a smaller model from: edge models",
        )

    def close(self) -> None:
        """End the worker; its memory returns to the system, the timeline stays on disk."""
        with suppress(LinkLost, EdgeError):
            if self._rereading is not None:
                self._living().send(Cancel(self._rereading))
            while self._rereading is not None:
                self._hear(self._living().receive(_FAREWELL_S))
        self._rereading = None
        link, self._link, self._loaded = self._link, None, False
        if link is not None:
            link.close()


def _error(failed: Failed) -> EdgeError:
    kind = getattr(errors, failed.error, EngineDied)
    error: EdgeError = kind(failed.message, hint=failed.hint)
    return error
