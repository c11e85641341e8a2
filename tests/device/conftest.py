"""A small machine for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.core.units import GIB
from small_machine import put


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine of 8 GiB, 6 of them available, with four cores of two threads each."""
    kib = GIB // 1024
    put(tmp_path, "proc/meminfo", f"MemTotal: {8 * kib} kB\nMemAvailable: {6 * kib} kB\n")
    for cpu in range(8):
        siblings = f"{cpu % 4},{cpu % 4 + 4}"
        put(tmp_path, f"sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list", siblings)
    return tmp_path
