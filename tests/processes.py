"""Wait for processes to end."""

from __future__ import annotations

import time
from pathlib import Path


def wait_until_gone(pid: int | None) -> None:
    """Return when the process has ended, waited for or not; fails after half a minute."""
    assert pid is not None
    for _ in range(600):
        try:
            # A child that ended and was not waited for still has a process id.
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return
        except OSError:
            return
        time.sleep(0.05)
    raise AssertionError(f"worker {pid} is still there")
