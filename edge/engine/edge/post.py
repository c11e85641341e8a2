"""The post of the worker: filled when there is something to do, heard, and left."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import replace

from edge.core.errors import EdgeError
from edge.core.event import Phase, Progress
from edge.core.say import say
from edge.engine.edge.frames import (
    Answer,
    Cancel,
    Count,
    Failed,
    Frame,
    Loading,
    Ready,
    Reread,
    Rested,
    Swept,
)
from edge.engine.edge.link import Link, LinkLost, ProcessLink
from edge.engine.edge.options import EngineOptions
from edge.engine.edge.template import Segment
from edge.engine.edge.threads import best_count

ALL = 1000  # thousandths


class Post:
    """At most one worker at a time, started by `connect`. One thread gives it work and hears it.

    `on_swept` hears how fast each thread count was, once that was tried.
    """

    def __init__(
        self,
        options: EngineOptions,
        connect: Callable[[], Link],
        on_swept: Callable[[Sequence[tuple[int, float]]], None],
    ) -> None:
        self.options = options
        self.loaded = False
        self.isolated = False
        self.done = 0  # thousandths of the weights that are mapped
        self._connect = connect
        self._on_swept = on_swept
        self._rereading: int | None = None
        self._link: Link | None = None

    @property
    def link(self) -> Link | None:
        """The way to the worker, while there is one."""
        return self._link

    @property
    def ready(self) -> bool:
        """Whether there is a worker that holds the weights, as far as one can see."""
        link = self._link
        return self.loaded and link is not None and link.alive

    @property
    def pid(self) -> int | None:
        """The worker's process id, where it has one."""
        return self._link.pid if isinstance(self._link, ProcessLink) else None

    def fill(self) -> Generator[Progress, None, None]:
        """Have a worker that is ready, starting one where there is none."""
        if self.loaded:
            return
        self.done = 0
        self._link = self._link or self._connect()
        try:
            self._link.send(self.options.load)
            while not isinstance(frame := self.receive(0), Ready):
                if isinstance(frame, Loading):
                    self.done = frame.done
                    yield Progress(Phase.LOAD, frame.done, ALL)
        except (EdgeError, LinkLost):
            raise
        except BaseException:  # the reader left: nobody will hear that it is ready
            self.bury()
            raise
        self.loaded, self.isolated = True, frame.isolated

    def give(self, job: Answer | Count) -> None:
        """Something to do now; what the worker reads on its own account can wait."""
        link = self._living()
        if self._rereading is not None:
            link.send(Cancel(self._rereading))
        link.send(job)

    def let_reread(self, job: int, told: tuple[Segment, ...]) -> None:
        """Let the worker go on to what the next turn will begin with."""
        self._rereading = job
        with suppress(LinkLost):  # the next turn will notice
            self._living().send(Reread(job, told))

    def receive(self, job: int) -> Frame:
        """The worker's next frame for this job; raises the error it reports, or LinkLost."""
        while True:
            frame = self._living().receive(self.options.patience_s)
            self._overhear(frame)
            if getattr(frame, "job", 0) == job:
                break
        if isinstance(frame, Failed):
            raise frame.as_error()
        return frame

    def await_reread(self, patience_s: float) -> None:
        """Until the worker has nothing left to read of its own."""
        while self._rereading is not None:
            self._overhear(self._living().receive(patience_s))

    @property
    def settled(self) -> bool:
        """Whether the worker has nothing to do of its own, as far as it has said so by now."""
        if self._link is not None and self._rereading is not None:
            for frame in self._link.heard():
                self._overhear(frame)
        return self._rereading is None

    def say_goodbye(self, patience_s: float) -> None:
        """Let the worker keep the timeline before it goes."""
        with suppress(LinkLost):
            if self._rereading is not None:
                self._living().send(Cancel(self._rereading))
            self.await_reread(patience_s)
        self._rereading = None

    def leave(self) -> None:
        """Let the worker end, and see that it does; its memory returns to the system."""
        link, self._link, self.loaded = self._link, None, False
        if link is not None:
            link.close()

    def bury(self) -> None:
        """End a worker that is gone, hangs, or is in the middle of what nobody wants."""
        if (link := self._link) is not None:
            link.kill()
        self._rereading = None
        self.leave()

    def _overhear(self, frame: Frame) -> None:
        """Note what the worker tells of its own accord."""
        match frame:
            case Rested(job=job) | Failed(job=job) if job == self._rereading:
                self._rereading = None
            case Swept(_, tps):
                self.options = replace(self.options, n_writing=best_count(tps), sweep=())
                self._on_swept(tps)

    def _living(self) -> Link:
        if self._link is None:
            raise LinkLost(say("it was closed"))
        return self._link
