"""How many threads, now: as many as there are cores that other programs leave free.

A decode step ends when its slowest thread does, so one core shared with a busy
program costs more than leaving that core alone. Measured with a 0.5B on two
cores, one of them taken: 12 tokens a second on two threads, 22 on one.

Writing is bound by the memory's speed, which a few cores use up; a sweep finds
how many. Reading is bound by arithmetic and takes all there are.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from edge.device.cores import performance_cpus

# Fewer threads within this of the fastest count leave cores, and battery, to others.
_AS_GOOD = 0.97
_PAUSE = 0.5  # of a core; while it reads or writes the process takes one at least
_LOOK_S = 0.3  # the kernel counts in hundredths of a second; shorter looks are noise


@dataclass(frozen=True, slots=True)
class Busy:
    """CPU seconds since some fixed moment: of all programs on our cores, and of this process."""

    at_s: float
    all_s: float
    own_s: float


def busy_now(root: Path = Path("/"), cpus: Collection[int] | None = None) -> Busy | None:
    """Read the clocks of these CPUs, the performance cores we may use if none are named.

    None where the system does not tell (only Linux does).
    """
    try:
        lines = (root / "proc/stat").read_text().splitlines()
        ours = performance_cpus(root, frozenset(os.sched_getaffinity(0))) if cpus is None else cpus
    except (OSError, AttributeError):
        return None
    names = {f"cpu{cpu}" for cpu in ours}
    rows = [line.split() for line in lines]
    # Fields of proc(5): user nice system idle iowait irq softirq steal; a guest is user already.
    ticks = sum(int(row[at]) for row in rows if row[0] in names for at in (1, 2, 3, 6, 7, 8))
    return Busy(time.monotonic(), ticks / os.sysconf("SC_CLK_TCK"), time.process_time())


def others_running(root: Path = Path("/")) -> int | None:
    """Threads of other programs that want a core at this very moment, but for passing ones.

    The least of three looks a millisecond apart; the one that looks is not counted.
    None where nobody tells, or other cores than ours are counted too.
    """
    try:
        if len(os.sched_getaffinity(0)) != os.cpu_count():
            return None
        return min(_running(root), _running(root), _running(root)) - 1
    except (OSError, AttributeError, ValueError, IndexError):
        return None


def _running(root: Path) -> int:
    time.sleep(0.001)
    return int((root / "proc/stat").read_text().split("procs_running")[1].split()[0])


def free_cores(before: Busy, after: Busy, n_cores: int) -> float:
    """Cores that other programs did not use between two looks.

    >>> free_cores(Busy(0, 0, 0), Busy(1, 1.7, 1.2), n_cores=2)
    1.5
    """
    elapsed = max(after.at_s - before.at_s, 1e-6)
    others = (after.all_s - before.all_s) - (after.own_s - before.own_s)
    return n_cores - max(0.0, others) / elapsed


def _paused(before: Busy, after: Busy) -> bool:
    """Whether this process did little between two looks, so that they lie in different turns."""
    return after.own_s - before.own_s < _PAUSE * (after.at_s - before.at_s)


def counts_to_try(n_cores: int) -> tuple[int, ...]:
    """Thread counts worth measuring on so many cores: all, three quarters, half; none on one.

    >>> counts_to_try(2), counts_to_try(8)
    ((1, 2), (4, 6, 8))
    """
    if n_cores < 2:
        return ()
    return tuple(sorted({-(-n_cores // 2), -(-n_cores * 3 // 4), n_cores}))


def best_count(tps: Iterable[tuple[int, float]]) -> int:
    """The fewest threads that are as good as the fastest count of a sweep.

    >>> best_count([(4, 19.8), (6, 20.1), (8, 17.0)])
    4
    """
    measured = dict(tps)
    enough = _AS_GOOD * max(measured.values())
    return min(n for n, speed in measured.items() if speed >= enough)


class Counts(NamedTuple):
    """Threads for writing (one token at a time) and for reading (batches of them)."""

    writing: int
    reading: int


class Threads:
    """The thread counts to use, looked at again a few times a second.

    `most` is never exceeded, nor `writing` by single tokens. Where nobody tells
    who is busy they stay there, and so they do where they are `fixed` because
    the user said so.
    """

    def __init__(
        self,
        most: int,
        *,
        writing: int | None = None,
        fixed: bool = False,
        look: Callable[[], Busy | None] = busy_now,
        glance: Callable[[], int | None] = others_running,
    ) -> None:
        self.most = most
        self._glance = glance
        self.writing = writing or most
        self._fixed = fixed
        self._look = look
        self._last = look()
        self._now = most

    def now(self) -> Counts:
        """The counts for the next batch."""
        free = self._free()
        return Counts(min(self.writing, free), free)

    def _free(self) -> int:
        seen = self._look() if self._is_time() else None
        if self._last is not None and seen is not None:
            # Two of our threads push a busy program to two thirds of its core, so
            # rounding, not cutting off, finds the core that is lost.
            free = free_cores(self._last, seen, self.most)
            # A mean over a pause says nothing of the program that has begun meanwhile.
            if _paused(self._last, seen) and (others := self._glance()) is not None:
                free = (os.cpu_count() or self.most) - others
            self._now = min(self.most, max(1, round(free)))
            self._last = seen
        return self._now

    def _is_time(self) -> bool:
        if self._fixed or self._last is None:
            return False
        return time.monotonic() - self._last.at_s >= _LOOK_S
