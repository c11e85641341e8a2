"""What both processes hold: the worker with its model, and the program that embeds it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from edge.bench.effort import Effort
from edge.bench.heard import hear, worker_pid
from edge.bench.process import peak_bytes
from edge.bench.rows import Findings, Row
from edge.bench.subject import Subject
from edge.bench.texts import count_with, long_text
from edge.core.errors import DoesNotFit, EdgeError
from edge.core.say import say
from edge.core.units import MIB
from edge.settings.folders import Folders
from edge.settings.keys import without_keys

CONTEXTS = (1024, 4096, 16_384)
WORKER_ROW = "worker's peak memory at a context of "
_READ_TOKENS = 300  # more than two batches, so what reading needs has been touched
_PARENT_BOUND_MIB = 120
_PARENT = """
import sys, edge
with edge.open(sys.argv[1], max_tokens=8) as runtime:
    for _ in runtime.session().send("hi"):
        pass
    print(open("/proc/self/status").read().split("VmHWM:")[1].split()[0])
"""


def memory(subject: Subject, _: Effort) -> Findings:
    """Peaks in MiB beside what was predicted of them; nothing on systems that do not tell.

    The worker has read a prompt of 300 tokens: its cache is held whole from the
    start, scratch memory grows a little with what is read.
    """
    if peak_bytes(os.getpid()) is None:
        return Findings(())
    most = subject.model.spec.n_ctx_train
    rows = [_worker_row(subject, n_ctx) for n_ctx in sorted({min(n, most) for n in CONTEXTS})]
    return Findings((*(row for row in rows if row), _embedder_row(subject)))


def _worker_row(subject: Subject, n_ctx: int) -> Row | None:
    """None where the context does not fit this machine now."""
    subject.tell(f"memory at a context of {n_ctx}")
    try:
        runtime = subject.open(n_ctx=n_ctx, max_tokens=8)
    except DoesNotFit as error:
        subject.tell(error.line())
        return None
    with runtime:
        assert runtime.loaded is not None
        predicted = runtime.loaded.fit.need_bytes / MIB
        hear(runtime.session(), long_text(count_with(runtime), _READ_TOKENS, 0))
        measured = (peak_bytes(worker_pid(runtime)) or 0) / MIB
    unit = "MiB (raw: predicted)"
    return Row(f"{WORKER_ROW}{n_ctx}", predicted, measured, measured / predicted, unit)


def _embedder_row(subject: Subject) -> Row:
    # This process may have mapped the weights for the raw loop, so another one is
    # measured, in a home that is thrown away.
    subject.tell("memory of the embedder")
    with tempfile.TemporaryDirectory(dir=subject.folders.data) as home:
        Folders.below(Path(home)).models.symlink_to(subject.folders.models)
        environ = {"PYTHONPATH": os.pathsep.join(sys.path), "EDGE_HOME": home}
        run = subprocess.run(
            [sys.executable, "-c", _PARENT, subject.model.name],
            capture_output=True,
            text=True,
            check=False,
            env=without_keys(os.environ) | environ,
        )
    if run.returncode:
        last = run.stderr.strip().rpartition("\n")[2]
        raise EdgeError(
            say(
                "the program that embeds edge failed with code {code}: {last}",
                code=run.returncode,
                last=last,
            )
        )
    measured, bound = int(run.stdout) / 1024, _PARENT_BOUND_MIB
    return Row("embedder's peak memory", bound, measured, measured / bound, "MiB (raw: the bound)")
