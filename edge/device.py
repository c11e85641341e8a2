"""What this machine has and what is free now: cores, memory, battery; cgroup limits count.

Linux reads below one `root`, so a small tree of files can stand in for a machine.
"""

from __future__ import annotations

import ctypes
import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from edge.core.units import KIB, MIB

# Version 1 of cgroups writes "no limit" as the largest page-aligned 63-bit number.
_UNLIMITED_BYTES = 2**62
_PROBE_BYTES = 64 * MIB  # more than the last-level cache of a phone or a laptop
_PROBE_PASSES = 2


@dataclass(frozen=True, slots=True)
class DeviceProfile:
    """A machine as far as running a model goes.

    `n_cores` are physical cores this process may use; `free_bytes` is what can
    be taken without swapping, inside every limit; None means not known.
    """

    name: str
    n_cores: int
    memory_bytes: int
    free_bytes: int
    bandwidth_bytes_per_s: float | None = None
    on_battery: bool | None = None


def probe_device(
    root: Path = Path("/"),
    *,
    allowed_cpus: Collection[int] | None = None,
    with_bandwidth: bool = False,
) -> DeviceProfile:
    """Look at this machine now; `allowed_cpus` None asks the scheduler.

    The bandwidth is measured only when asked for: it takes a moment.
    """
    if sys.platform == "darwin":
        device = _probe_macos()
    elif sys.platform == "win32":
        device = _probe_windows()
    else:
        cpus = os.sched_getaffinity(0) if allowed_cpus is None else allowed_cpus
        device = _probe_linux(root, frozenset(cpus))
    if not with_bandwidth:
        return device
    return replace(device, bandwidth_bytes_per_s=measure_bandwidth(device.n_cores))


def _probe_linux(root: Path, cpus: frozenset[int]) -> DeviceProfile:
    total, free = _linux_memory(root)
    return DeviceProfile(
        name=_linux_name(root),
        n_cores=_linux_cores(root, cpus),
        memory_bytes=total,
        free_bytes=free,
        on_battery=_linux_on_battery(root),
    )


def _linux_cores(root: Path, cpus: frozenset[int]) -> int:
    """Physical cores among `cpus`, cut to whole cores of the cgroup quota, at least one.

    Two threads on one core, or more threads than the quota lets run, slow
    decoding down several times; hence the smallest of all counts.
    """
    topology = root / "sys/devices/system/cpu"
    cores = {
        _read(topology / f"cpu{cpu}/topology/thread_siblings_list") or str(cpu) for cpu in cpus
    }
    return max(1, min([len(cores), *map(int, _cpu_quotas(root))]))


def _cpu_quotas(root: Path) -> Iterator[float]:
    for folder in _cgroup_folders(root, "cpu"):
        quota, _, period = _read(folder / "cpu.max").partition(" ")  # version 2
        if not quota:
            quota = _read(folder / "cpu.cfs_quota_us")
            period = _read(folder / "cpu.cfs_period_us")
        if quota.isdigit() and period.isdigit() and int(period):
            yield int(quota) / int(period)


def _linux_memory(root: Path) -> tuple[int, int]:
    """Total and free memory: the machine's, or the tightest cgroup's."""
    machine = _keyed_numbers(root / "proc/meminfo")
    free = machine.get("MemAvailable")
    if free is None:  # kernels before 3.14
        free = sum(machine.get(part, 0) for part in ("MemFree", "Buffers", "Cached"))
    total, free = machine.get("MemTotal", 0) * KIB, free * KIB
    for limit, used in _memory_limits(root):
        total, free = min(total, limit), min(free, max(0, limit - used))
    return total, free


def _memory_limits(root: Path) -> Iterator[tuple[int, int]]:
    """(limit, use) of every cgroup around this process that has a limit.

    The use leaves out file cache: the kernel drops it before it refuses memory,
    and after a download most of a cgroup's "use" is the model file itself.
    """
    for folder in _cgroup_folders(root, "memory"):
        stat = _keyed_numbers(folder / "memory.stat")
        limits = [_number(folder / name) for name in ("memory.max", "memory.high")]
        used, prefix = _number(folder / "memory.current"), ""
        if used is None:  # version 1; its own figures leave out child groups, total_ has all
            limits = [_number(folder / "memory.limit_in_bytes")]
            used, prefix = _number(folder / "memory.usage_in_bytes"), "total_"
        limit = min((n for n in limits if n is not None), default=_UNLIMITED_BYTES)
        if used is not None and limit < _UNLIMITED_BYTES:
            cache = stat.get(f"{prefix}inactive_file", 0) + stat.get(f"{prefix}active_file", 0)
            yield limit, max(0, used - cache)


def _cgroup_folders(root: Path, controller: str) -> Iterator[Path]:
    """The folders of this process's cgroup and of all above it, both versions.

    Inside a container the path may lie outside what is mounted; the parents
    that do exist still hold, the mount's top being the container itself.
    """
    mount = root / "sys/fs/cgroup"
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, names, path = [*line.split(":", 2), "", ""][:3]
        if not names:
            tops = [mount, mount / "unified"]
        elif controller in names.split(","):
            tops = [mount / names, mount / controller]
        else:
            continue
        steps = [step for step in path.split("/") if step not in ("", ".", "..")]
        for top in dict.fromkeys(tops):
            for depth in range(len(steps), -1, -1):
                folder = top.joinpath(*steps[:depth])
                if folder.is_dir():
                    yield folder


