"""What both processes hold: the worker with its model, and the program that embeds it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from edge.bench.rows import Row
from edge.core.units import MIB
from edge.engine.edge.engine import EdgeEngine
from edge.runtime import Runtime
from edge.settings import Folders

_WORKER_SLACK_MIB = 250
_PARENT_BOUND_MIB = 120
_PARENT = """
import sys, edge
with edge.open(sys.argv[1], max_tokens=8) as runtime:
    for _ in runtime.session().send("hi"):
        pass
    print(open("/proc/self/status").read().split("VmHWM:")[1].split()[0])
"""


def memory_rows(runtime: Runtime) -> list[Row]:
    """Peaks in MiB beside their bounds; none on systems that do not tell."""
    if not Path("/proc/self/status").exists():
        return []
    assert runtime.loaded is not None
    assert isinstance(runtime.engine, EdgeEngine)
    parts = runtime.loaded.fit.parts
    bound = (parts.weights + parts.kv) / MIB + _WORKER_SLACK_MIB
    rows = [_row("worker's peak memory", peak_mib(runtime.engine.worker_pid), bound)]
    return [*rows, _row("embedder's peak memory", _parent_mib(runtime), _PARENT_BOUND_MIB)]


def peak_mib(pid: int | None) -> float:
    """The most memory a process has held so far (VmHWM; mapped weights count)."""
    status = Path(f"/proc/{pid or 'self'}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _parent_mib(runtime: Runtime) -> float:
    # This process has mapped the weights for the raw loop, so another one is measured,
    # in a home that is thrown away.
    assert runtime.loaded is not None
    with tempfile.TemporaryDirectory() as home:
        Path(home, "models").symlink_to(Folders.find().models)
        environ = {"PYTHONPATH": os.pathsep.join(sys.path), "EDGE_HOME": home}
        run = subprocess.run(
            [sys.executable, "-c", _PARENT, runtime.loaded.model.name],
            capture_output=True,
            check=True,
            env=os.environ | environ,
        )
    return int(run.stdout) / 1024


def _row(name: str, mib: float, bound_mib: float) -> Row:
    return Row(name, bound_mib, mib, mib / bound_mib, "MiB (raw: the bound)")
