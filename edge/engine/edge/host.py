"""Does what the parent asks: load, count, answer; one at a time, cancellable from a thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from edge.core.errors import EdgeError, UsageError
from edge.core.event import StopReason
from edge.core.say import say
from edge.core.units import MIB
from edge.engine.edge.capi.model import Model
from edge.engine.edge.frames import (
    Answer,
    Cancel,
    Count,
    Counted,
    Ended,
    Failed,
    Frame,
    Load,
    Loading,
    Ready,
    Released,
    Reread,
    Rested,
    Swept,
)
from edge.engine.edge.generate import answer
from edge.engine.edge.keeper import Keeper, keeper_for
from edge.engine.edge.prompt import least_tokens, segment_tokens
from edge.engine.edge.reread import reread
from edge.engine.edge.shortage import left_for_want_of_memory
from edge.engine.edge.sweep import sweep
from edge.engine.edge.threads import Threads, best_count
from edge.engine.edge.timeline import Aborted, Timeline

_SETTLED_S, _GLANCE_S = 2.0, 0.05
_SMALL_STATE_BYTES = 32 * MIB
_MOST_SWEEPS = 3  # where other programs are busy all day, nothing is learned


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
        self._short = False
        self._sweeps: list[tuple[int, ...]] = []
        self.idle_s: float | None = None

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
            self._emit(Failed.of(job, error))

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

    def make_room(self) -> None:
        """The system runs short of memory: end what runs, and answer nothing more; any thread."""
        with self._lock:
            self._short = True
        self.stop()

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
        self._threads = Threads(load.n_threads, writing=load.n_writing, fixed=load.threads_fixed)
        self._model = Model(
            load.path, gpu=load.gpu, repack=load.layout.repack, on_progress=self._thousandths()
        )
        self._timeline = Timeline(
            self._model, n_ctx=load.n_ctx, threads=self._threads, layout=load.layout
        )
        self._keeper = keeper_for(load)
        self._sweeps = [load.sweep] * _MOST_SWEEPS if load.sweep else []
        self.idle_s = load.idle_s
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
            for step in answer(model, timeline, job, self._keeper):
                if isinstance(step, Ended) and step.stop_reason is StopReason.CANCELLED:
                    self._leave_if_short(step, timeline)
                self._emit(step)

    def _reread(self, job: Reread) -> None:
        model, timeline = self._loaded()
        n_tokens = 0
        with self._cancellable(job.job, timeline):
            if job.segments:
                n_tokens = reread(model, timeline, job.segments)
            self._keep(timeline)
            self._try_threads(job.job, timeline)
        self._emit(Rested(job.job, n_tokens))

    def _try_threads(self, job: int, timeline: Timeline) -> None:
        """Find out how many threads write fastest, unless that is known or the user is back."""
        if not self._sweeps:
            return
        try:
            self._wait_for_the_disk(timeline)
            tps = sweep(timeline, self._sweeps[-1])
        except Aborted:
            return
        self._sweeps.pop()
        if tps:
            self._sweeps.clear()
            self._threads.writing = best_count(tps)
            self._emit(Swept(job, tps))

    def _wait_for_the_disk(self, timeline: Timeline) -> None:
        """A timeline that is being written takes a core that a sweep would miss."""
        deadline = time.monotonic() + _SETTLED_S
        while self._keeper.writing and time.monotonic() < deadline:
            self._keeper.finish(_GLANCE_S)
            timeline.check()

    def _keep(self, timeline: Timeline) -> None:
        """Keep the timeline; where memory is short only a small one, for it is copied first."""
        if not self._short or timeline.state_bytes <= _SMALL_STATE_BYTES:
            self._keeper.keep(timeline)

    def _leave_if_short(self, ended: Ended, timeline: Timeline) -> None:
        """Raise DoesNotFit where nobody but the system asked for the end of this reply."""
        with self._lock:
            asked = ended.job in self._cancelled
        if self._short and not asked:
            self._emit(Released(ended.job, ended.text))
            self._keep(timeline)
            raise left_for_want_of_memory()

    @contextmanager
    def _cancellable(self, job: int, timeline: Timeline) -> Iterator[None]:
        """Let `cancel` reach what runs within, and nothing after it."""
        with self._lock:
            self._current = job
            timeline.abort(self._short or job in self._cancelled)
        try:
            yield
        finally:
            with self._lock:
                self._current = None
                self._cancelled.discard(job)
                timeline.abort(False)

    def _loaded(self) -> tuple[Model, Timeline]:
        if self._model is None or self._timeline is None:
            raise UsageError(say("no model is loaded"))
        return self._model, self._timeline
