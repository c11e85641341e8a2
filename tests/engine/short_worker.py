"""A worker on a machine that is short of memory while a file exists: short_worker.py FILE."""

import sys
from pathlib import Path

from edge.device.profile import Memory
from edge.engine.edge.worker import main

GIB = 2**30
sign = Path(sys.argv[1])
main(memory=lambda: Memory(4 * GIB, 0 if sign.exists() else 2 * GIB))