def _linux_on_battery(root: Path) -> bool | None:
    """True while a battery of the machine (not of its mouse) drains; None without one."""
    states = []
    for supply in sorted((root / "sys/class/power_supply").glob("*")):
        if _read(supply / "type") == "Battery" and _read(supply / "scope") != "Device":
            states.append(_read(supply / "status") == "Discharging")
    return any(states) if states else None


def _linux_name(root: Path) -> str:
    board = _read(root / "proc/device-tree/model").strip("\0")  # phones, single boards
    product = _read(root / "sys/class/dmi/id/product_name")  # PCs
    return board or product or platform.machine()


def _probe_macos() -> DeviceProfile:
    """macOS: fast cores, and what `vm_stat` calls free, inactive or speculative."""
    total = int(_output("sysctl", "-n", "hw.memsize") or 0)
    fast = _output("sysctl", "-n", "hw.perflevel0.physicalcpu")
    cores = fast or _output("sysctl", "-n", "hw.physicalcpu") or "1"
    source = _output("pmset", "-g", "batt")
    return DeviceProfile(
        name=_output("sysctl", "-n", "hw.model") or platform.machine(),
        n_cores=int(cores),
        memory_bytes=total,
        free_bytes=min(total, _macos_free(_output("vm_stat"))),
        on_battery="Battery Power" in source if "InternalBattery" in source else None,
    )


def _macos_free(report: str) -> int:
    """Bytes `vm_stat` reports as free or reclaimable."""
    page = next((int(word) for word in report.split() if word.isdigit()), 4096)
    counts = {}
    for line in report.splitlines()[1:]:
        name, _, value = line.partition(":")
        if value.strip(" .").isdigit():
            counts[name] = int(value.strip(" ."))
    kinds = ("Pages free", "Pages inactive", "Pages speculative", "Pages purgeable")
    return page * sum(counts.get(kind, 0) for kind in kinds)


class _MemoryStatus(ctypes.Structure):
    """MEMORYSTATUSEX of the Windows API."""

    _fields_ = (
        ("length", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        ("total_physical", ctypes.c_uint64),
        ("free_physical", ctypes.c_uint64),
        ("total_page_file", ctypes.c_uint64),
        ("free_page_file", ctypes.c_uint64),
        ("total_virtual", ctypes.c_uint64),
        ("free_virtual", ctypes.c_uint64),
        ("free_extended_virtual", ctypes.c_uint64),
    )


def _probe_windows() -> DeviceProfile:
    """Windows: half of the logical processors, as most of them are two to a core."""
    status = _MemoryStatus(length=ctypes.sizeof(_MemoryStatus))
    if sys.platform == "win32":
        ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
    return DeviceProfile(
        name=platform.machine(),
        n_cores=max(1, (os.cpu_count() or 1) // 2),
        memory_bytes=int(status.total_physical),
        free_bytes=int(status.free_physical),
    )


def measure_bandwidth(n_cores: int = 1, *, probe_bytes: int = _PROBE_BYTES) -> float:
    """Bytes per second this machine reads from memory with `n_cores` threads.

    Searches a block larger than the caches for a byte that is not in it, with
    the C library's memchr (which lets threads run side by side), and takes the
    faster pass. Takes less than a tenth of a second on an idle machine; a busy
    one reads slower, which is what a model would get there too.
    """
    library = ctypes.cdll.msvcrt if sys.platform == "win32" else ctypes.CDLL(None)
    find = library.memchr
    find.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t)
    find.restype = ctypes.c_void_p
    share = probe_bytes // n_cores
    # Filled with ones: untouched zero pages all map to one page, which stays in the cache.
    block = bytearray(b"\1") * probe_bytes
    start = ctypes.addressof(ctypes.c_char.from_buffer(block))
    parts = [(start + i * share, 0, share) for i in range(n_cores)]
    fastest = min(_seconds_for(find, parts) for _ in range(_PROBE_PASSES))
    return share * n_cores / fastest


def _seconds_for(find: ctypes._NamedFuncPointer, parts: list[tuple[int, int, int]]) -> float:
    threads = [threading.Thread(target=find, args=part) for part in parts[1:]]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    find(*parts[0])
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


def _output(*command: str) -> str:
    """What a system command prints, or nothing when it is missing or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _read(path: Path) -> str:
    """A small system file, or nothing when it is missing or closed to us."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _number(path: Path) -> int | None:
    text = _read(path)
    return int(text) if text.isdigit() else None


def _keyed_numbers(path: Path) -> dict[str, int]:
    """Lines of "name number" or "Name:  number kB", by name."""
    found = {}
    for line in _read(path).splitlines():
        words = line.split()
        if len(words) >= 2 and words[1].isdigit():
            found[words[0].rstrip(":")] = int(words[1])
    return found
