"""A hard memory limit around processes, by a cgroup: what they need is what they survive in.

Every page is charged to the group that first touched it and stays there, pages of
files too (Linux, Documentation/admin-guide/cgroup-v2.rst, "Memory Ownership"): a
model file that is cached already costs nothing inside. `page_cache` forgets it first.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from edge.core.errors import Busy, UsageError
from edge.core.say import say
from edge.core.units import MIB, show_bytes
from edge.device.cgroups import cgroup_lines
from edge.device.files import read_number, read_numbers, read_text

_V1_LIMIT = "memory.limit_in_bytes"
_PATIENCE_S = 2.0  # a killed process leaves its group only when its memory is given back
_PAUSE_S = 0.02


@dataclass(frozen=True, slots=True)
class Place:
    """Where a group can be made, and the group its processes are of otherwise."""

    parent: Path
    home: Path


@dataclass(frozen=True, slots=True)
class Counts:
    """What a group held and suffered so far.

    `major_faults` waited for a disk; `refaults` are pages of files that were read
    again after they had been pushed out. Both may lag two seconds behind. None
    means that this kernel does not tell.
    """

    peak_bytes: int | None
    oom_kills: int
    major_faults: int
    refaults: int | None


class Fence:
    """A group of processes that together cannot hold more than `limit_bytes`; see `fence`."""

    def __init__(self, folder: Path, home: Path, limit_bytes: int) -> None:
        self.folder = folder
        self.limit_bytes = limit_bytes
        self._home = home
        self._last: Counts | None = None

    def enclose(self, pid: int) -> None:
        """Move a process in; what it starts later is born inside.

        What it holds already stays charged outside, so enclose it before it
        takes any. Raises UsageError when it is gone or another user's.
        """
        try:
            _procs(self.folder).write_text(str(pid))
        except OSError as cause:
            raise UsageError(
                say("cannot limit process {pid}: {why}", pid=pid, why=cause.strerror)
            ) from cause

    @property
    def counts(self) -> Counts:
        """What happened inside so far; after leaving, up to then."""
        return self._last or read_counts(self.folder)

    @property
    def peak_bytes(self) -> int | None:
        """The most that was held at once, cached files included."""
        return self.counts.peak_bytes

    @property
    def oom_kills(self) -> int:
        """Processes that were killed because the limit was reached."""
        return self.counts.oom_kills

    @property
    def major_faults(self) -> int:
        """Pages a process had to wait for."""
        return self.counts.major_faults

    def leave(self) -> None:
        """Let everybody out and remove the group; raises Busy when it cannot be emptied."""
        self._last = self.counts
        until = time.monotonic() + _PATIENCE_S
        while not self._removed():
            if time.monotonic() > until:
                inside = read_text(_procs(self.folder)).split()
                raise Busy(
                    say(
                        "the group {folder!r} still holds {n} processes",
                        folder=str(self.folder),
                        n=len(inside),
                    ),
                    hint=say("end them, then: rmdir {folder}", folder=self.folder),
                )
            time.sleep(_PAUSE_S)

    def _removed(self) -> bool:
        for pid in read_text(_procs(self.folder)).split():
            with suppress(OSError):  # it may have ended just now
                _procs(self._home).write_text(pid)
        try:
            self.folder.rmdir()
        except OSError:
            return not self.folder.exists()
        return True


@contextmanager
def fence(limit_bytes: int, root: Path = Path("/")) -> Iterator[Fence]:
    """A group of at most `limit_bytes`, memory and cached files together, and no swap.

    At the end its processes move back to ours and it is gone; the counts stay.
    Raises UsageError where this process may not make one.
    """
    place = find_place(root)
    if place is None:
        raise _refusal(
            limit_bytes, say("no cgroup around this process can have a limited one in it")
        )
    folder = place.parent / f"edge-{os.getpid()}-{secrets.token_hex(4)}"
    standing = Fence(folder, place.home, limit_bytes)
    try:
        folder.mkdir()
        _set_limit(folder, limit_bytes)
    except OSError as cause:
        with suppress(OSError):
            folder.rmdir()
        raise _refusal(limit_bytes, f"{place.parent}: {cause.strerror}") from cause
    try:
        yield standing
    finally:
        standing.leave()


def find_place(root: Path) -> Place | None:
    """The group nearest to us whose children can have memory limits; None without one.

    With version 1 it is our own. Version 2 allows that to no group that holds
    processes (the system's top aside), so there it is most often the one above.
    """
    for line in cgroup_lines(root, "memory"):
        for folder in line:
            controlled = read_text(folder / "cgroup.subtree_control").split()
            if (folder / _V1_LIMIT).exists() or "memory" in controlled:
                return Place(parent=folder, home=line[0])
    return None


def read_counts(folder: Path) -> Counts:
    """The counts of a group of either version."""
    peaks = (read_number(folder / n) for n in ("memory.peak", "memory.max_usage_in_bytes"))
    kills = read_numbers(folder / "memory.events") | read_numbers(folder / "memory.oom_control")
    stat = read_numbers(folder / "memory.stat")
    refaults = ("workingset_refault_file", "workingset_refault")  # the latter before Linux 5.9
    return Counts(
        peak_bytes=next((peak for peak in peaks if peak is not None), None),
        oom_kills=kills.get("oom_kill", 0),
        major_faults=stat.get("pgmajfault", 0),
        refaults=next((stat[name] for name in refaults if name in stat), None),
    )


def _set_limit(folder: Path, limit_bytes: int) -> None:
    # Version 2 limits swap by itself, version 1 memory and swap together; where
    # the file is missing, the kernel does not count swap.
    limit, swap, swap_bytes = "memory.max", "memory.swap.max", 0
    if (folder / _V1_LIMIT).exists():
        limit, swap, swap_bytes = _V1_LIMIT, "memory.memsw.limit_in_bytes", limit_bytes
    (folder / limit).write_text(str(limit_bytes))
    if (folder / swap).exists():
        (folder / swap).write_text(str(swap_bytes))


def _procs(folder: Path) -> Path:
    return folder / "cgroup.procs"


def _refusal(limit_bytes: int, why: str) -> UsageError:
    return UsageError(
        say("cannot set a memory limit of {size}: {why}", size=show_bytes(limit_bytes), why=why),
        hint=f"systemd-run --user --scope -p MemoryMax={limit_bytes // MIB}M "
        f"-p MemorySwapMax=0 edge bench",
    )
