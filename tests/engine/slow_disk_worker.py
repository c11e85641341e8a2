"""A worker whose disk takes nothing until a file appears: python slow_disk_worker.py GATE."""

from __future__ import annotations

import os
import sys
import time

from edge.engine.edge.worker import main


def take_nothing_before(gate: str) -> None:
    """Let no file reach the disk while there is no gate."""
    sync = os.fsync

    def wait_and_sync(descriptor: int) -> None:
        while not os.path.exists(gate):
            time.sleep(0.005)
        sync(descriptor)

    os.fsync = wait_and_sync


if __name__ == "__main__":
    take_nothing_before(sys.argv[1])
    main()
