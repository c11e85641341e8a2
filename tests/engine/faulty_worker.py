"""A worker that aborts at a chosen frame: python faulty_worker.py KIND NTH MARKER.

With a MARKER file it aborts only while that file is missing, and makes it: once.
"""

import os
import sys
from pathlib import Path

from edge.engine.edge.frames import Frame
from edge.engine.edge.worker import main

kind, nth, marker = sys.argv[1], int(sys.argv[2]), sys.argv[3]
seen: list[Frame] = []


def abort_there(frame: Frame) -> None:
    if type(frame).__name__ == kind:
        seen.append(frame)
    if type(frame).__name__ != kind or len(seen) != nth:
        return
    if marker:
        if Path(marker).exists():
            return
        Path(marker).touch()
    os.abort()


main(before_emit=abort_there)
