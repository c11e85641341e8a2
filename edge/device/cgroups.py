"""The cgroups around this process, of both versions, and what they limit."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from edge.device.files import read_number, read_numbers, read_text

# Version 1 writes "no limit" as the largest page-aligned 63-bit number.
_UNLIMITED_BYTES = 2**62
_MEMORY_LIMITS = ("memory.max", "memory.high", "memory.limit_in_bytes")


def cpu_quotas(root: Path) -> Iterator[float]:
    """CPUs' worth of time that may be used, of every cgroup that has a quota."""
    for folder in _cgroup_folders(root, "cpu"):
        quota, _, period = read_text(folder / "cpu.max").partition(" ")  # version 2
        if not quota:
            quota = read_text(folder / "cpu.cfs_quota_us")
            period = read_text(folder / "cpu.cfs_period_us")
        if quota.isdigit() and period.isdigit() and int(period):
            yield int(quota) / int(period)


def memory_limits(root: Path) -> Iterator[tuple[int, int]]:
    """(limit, use) of every cgroup around this process that has a limit.

    The use leaves out file cache: the kernel drops it before it refuses memory,
    and after a download most of a cgroup's "use" is the model file itself.
    """
    for folder in _cgroup_folders(root, "memory"):
        limits = [read_number(folder / name) for name in _MEMORY_LIMITS]
        limit = min((n for n in limits if n is not None), default=_UNLIMITED_BYTES)
        # The use is asked for only where it counts: the kernel sums it up for each reader.
        if limit < _UNLIMITED_BYTES and (used := _used_bytes(folder)) is not None:
            yield limit, used


def _used_bytes(folder: Path) -> int | None:
    used, prefix = read_number(folder / "memory.current"), ""
    if used is None:  # version 1; its own figures leave out child groups, total_ has all
        used, prefix = read_number(folder / "memory.usage_in_bytes"), "total_"
    if used is None:
        return None
    stat = read_numbers(folder / "memory.stat")
    cache = stat.get(f"{prefix}inactive_file", 0) + stat.get(f"{prefix}active_file", 0)
    return max(0, used - cache)


def _cgroup_folders(root: Path, controller: str) -> Iterator[Path]:
    return chain.from_iterable(cgroup_lines(root, controller))


def cgroup_lines(root: Path, controller: str) -> Iterator[tuple[Path, ...]]:
    """The folder of this process's cgroup and those of all above it, once for each hierarchy.

    Inside a container the path may lie outside what is mounted; the parents
    that do exist still hold, the mount's top being the container itself.
    """
    mount = root / "sys/fs/cgroup"
    for line in read_text(root / "proc/self/cgroup").splitlines():
        _, names, path = [*line.split(":", 2), "", ""][:3]
        if not names:
            tops = [mount, mount / "unified"]
        elif controller in names.split(","):
            tops = [mount / names, mount / controller]
        else:
            continue
        steps = [step for step in path.split("/") if step not in ("", ".", "..")]
        for top in dict.fromkeys(tops):
            above = (top.joinpath(*steps[:depth]) for depth in range(len(steps), -1, -1))
            yield tuple(folder for folder in above if folder.is_dir())
