"""macOS: what its own programs tell of a machine."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Callable

from edge.device.profile import DeviceProfile

_RECLAIMABLE = ("Pages free", "Pages inactive", "Pages speculative", "Pages purgeable")


def output(*command: str) -> str:
    """What a system command prints, or nothing when it is missing or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def probe_macos(ask: Callable[..., str] = output) -> DeviceProfile:
    """Fast cores, and what `vm_stat` calls free, inactive, speculative or purgeable."""
    total = int(ask("sysctl", "-n", "hw.memsize") or 0)
    fast = ask("sysctl", "-n", "hw.perflevel0.physicalcpu")
    cores = fast or ask("sysctl", "-n", "hw.physicalcpu") or "1"
    source = ask("pmset", "-g", "batt")
    return DeviceProfile(
        name=ask("sysctl", "-n", "hw.model") or platform.machine(),
        n_cores=int(cores),
        memory_bytes=total,
        free_bytes=min(total, vm_stat_free(ask("vm_stat"))),
        on_battery="Battery Power" in source if "InternalBattery" in source else None,
    )


def macos_cpu_name(ask: Callable[..., str] = output) -> str:
    """The CPU's brand, as in "Apple M2 Pro"."""
    return ask("sysctl", "-n", "machdep.cpu.brand_string")


def vm_stat_free(report: str) -> int:
    """Bytes a report of `vm_stat` counts as free or reclaimable."""
    page = next((int(word) for word in report.split() if word.isdigit()), 4096)
    counts = {}
    for line in report.splitlines()[1:]:
        name, _, value = line.partition(":")
        if value.strip(" .").isdigit():
            counts[name] = int(value.strip(" ."))
    return page * sum(counts.get(kind, 0) for kind in _RECLAIMABLE)
