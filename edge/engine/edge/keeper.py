"""Which timeline the cache holds, and its way to the disk and back."""

from __future__ import annotations

import threading
from pathlib import Path

from edge.engine.edge.capi.binding import BINDING, system_info
from edge.engine.edge.frames import Keep, Load
from edge.engine.edge.snapshot import Snapshot, Snapshots
from edge.engine.edge.timeline import Timeline


class Keeper:
    """Keeps the timeline of a conversation after each turn and takes it up in a later process.

    The state is copied at once, milliseconds for a thousand tokens, and written
    by a thread of its own, so no prompt waits for the disk.
    """

    def __init__(self, snapshots: Snapshots | None) -> None:
        self._snapshots = snapshots
        self._held = ""
        self._writer: threading.Thread | None = None

    def take_up(self, timeline: Timeline, timeline_id: str) -> None:
        """Bring a timeline back from the disk, unless the cache holds it already."""
        if timeline_id == self._held:
            return
        self._held = timeline_id
        snapshot = self._snapshots.read(timeline_id) if self._snapshots else None
        if snapshot is not None:
            timeline.resume(snapshot)

    def keep(self, timeline: Timeline) -> None:
        """Write the timeline the cache holds."""
        if self._snapshots is None or not timeline.tape:
            return
        self.finish()
        self._writer = threading.Thread(target=self._write, args=[timeline.snapshot()])
        self._writer.start()

    def finish(self, patience_s: float | None = None) -> None:
        """Wait until the disk has what `keep` was given, or patience ends."""
        if self._writer is not None:
            self._writer.join(patience_s)

    def _write(self, snapshot: Snapshot) -> None:
        assert self._snapshots is not None
        self._snapshots.write(self._held, snapshot)


def keeper_for(load: Load) -> Keeper:
    """The keeper of a model as it is loaded; one that keeps nothing where nobody asked."""
    return Keeper(snapshots_for(load.keep, load) if load.keep else None)


def snapshots_for(keep: Keep, load: Load) -> Snapshots:
    """The snapshots this build can read of this model at this context.

    A state depends on the weights, on the very build of the library (layouts,
    kernels) and on the cache's shape and types.
    """
    cache = (str(load.n_ctx), f"flash={load.layout.flash}", f"q8={load.layout.kv_q8}")
    facts = ("2", keep.weights, BINDING, system_info(), *cache)
    return Snapshots(Path(keep.folder), "|".join(facts), keep.budget_bytes)
