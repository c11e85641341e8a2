"""Windows: what its API tells of a machine."""

from __future__ import annotations

import ctypes
import os
import platform
import sys

from edge.device.profile import Battery, DeviceProfile, Memory


class MemoryStatus(ctypes.Structure):
    """MEMORYSTATUSEX of the Windows API: two 32-bit and seven 64-bit fields."""

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

    @property
    def memory(self) -> Memory:
        """The machine's own memory, without page files."""
        return Memory(int(self.total_physical), int(self.free_physical))


class PowerStatus(ctypes.Structure):
    """SYSTEM_POWER_STATUS of the Windows API: four bytes and two 32-bit fields."""

    _fields_ = (
        ("line", ctypes.c_uint8),  # 0 unplugged, 1 plugged in, 255 not known
        ("battery_flag", ctypes.c_uint8),
        ("percent", ctypes.c_uint8),  # 255 not known
        ("saver", ctypes.c_uint8),
        ("life_s", ctypes.c_uint32),
        ("full_life_s", ctypes.c_uint32),
    )

    @property
    def battery(self) -> Battery:
        """The battery, if there is one: bit 7 of the flag says there is none, 255 nobody knows."""
        if self.battery_flag & 0x80:
            return Battery()
        drains = self.line == 0 if self.line in (0, 1) else None
        return Battery(drains, self.percent if self.percent <= 100 else None)


def windows_battery() -> Battery:
    """The battery now; nothing of it on another system."""
    status = PowerStatus(line=255, battery_flag=255, percent=255)
    if sys.platform == "win32":
        ctypes.windll.kernel32.GetSystemPowerStatus(ctypes.byref(status))
    return status.battery


def windows_memory() -> Memory:
    """The memory now; nothing of it on another system."""
    status = MemoryStatus(length=ctypes.sizeof(MemoryStatus))
    if sys.platform == "win32":
        ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
    return status.memory


def probe_windows() -> DeviceProfile:
    """Half of the logical processors, as most of them are two to a core."""
    memory = windows_memory()
    return DeviceProfile(
        name=platform.machine(),
        n_cores=max(1, (os.cpu_count() or 1) // 2),
        memory_bytes=memory.total_bytes,
        free_bytes=memory.free_bytes,
        on_battery=windows_battery().drains,
    )
