"""What the system tells of a process: the time it used, the memory it held, its waits for a disk.

Linux alone tells, below /proc; elsewhere, and of a process that is gone, None.
"""

from __future__ import annotations

from pathlib import Path

from edge.core.units import KIB
from edge.device.files import read_numbers, read_text

# Places in /proc/PID/stat, proc(5), counted behind the name, which may hold anything.
_MAJOR_FAULTS, _USER_TICKS, _SYSTEM_TICKS = 9, 11, 12


def used_ticks(pid: int | None) -> int | None:
    """Processor time so far, of all threads, in hundredths of a second."""
    fields = _stat(pid)
    return int(fields[_USER_TICKS]) + int(fields[_SYSTEM_TICKS]) if fields else None


def major_faults(pid: int | None) -> int | None:
    """Pages it had to wait for a disk for."""
    fields = _stat(pid)
    return int(fields[_MAJOR_FAULTS]) if fields else None


def peak_bytes(pid: int | None) -> int | None:
    """The most memory it has held so far (VmHWM; mapped weights count)."""
    held = read_numbers(Path(f"/proc/{pid}/status")).get("VmHWM")
    return None if held is None else held * KIB


def _stat(pid: int | None) -> list[str]:
    return read_text(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
