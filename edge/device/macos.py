"""macOS: what its own programs tell of a machine."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Callable

from edge.device.profile import Battery, Conditions, DeviceProfile

_CHARGE = re.compile(r"(\d+)%;")
_LIMIT = re.compile(r"CPU_(?:Speed|Scheduler)_Limit\s*=\s*(\d+)")
_COOL = "No thermal warning level has been recorded"
_RECLAIMABLE = ("Pages free", "Pages inactive", "Pages speculative", "Pages purgeable")


def output(*command: str) -> str:
    """What a system command prints, or nothing when it is missing or fails."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
            env={"PATH": os.environ.get("PATH", "")},  # and no key that may be beside it
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def probe_macos(ask: Callable[..., str] = output) -> DeviceProfile:
    """Fast cores, and what `vm_stat` calls free, inactive, speculative or purgeable."""
    total = int(ask("sysctl", "-n", "hw.memsize") or 0)
    fast = ask("sysctl", "-n", "hw.perflevel0.physicalcpu")
    cores = fast or ask("sysctl", "-n", "hw.physicalcpu") or "1"
    return DeviceProfile(
        name=ask("sysctl", "-n", "hw.model") or platform.machine(),
        n_cores=int(cores),
        memory_bytes=total,
        free_bytes=min(total, vm_stat_free(ask("vm_stat"))),
        on_battery=battery_of(ask("pmset", "-g", "batt")).drains,
    )


def macos_conditions(ask: Callable[..., str] = output) -> Conditions:
    """Battery and temperature; runs two programs, some 10 ms each. The load is not told."""
    battery = battery_of(ask("pmset", "-g", "batt"))
    hot = is_throttled(ask("pmset", "-g", "therm"))
    return Conditions(battery.drains, battery.percent, hot)


def battery_of(report: str) -> Battery:
    """What a report of `pmset -g batt` says of the battery inside."""
    if "InternalBattery" not in report:
        return Battery()
    charge = _CHARGE.search(report)
    return Battery("Battery Power" in report, int(charge[1]) if charge else None)


def is_throttled(report: str) -> bool | None:
    """Whether a report of `pmset -g therm` says that heat slows the CPU down."""
    if limits := [int(limit) for limit in _LIMIT.findall(report)]:
        return min(limits) < 100
    return False if _COOL in report else None


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
