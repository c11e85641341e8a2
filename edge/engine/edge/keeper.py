"""Which timeline the cache holds, and its way to the disk and back."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from edge.engine.edge.capi.binding import BINDING, system_info
from edge.engine.edge.frames import Keep, Load
from edge.engine.edge.snapshot import Snapshot, Snapshots
from edge.engine.edge.timeline import Timeline


class Keeper:
    """Keeps the timeline of a conversation after each turn and takes it up in a later process.

    System prompts are kept apart as well, for the conversations that will begin
    with them. A state is copied at once, milliseconds for a thousand tokens, and
    written by a thread of its own, so no prompt waits for the disk.
    """

    def __init__(self, snapshots: Snapshots | None) -> None:
        self._snapshots = snapshots
        self._writer = _Writer(snapshots) if snapshots else None
        self._held = ""

    def take_up(self, timeline: Timeline, timeline_id: str) -> None:
        """Bring a timeline back from the disk, unless the cache holds it already."""
        if timeline_id == self._held:
            return
        self._held = timeline_id
        snapshot = self._snapshots.read(timeline_id) if self._snapshots else None
        if snapshot is not None:
            timeline.resume(snapshot)

    def take_up_system(self, timeline: Timeline, tokens: Sequence[int]) -> None:
        """Make the tape these tokens, a system prompt, if they were kept."""
        if self._snapshots is None:
            return
        snapshot = self._snapshots.read(self._snapshots.name_of(tokens))
        if snapshot is not None and snapshot.tokens == tuple(tokens):
            timeline.resume(snapshot)

    def keep(self, timeline: Timeline) -> None:
        """Write the timeline the cache holds."""
        self._keep(self._held, timeline, system=False)

    def keep_system(self, timeline: Timeline) -> None:
        """Write the tape, which is a system prompt, for conversations to come."""
        if self._snapshots is not None:
            self._keep(self._snapshots.name_of(timeline.tape), timeline, system=True)

    @property
    def writing(self) -> bool:
        """Whether something is on its way to the disk."""
        return self._writer is not None and self._writer.busy

    def finish(self, patience_s: float | None = None) -> None:
        """Wait until the disk has what was to be kept, or patience ends."""
        if self._writer is not None:
            self._writer.finish(patience_s)

    def _keep(self, name: str, timeline: Timeline, *, system: bool) -> None:
        if self._snapshots is None or self._writer is None or not timeline.tape:
            return
        if not self._snapshots.takes(timeline.state_bytes):
            return
        self._writer.make_room()
        try:
            snapshot = timeline.snapshot()
        except MemoryError:
            return
        self._writer.put(_Job(name, snapshot, talk=self._held), system=system)


class _Job(NamedTuple):
    """What to write: under which name, and whose talk it is of."""

    name: str
    snapshot: Snapshot
    talk: str


class _Writer:
    """Writes snapshots in a thread; while one is being written only the newest talk waits.

    A system prompt waits beside it: it is small, and nobody would ask for it again.
    """

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots
        self._lock = threading.Lock()
        self._talk: _Job | None = None
        self._system: _Job | None = None
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """Whether it writes."""
        return self._thread is not None

    def make_room(self) -> None:
        """Drop the talk that waits: a newer state is about to take as much memory."""
        with self._lock:
            self._talk = None

    def put(self, job: _Job, *, system: bool) -> None:
        """Have it written as soon as the disk is free."""
        with self._lock:
            if system:
                self._system = job
            else:
                self._talk = job
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()

    def finish(self, patience_s: float | None) -> None:
        """Wait until nothing is left to write, or patience ends."""
        if (thread := self._thread) is not None:
            thread.join(patience_s)

    def _run(self) -> None:
        while (job := self._next()) is not None:
            self._snapshots.write(*job)
            del job  # or its memory stays taken until the next one comes

    def _next(self) -> _Job | None:
        with self._lock:
            job = self._system or self._talk
            if self._system is not None:
                self._system = None
            else:
                self._talk = None
            if job is None:
                self._thread = None
            return job


def keeper_for(load: Load) -> Keeper:
    """The keeper of a model as it is loaded; one that keeps nothing where nobody asked."""
    return Keeper(snapshots_for(load.keep, load) if load.keep else None)


def snapshots_for(keep: Keep, load: Load) -> Snapshots:
    """The snapshots this build can read of this model at this context.

    A state depends on the weights, on the very build of the library (layouts,
    kernels) and on the cache's shape and types.
    """
    cache = (str(load.n_ctx), f"flash={load.layout.flash}", f"q8={load.layout.kv_q8}")
    facts = (keep.weights, BINDING, system_info(), *cache)
    return Snapshots(Path(keep.folder), "|".join(facts), keep.budget_bytes)
