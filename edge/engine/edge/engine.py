"""EdgeEngine: asks, cancels and replaces the worker that holds the model."""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial

from edge.core.errors import Busy, EdgeError
from edge.core.event import Phase, Progress
from edge.core.message import Message
from edge.engine.edge.frames import Count, Counted
from edge.engine.edge.link import Link, LinkLost, ProcessLink, ThreadLink
from edge.engine.edge.options import EngineOptions
from edge.engine.edge.post import ALL, Post
from edge.engine.edge.reply import ReplyReader
from edge.engine.edge.template import Segment, render
from edge.engine.edge.turnstile import Turnstile
from edge.engine.protocol import EngineEvent, Request, unheard

_FAREWELL_S = 2.0
_GLANCE_S = 0.05


class EdgeEngine:
    """A Qwen model on this machine. One request at a time; others wait their turn.

    The worker starts with the first request or with `prepare`, is restarted once
    within a request, and goes on from this side's copy of the tape. `on_swept`
    hears how fast each thread count was, once that was tried.
    """

    def __init__(
        self,
        options: EngineOptions,
        connect: Callable[[], Link] = ProcessLink,
        on_swept: Callable[[Sequence[tuple[int, float]]], None] = lambda _: None,
    ) -> None:
        self._post = Post(options, connect, on_swept)
        self._closed = False
        self._preparing = False
        self._turnstile = Turnstile()
        self._numbers = itertools.count(1)
        self._reader: ReplyReader | None = None

    @classmethod
    def in_process(cls, options: EngineOptions) -> EdgeEngine:
        """The same engine in a thread of this process: a native fault takes the program down."""
        return cls(options, connect=ThreadLink)

    @property
    def isolated(self) -> bool:
        """Whether the running worker has no network."""
        return self._post.isolated

    @property
    def ready(self) -> bool:
        """Whether the weights are loaded: a reply begins without waiting for them."""
        return self._post.ready

    @property
    def queue(self) -> int:
        """How many replies stand before one that is asked for now."""
        return self._turnstile.n_inside - self._preparing

    @property
    def settled(self) -> bool:
        """Whether it is ready and at rest: nothing is written, read again or tried out."""
        if not self.ready or self._turnstile.n_inside:
            return False
        with self._turnstile.turn():
            return self._post.settled

    @property
    def worker_pid(self) -> int | None:
        """The worker's process id, while there is one."""
        return self._post.pid

    def prepare(self, told: Callable[[Progress], None] = unheard) -> None:
        """Load the weights now, so that the next reply need not wait for them; from any thread.

        Returns when they are loaded, and early when `close` or `unload` ends it. A
        prompt sent meanwhile waits for it and goes on. `told` hears how far it is, also
        where another thread began it. Raises what the first request would raise of a
        model that cannot be loaded.
        """
        if self.ready:
            return
        for step in self._until_prepared(time.sleep, lambda: self._closed):
            told(step)
        with self._turnstile.turn(lambda: self._closed) as mine:
            if mine and not (self._closed or self.ready):
                self._preparing = True
                try:
                    # Once more: `close` ends a preparation that it sees, and saw none yet.
                    if not self._closed:
                        self._prepare_twice(told)
                finally:
                    self._preparing = False

    def count_tokens(self, messages: Sequence[Message], *, thinking: bool) -> int:
        """Tokens the prompt of these messages takes, the opening of the reply included.

        A lower bound where that is many times the context.
        """
        segments = render(messages, self._post.options.template, thinking=thinking)
        with self._turnstile.turn():
            try:
                return self._count(segments)
            except LinkLost:
                self._post.bury()
            try:
                return self._count(segments)
            except LinkLost as again:
                self._post.bury()
                raise again.as_error() from again

    def stream(self, request: Request) -> Generator[EngineEvent, None, None]:
        """Answer; see `Engine.stream`."""
        o, seed = self._post.options, secrets.randbits(32)
        reader = ReplyReader(o.template, o.reasons, request, next(self._numbers), seed)
        wait, unwanted = request.cancel.wait, partial(self._unwanted, reader)
        yield from self._until_prepared(wait, unwanted)
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
            self._post.await_reread(self._post.options.patience_s)

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
        self._end_preparation()
        deadline = time.monotonic() + _FAREWELL_S
        with suppress(Busy), self._turnstile.turn(lambda: time.monotonic() > deadline) as mine:
            if mine:
                self._post.say_goodbye(_FAREWELL_S)
        self._post.leave()

    def _prepare_twice(self, told: Callable[[Progress], None]) -> None:
        if self._post.loaded:  # by a worker that has left since
            self._post.bury()
        try:
            self._fill_while_wanted(told)
        except LinkLost:
            self._post.bury()
            try:
                self._fill_while_wanted(told)
            except LinkLost as again:
                self._post.bury()
                if self._preparing:
                    raise again.as_error() from again

    def _fill_while_wanted(self, told: Callable[[Progress], None]) -> None:
        if not self._preparing:
            return
        with closing(self._post.fill()) as steps:
            for step in steps:
                told(step)
                if not self._preparing:
                    return

    def _end_preparation(self) -> None:
        if self._preparing:
            self._preparing = False
            self._kill_if_loading()

    def _until_prepared(
        self, wait: Callable[[float], object], unwanted: Callable[[], bool]
    ) -> Iterator[Progress]:
        """How far the loading has come that another thread waits for."""
        shown = -1
        while self._preparing and not unwanted():
            if (done := self._post.done) > shown:
                shown = done
                yield Progress(Phase.LOAD, done, ALL)
            wait(_GLANCE_S)

    def _live_twice(self, reader: ReplyReader) -> Iterator[EngineEvent]:
        waited = self._post.loaded
        try:
            yield from self._live(reader)
        except LinkLost as lost:
            self._post.bury()
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
            self._post.bury()
            if not self._unwanted(reader):
                raise again.as_error() from again
            yield from reader.give_up()

    def _live(self, reader: ReplyReader) -> Iterator[EngineEvent]:
        """One worker's share of a reply, from load to end."""
        options = self._post.options
        reader.check_length(options.n_ctx)
        if not self._unwanted(reader):
            yield from self._post.fill()
        if self._unwanted(reader):
            yield from reader.give_up()
            return
        self._post.give(replace(reader.job(), reread=options.rereads))
        while not reader.over:
            events = list(reader.take(self._post.receive(reader.number)))
            if reader.over and not reader.request.aside:
                told = reader.told() if options.rereads else ()
                self._post.let_reread(next(self._numbers), told)
            yield from events

    def _unwanted(self, reader: ReplyReader) -> bool:
        return self._closed or reader.cancel_requested

    def _count(self, segments: tuple[Segment, ...]) -> int:
        job = next(self._numbers)
        for _ in self._post.fill():
            pass
        self._post.give(Count(job, segments))
        while not isinstance(frame := self._post.receive(job), Counted):
            pass
        return frame.n_tokens

    def _cancel(self, reader: ReplyReader) -> None:
        link = self._post.link
        if link is None or reader.over:
            return
        if self._post.loaded:
            reader.stop(link)
        else:
            self._kill_if_loading()

    def _kill_if_loading(self) -> None:
        """Mapping weights cannot be interrupted, only ended."""
        if (link := self._post.link) is not None and not self._post.loaded:
            link.kill()

    def _leave(self, reader: ReplyReader) -> None:
        """See that nothing of a reply runs on; its reader may have left in the middle."""
        try:
            if not reader.over and self._post.loaded:
                self._cancel(reader)
                while not reader.over:
                    for _ in reader.take(self._post.receive(reader.number)):
                        pass
        except (LinkLost, EdgeError):
            self._post.bury()
        finally:
            self._reader = None
            reader.release()
