"""Look at this machine: all of it, its free memory alone, or which machine it is.

Linux reads below one `root`, so a small tree of files can stand in for a machine.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from edge.device.bandwidth import measure_bandwidth
from edge.device.linux import linux_cpu_name, linux_memory, probe_linux
from edge.device.macos import macos_cpu_name, probe_macos
from edge.device.profile import DeviceProfile, Memory
from edge.device.windows import probe_windows, windows_memory


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
        device = probe_macos()
    elif sys.platform == "win32":
        device = probe_windows()
    else:
        cpus = os.sched_getaffinity(0) if allowed_cpus is None else allowed_cpus
        device = probe_linux(root, frozenset(cpus))
    if not with_bandwidth:
        return device
    return replace(device, bandwidth_bytes_per_s=measure_bandwidth(device.n_cores))


def memory_now(root: Path = Path("/")) -> Memory | None:
    """The memory alone: a few small reads, cheap enough for every second of a talk.

    None where it takes a program to ask (macOS) or the system does not tell.
    """
    if sys.platform == "darwin":
        return None
    memory = windows_memory() if sys.platform == "win32" else linux_memory(root)
    return memory if memory.total_bytes else None


def machine_id(root: Path = Path("/"), *, allowed_cpus: Collection[int] | None = None) -> str:
    """Which machine this is to a model: its CPU, the cores we may use, the architecture.

    The same text every time, so that what was measured once can be kept under it.
    """
    if sys.platform == "darwin":
        cpu = macos_cpu_name()
    elif sys.platform == "win32":
        cpu = platform.processor()
    else:
        cpu = linux_cpu_name(root)
    n_cores = probe_device(root, allowed_cpus=allowed_cpus).n_cores
    return f"{cpu or 'unknown CPU'} x{n_cores} ({platform.machine()})"
