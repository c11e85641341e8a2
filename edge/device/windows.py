"""Windows: what its API tells of a machine."""

from __future__ import annotations

import ctypes
import os
import platform
import sys

from edge.device.profile import DeviceProfile, Memory


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
    )
