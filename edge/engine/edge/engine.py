"""EdgeEngine: starts, feeds, cancels and restarts the worker that holds the model."""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from edge.core.errors import Busy, EdgeError
from edge.core.event import Phase, Progress
from edge.core.message import Message
from edge.engine.edge.frames import (
    Answer,
    Cancel,
    Count,
    Counted,
    Failed,
    Frame,
    Loading,
    Ready,
    Reread,
    Rested,
    Swept,
)
from edge.engine.edge.link import Link, LinkLost, ProcessLink, ThreadLink
from edge.engine.edge.options import EngineOptions
from edge.engine.edge.reply import ReplyReader
from edge.engine.edge.template import Segment, render
from edge.engine.edge.threads import best_count
from edge.engine.edge.turnstile import Turnstile
from edge.engine.protocol import EngineEvent, Request

_FAREWELL_S = 2.0


class EdgeEngine:
    """A Qwen model on this machine. One request at a time; others wait their turn.

    The worker starts with the first request, is restarted once within a
    request, and goes on from this side's copy of the tape. `on_swept` hears how
    fast each thread count was, once that was tried.
    """

    def __init__(
        self,
        options: EngineOptions,
        connect: Callable[[], Link] = ProcessLink,
        on_swept: Callable[[Sequence[tuple[int, float]]], None] = lambda _: None,
    ) -> None:
        self._options = options
        self._connect = connect
        self._on_swept = on_swept
        self._link: Link | None = None
        self._loaded = False
        self._isolated = False
        self._closed = False
        self._turnstile = Turnstile()
        self._numbers = itertools.count(1)
        self._reader: ReplyReader | None = None
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
    def ready(self) -> bool:
        """Whether the weights are loaded: a reply begins without waiting for them."""
        link = self._link
        return self._loaded and link is not None and link.alive

    @property
    def queue(self) -> int:
        """How many replies stand before one that is asked for now."""
        return self._turnstile.n_inside

    @property
    def worker_pid(self) -> int | None:
        """The worker's process id, while there is one."""
        return self._link.pid if isinstance(self._link, ProcessLink) else None

    def count_tokens(self, messages: Sequence[Message], *, thinking: bool) -> int:
        """Tokens the prompt of these messages takes, the opening of the reply included.

        A lower bound where that is many times the context.
        """
        segments = render(messages, self._options.template, thinking=thinking)
        with self._turnstile.turn():
            try:
                return self._count(segments)
            except LinkLost:
                self._bury()
            try:
                return self._count(segments)
            except LinkLost as again:
                self._bury()
                raise again.as_error() from again

    def stream(self, request: Request) -> Generator[EngineEvent, None, None]:
        """Answer; see `Engine.stream`."""
        o, seed = self._options, secrets.randbits(32)
        reader = ReplyReader(o.template, o.reasons, request, next(self._numbers), seed)
        with self._turnstile.turn(lambda: reader.cancel_requested) as mine:
            if not mine:
                yield from reader.give_up()
                return
            self._reader = reader
            request.cancel.on_set(lambda: self._cancel(reader))
            try:
                yield from self._live_twice(reader)
            except EdgeError:  # the worker refused the job, or is gone: nothing more will come
                reader.over = True
                raise
            finally:
                self._leave(reader)

    def rest(self) -> None:
        """Wait until the worker has nothing left to read."""
        with self._turnstile.turn(), suppress(LinkLost):
            self._await_reread(self._options.patience_s)

    def close(self) -> None:
        """End the worker; its memory returns to the system.

        The timeline is on disk where a second was enough to write it. A reply another
        thread is reading ends as cancelled, and is waited for.
        """
        self._closed = True
        self.unload()

    def unload(self) -> None:
        """End the worker as `close` does; the next request starts another."""
        if (reader := self._reader) is not None:
            reader.request.cancel.set()
        deadline = time.monotonic() + _FAREWELL_S
        with suppress(Busy), self._turnstile.turn(lambda: time.monotonic() > deadline) as mine:
            if mine:
                self._say_goodbye()
        link, self._link, self._loaded = self._link, None, False
        if link is not None:
            link.close()

    def _live_twice(self, reader: ReplyReader) -> Iterator[EngineEvent]:
        waited = self._loaded
        try:
            yield from self._live(reader)
        except LinkLost as lost:
            self._bury()
            if self._unwanted(reader):
                yield from reader.give_up()
            elif waited and lost.in_order:  # it had left before it heard of this reply
                yield from self._live_twice(reader)
            elif lost.in_order:
                raise lost.as_error() from lost
            else:
                yield reader.restart_notice(str(lost))
                yield from self._live_again(reader)

    def _live_again(self, reader: ReplyReader) -> Iterator[EngineEvent]:
        try:
            yield from self._live(reader)
        except LinkLost as again:
            self._bury()
            if not self._unwanted(reader):
                raise again.as_error() from again
            yield from reader.give_up()

    def _live(self, reader: ReplyReader) -> Iterator[EngineEvent]:
        """One worker's share of a reply, from load to end."""
        reader.check_length(self._options.n_ctx)
        if not self._unwanted(reader):
            yield from self._load()
        if self._unwanted(reader):
            yield from reader.give_up()
            return
        self._begin(replace(reader.job(), reread=self._options.rereads))
        while not reader.over:
            events = list(reader.take(self._receive(reader.number)))
            if reader.over:
                self._reread(reader)
            yield from events

    def _unwanted(self, reader: ReplyReader) -> bool:
        return self._closed or reader.cancel_requested

    def _count(self, segments: tuple[Segment, ...]) -> int:
        job = next(self._numbers)
        for _ in self._load():
            pass
        self._begin(Count(job, segments))
        while not isinstance(frame := self._receive(job), Counted):
            pass
        return frame.n_tokens

    def _begin(self, job: Answer | Count) -> None:
        """Give the worker something to do now; what it reads on its own account can wait."""
        link = self._living()
        if self._rereading is not None:
            link.send(Cancel(self._rereading))
        link.send(job)

    def _reread(self, reader: ReplyReader) -> None:
        """Let the worker go on to what the next turn will begin with."""
        told = reader.told() if self._options.rereads else ()
        self._rereading = next(self._numbers)
        with suppress(LinkLost):  # the next turn will notice
            self._living().send(Reread(self._rereading, told))

    def _load(self) -> Iterator[Progress]:
        """Have a worker that is ready, starting one where there is none."""
        if self._loaded:
            return
        self._link = self._link or self._connect()
        try:
            self._link.send(self._options.load)
            while not isinstance(frame := self._receive(0), Ready):
                if isinstance(frame, Loading):
                    yield Progress(Phase.LOAD, frame.done, 1000)
        except (EdgeError, LinkLost):
            raise
        except BaseException:  # the reader left: nobody will hear that it is ready
            self._bury()
            raise
        self._loaded, self._isolated = True, frame.isolated

    def _receive(self, job: int) -> Frame:
        """The worker's next frame for this job; raises the error it reports, or LinkLost."""
        while True:
            frame = self._living().receive(self._options.patience_s)
            self._overhear(frame)
            if getattr(frame, "job", 0) == job:
                break
        if isinstance(frame, Failed):
            raise frame.as_error()
        return frame

    def _await_reread(self, patience_s: float) -> None:
        while self._rereading is not None:
            self._overhear(self._living().receive(patience_s))

    def _overhear(self, frame: Frame) -> None:
        """Note what the worker tells of its own accord."""
        match frame:
            case Rested(job=job) | Failed(job=job) if job == self._rereading:
                self._rereading = None
            case Swept(_, tps):
                self._options = replace(self._options, n_writing=best_count(tps), sweep=())
                self._on_swept(tps)

    def _cancel(self, reader: ReplyReader) -> None:
        link = self._link
        if link is None or reader.over:
            return
        if self._loaded:
            reader.stop(link)
        else:  # mapping weights cannot be interrupted, only ended
            link.kill()

    def _leave(self, reader: ReplyReader) -> None:
        """See that nothing of a reply runs on; its reader may have left in the middle."""
        try:
            if not reader.over and self._loaded:
                self._cancel(reader)
                while not reader.over:
                    for _ in reader.take(self._receive(reader.number)):
                        pass
        except (LinkLost, EdgeError):
            self._bury()
        finally:
            self._reader = None
            reader.release()

    def _say_goodbye(self) -> None:
        """Let the worker keep the timeline before it goes."""
        with suppress(LinkLost):
            if self._rereading is not None:
                self._living().send(Cancel(self._rereading))
            self._await_reread(_FAREWELL_S)
        self._rereading = None

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
