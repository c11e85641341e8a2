"""Does what the parent asks: load, count, answer; one at a time, cancellable from a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from edge.core.errors import EdgeError, UsageError
from edge.engine.edge.capi.model import Model
from edge.engine.edge.frames import (
    Answer,
    Cancel,
    Count,
    Counted,
    Failed,
    Frame,
    Load,
    Loading,
    Ready,
    Reread,
    Rested,
)
from edge.engine.edge.generate import answer
from edge.engine.edge.keeper import Keeper, keeper_for
from edge.engine.edge.prompt import least_tokens, segment_tokens
from edge.engine.edge.reread import reread
from edge.engine.edge.threads import Threads
from edge.engine.edge.timeline import Timeline


class Host:
    """Owns the one model and timeline of a process; every outcome is emitted as a frame.

    `run` belongs to one thread; `cancel` may come from another, also before its job.
    """

    def __init__(self, emit: Callable[[Frame], None], *, isolated: bool) -> None:
        self._emit = emit
        self._isolated = isolated
        self._model: Model | None = None
        self._timeline: Timeline | None = None
        self._keeper = Keeper(None)
        self._lock = threading.Lock()
        self._current: int | None = None
        self._cancelled: set[int] = set()

    def run(self, frame: Frame) -> None:
        """Carry out one request; our own errors become Failed, others end the process."""
        try:
            match frame:
                case Load():
                    self._load(frame)
                case Count():
                    self._count(frame)
                case Answer():
                    self._answer(frame)
                case Reread():
                    self._reread(frame)
                case Cancel(job):
                    self.cancel(job)
        except EdgeError as error:
            job = getattr(frame, "job", 0)
            self._emit(Failed(job, type(error).__name__, error.message, error.hint))

    def cancel(self, job: int) -> None:
        """End a job now, or as soon as it starts."""
        with self._lock:
            self._cancelled.add(job)
            if self._current == job and self._timeline is not None:
                self._timeline.abort()

    def stop(self) -> None:
        """End whatever runs now; any thread."""
        with self._lock:
            if self._timeline is not None and self._current is not None:
                self._timeline.abort()

    def finish_writing(self, patience_s: float) -> None:
        """Let a timeline that is being written reach the disk; any thread."""
        self._keeper.finish(patience_s)

    def close(self) -> None:
        """Give cache and weights back."""
        self._keeper.finish()
        if self._timeline is not None:
            self._timeline.close()
        if self._model is not None:
            self._model.close()
        self._timeline = self._model = None

    def _load(self, load: Load) -> None:
        self.close()
        # The first look at who is busy; by the time the weights are mapped it has an answer.
        threads = Threads(load.n_threads, fixed=load.threads_fixed)
        self._model = Model(
            load.path, gpu=load.gpu, repack=load.layout.repack, on_progress=self._thousandths()
        )
        self._timeline = Timeline(
            self._model, n_ctx=load.n_ctx, threads=threads, layout=load.layout
        )
        self._keeper = keeper_for(load)
        self._emit(Ready(self._isolated))

    def _thousandths(self) -> Callable[[float], None]:
        shown = -1

        def progress(fraction: float) -> None:
            nonlocal shown
            done = int(fraction * 1000)
            if done >= shown + 20:
                shown = done
                self._emit(Loading(done))

        return progress

    def _count(self, job: Count) -> None:
        model, timeline = self._loaded()
        n_tokens = least_tokens(job.segments)
        if n_tokens <= timeline.n_ctx:
            n_tokens = sum(len(segment_tokens(segment, model)) for segment in job.segments)
        self._emit(Counted(job.job, n_tokens))

    def _answer(self, job: Answer) -> None:
        model, timeline = self._loaded()
        self._keeper.take_up(timeline, job.timeline_id)
        with self._cancellable(job.job, timeline):
            for step in answer(model, timeline, job):
                self._emit(step)

    def _reread(self, job: Reread) -> None:
        model, timeline = self._loaded()
        n_tokens = 0
        if job.segments:
            with self._cancellable(job.job, timeline):
                n_tokens = reread(model, timeline, job.segments)
        self._keeper.keep(timeline)
        self._emit(Rested(job.job, n_tokens))

    @contextmanager
    def _cancellable(self, job: int, timeline: Timeline) -> Iterator[None]:
        """Let `cancel` reach what runs within, and nothing after it."""
        with self._lock:
            self._current = job
            timeline.abort(job in self._cancelled)
        try:
            yield
        finally:
            with self._lock:
                self._current = None
                self._cancelled.discard(job)
                timeline.abort(False)

    def _loaded(self) -> tuple[Model, Timeline]:
        if self._model is None or self._timeline is None:
            raise UsageError("no model is loaded")
        return self._model, self._timeline
