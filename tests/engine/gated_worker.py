"""A worker whose weights are loaded when a file appears: python gated_worker.py GATE."""

import sys
import time
from pathlib import Path

from edge.engine.edge.frames import Frame, Ready
from edge.engine.edge.worker import main

gate = Path(sys.argv[1])


def wait_at_the_gate(frame: Frame) -> None:
    while isinstance(frame, Ready) and not gate.exists():
        time.sleep(0.005)


main(before_emit=wait_at_the_gate)
