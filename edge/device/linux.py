"""Linux, phones included: what /proc and /sys tell of a machine."""

from __future__ import annotations

import platform
from pathlib import Path

from edge.core.units import KIB
from edge.device.cgroups import memory_limits
from edge.device.cores import count_cores
from edge.device.files import read_number, read_numbers, read_text
from edge.device.profile import Battery, DeviceProfile, Memory


def probe_linux(root: Path, cpus: frozenset[int]) -> DeviceProfile:
    """The machine below `root`, for a process that may run on `cpus`."""
    memory = linux_memory(root)
    return DeviceProfile(
        name=_board_name(root),
        n_cores=count_cores(root, cpus),
        memory_bytes=memory.total_bytes,
        free_bytes=memory.free_bytes,
        on_battery=linux_battery(root).drains,
    )


def linux_memory(root: Path) -> Memory:
    """Total and free memory: the machine's, or the tightest cgroup's."""
    machine = read_numbers(root / "proc/meminfo")
    free = machine.get("MemAvailable")
    if free is None:  # kernels before 3.14
        free = sum(machine.get(part, 0) for part in ("MemFree", "Buffers", "Cached"))
    total, free = machine.get("MemTotal", 0) * KIB, free * KIB
    for limit, used in memory_limits(root):
        total, free = min(total, limit), min(free, max(0, limit - used))
    return Memory(total, free)


def linux_battery(root: Path) -> Battery:
    """The batteries of the machine, not those of its mouse; several are one of their mean charge.

    A battery that drains while something is plugged in, for it gives too little, drains.
    """
    supplies = [
        supply
        for supply in sorted((root / "sys/class/power_supply").glob("*"))
        if read_text(supply / "type") == "Battery" and read_text(supply / "scope") != "Device"
    ]
    if not supplies:
        return Battery()
    told = [read_number(supply / "capacity") for supply in supplies]
    charges = [min(100, charge) for charge in told if charge is not None]
    drains = any(read_text(supply / "status") == "Discharging" for supply in supplies)
    return Battery(drains, sum(charges) // len(charges) if charges else None)


def linux_cpu_name(root: Path) -> str:
    """What /proc/cpuinfo calls the CPU: its model's name, or on ARM the kinds of its cores.

    ARM cores often have no name there, only who designed them and a part number;
    each kind is told once, whichever core is listed first.
    """
    names: dict[str, None] = {}
    parts: set[str] = set()
    implementer = ""
    for line in read_text(root / "proc/cpuinfo").splitlines():
        key, _, value = (word.strip() for word in line.partition(":"))
        if key in ("model name", "Hardware") and value:
            names[value] = None
        elif key == "CPU implementer":
            implementer = value
        elif key == "CPU part":
            parts.add(f"{implementer}:{value}")
    return " ".join([*names, *sorted(parts)])


def _board_name(root: Path) -> str:
    board = read_text(root / "proc/device-tree/model").strip("\0")  # phones, single boards
    product = read_text(root / "sys/class/dmi/id/product_name")  # PCs
    return board or product or platform.machine()
