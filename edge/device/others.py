"""How much of a Linux machine other programs take at this moment."""

from __future__ import annotations

import re
import time
from collections.abc import Collection
from pathlib import Path

from edge.device.files import read_text

_LOOKS, _BETWEEN_S = 2, 0.0005  # a program that only passes by is gone at the second look
_CPU = re.compile(r"^cpu\d", re.MULTILINE)
_RUNNING = re.compile(r"^procs_running (\d+)", re.MULTILINE)


def load_of_others(root: Path, n_allowed: int, own_pids: Collection[int] = ()) -> float | None:
    """Share of the cores, 0 to 1, that threads of other programs want now.

    Threads of this process and of `own_pids` do not count. A moment, not a mean:
    the usual averages hold our own last reply. None where nobody tells, and
    where this process may not use all cores: those of others are counted too.
    """
    least: int | None = None
    n_cores = 0
    for look in range(_LOOKS):
        if look:
            time.sleep(_BETWEEN_S)
        stat = read_text(root / "proc/stat")
        running = _RUNNING.search(stat)
        n_cores = len(_CPU.findall(stat))
        if running is None or n_cores != n_allowed:
            return None
        ours = sum(_n_running(root / "proc" / str(each)) for each in ("self", *own_pids))
        others = max(0, int(running[1]) - ours)
        least = others if least is None else min(least, others)
    return None if least is None else min(1.0, least / n_cores)


def _n_running(process: Path) -> int:
    """Threads of a process that run or wait for a core."""
    # The state follows the name, which stands in brackets and may hold anything: proc(5).
    stats = [read_text(task) for task in process.glob("task/*/stat")]
    return sum(stat.rpartition(")")[2].split()[:1] == ["R"] for stat in stats)
