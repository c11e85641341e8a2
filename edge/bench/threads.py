"""Writing on every number of threads and on as many as edge chooses, alone and beside a busy core.

A row's raw is the best fixed count under the same conditions, its ratio the
median of the rounds' own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from statistics import median

from edge.bench.effort import Effort
from edge.bench.heard import become_quiet, hear
from edge.bench.rows import Findings, Row
from edge.bench.subject import Subject
from edge.bench.texts import LONG_TASK, count_with, long_text
from edge.device.probe import probe_device

BUSY = "one core busy: "
DECODE = "decode, "
ADAPTIVE = "adaptive"
_DEPTH_TOKENS = 64  # with the first reply behind it, about a hundred
_REPLY_TOKENS = 32
_SETTLING_S = 1.0
# Ends with its parent, also where that is killed; asking for it now and then costs nothing.
_SPIN = """
import os, sys
while os.getppid() == int(sys.argv[1]):
    for _ in range(1_000_000):
        pass
"""
_NULL = subprocess.DEVNULL

Speeds = Mapping[int | None, Sequence[float]]


def threads(subject: Subject, effort: Effort) -> Findings:
    """Decode speeds by thread count; None, no fixed count, is edge's own choice."""
    counts = [*range(1, probe_device().n_cores + 1), None]
    rows: list[Row] = []
    for prefix, company in (("", nullcontext()), (BUSY, busy_core())):
        with company:
            rows += rows_of(prefix, _speeds(subject, counts, prefix, effort.rounds))
    return Findings(tuple(rows))


def rows_of(prefix: str, speeds: Speeds) -> list[Row]:
    """A row for each count, beside the best fixed one."""
    best = max((n for n in speeds if n is not None), key=lambda n: median(speeds[n]))
    rows = []
    for n, each in speeds.items():
        pairs = list(zip(speeds[best], each, strict=True))
        rows.append(Row.of_pairs(f"{prefix}{DECODE}{count_name(n)}", pairs, "tok/s (raw: best)"))
    return rows


def count_name(n: int | None) -> str:
    """What a row calls a thread count."""
    return ADAPTIVE if n is None else f"{n} thread{'s' if n > 1 else ''}"


@contextmanager
def busy_core() -> Iterator[int]:
    """Within, another process, of this id, keeps one core busy; its first second is waited for."""
    # Without our streams: whoever reads them would wait for it too.
    command = [sys.executable, "-c", _SPIN, str(os.getpid())]
    spinning = subprocess.Popen(command, stdin=_NULL, stdout=_NULL, stderr=_NULL)
    try:
        time.sleep(_SETTLING_S)
        yield spinning.pid
    finally:
        spinning.kill()
        spinning.wait()


def _speeds(
    subject: Subject, counts: Sequence[int | None], prefix: str, n_rounds: int
) -> dict[int | None, list[float]]:
    """Tokens per second of every round; the counts take turns, so a drift favours none."""
    speeds: dict[int | None, list[float]] = {n: [] for n in counts}
    for n_round in range(n_rounds):
        for n in counts:
            subject.tell(f"threads: {prefix}{count_name(n)}, round {n_round + 1} of {n_rounds}")
            speeds[n].append(_decode_tps(subject, n))
    return speeds


def _decode_tps(subject: Subject, n_threads: int | None) -> float:
    """A second reply's speed: behind the first one edge has had its look at the machine."""
    with subject.open(n_threads=n_threads, max_tokens=_REPLY_TOKENS) as runtime:
        session = runtime.session()
        hear(session, long_text(count_with(runtime), _DEPTH_TOKENS, 0))
        become_quiet(runtime)
        return hear(session, LONG_TASK).decode_tps
