"""After a crash: a long talk taken up again from its snapshot, beside reading it all again."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median

from edge.bench.effort import Effort
from edge.bench.heard import become_quiet, hear, worker_pid
from edge.bench.rows import Findings, Row
from edge.bench.subject import Subject
from edge.bench.texts import count_with, long_text
from edge.core.errors import EdgeError
from edge.core.say import say
from edge.core.units import MIB
from edge.engine.edge.capi.model import Model
from edge.engine.edge.keeper import snapshots_for
from edge.engine.edge.snapshot import Snapshot, Snapshots
from edge.engine.edge.threads import Threads
from edge.engine.edge.timeline import Timeline

RESUME_ROW = "first token after a crash, "
_DEPTH_TOKENS = 1950
_ROOM_TOKENS = 300  # for a sentence too much, the reply, and the question after the crash
_REPLY_TOKENS = 16
_QUESTION = "How far did you count?"
_ON_DISK_S = 10.0
_TIMES = 5


def resume(subject: Subject, effort: Effort) -> Findings:
    """Warm beside cold, from opening the runtime on; and what keeping a thousand tokens costs."""
    kept = replace(subject.settings, max_tokens=_REPLY_TOKENS, snapshots=True)
    subject = replace(subject, settings=kept)
    conversation, snapshot = _talk_and_crash(subject)
    pairs = []
    for n in range(effort.rounds):
        subject.tell(f"resume: round {n + 1} of {effort.rounds}")
        cold_s = _first_s(subject, conversation, snapshots=False)
        pairs.append((cold_s, _first_s(subject, conversation, snapshots=True)))
    name = f"{RESUME_ROW}{len(snapshot.tokens)} tokens"
    first = Row.of_pairs(name, pairs, "s (raw: reading it all again)")
    return Findings((first, *_cost_rows(subject, snapshot)))


def _talk_and_crash(subject: Subject) -> tuple[str, Snapshot]:
    """A long prompt is answered, and its worker killed: the conversation, and what was kept."""
    subject.tell("resume: a long prompt")
    with subject.open() as runtime:
        depth = min(_DEPTH_TOKENS, runtime.n_ctx - _ROOM_TOKENS)
        session = runtime.session()
        hear(session, long_text(count_with(runtime), depth, 0))
        become_quiet(runtime)
        assert session.conversation_id is not None
        snapshot = _kept(_snapshots(subject), session.conversation_id)
        if (pid := worker_pid(runtime)) is not None:
            os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        return session.conversation_id, snapshot


def _snapshots(subject: Subject) -> Snapshots:
    options = subject.options()
    assert options.keep is not None
    return snapshots_for(options.keep, options.load)


def _kept(snapshots: Snapshots, conversation: str) -> Snapshot:
    """The snapshot, once the disk has it."""
    deadline = time.monotonic() + _ON_DISK_S
    while (snapshot := snapshots.read(conversation)) is None:
        if time.monotonic() > deadline:
            raise EdgeError(
                say(
                    "no snapshot was written within {seconds:g} s: nothing to time",
                    seconds=_ON_DISK_S,
                )
            )
        time.sleep(0.1)
    return snapshot


def _first_s(subject: Subject, conversation: str, *, snapshots: bool) -> float:
    """From opening a runtime on what the crash left to the first text of the next reply."""
    with _as_left(subject) as left:
        started = time.perf_counter()
        with left.open(snapshots=snapshots) as runtime:
            opened_s = time.perf_counter() - started
            return opened_s + hear(runtime.session(conversation), _QUESTION).first_s


@contextmanager
def _as_left(subject: Subject) -> Iterator[Subject]:
    """The subject with a copy of its folders, so that every round finds the same."""
    old = subject.folders.data
    with tempfile.TemporaryDirectory(dir=old.parent, prefix="bench-") as away:
        data = Path(shutil.copytree(old, Path(away) / "data"))
        store = data / subject.folders.store.name
        yield replace(subject, folders=replace(subject.folders, data=data, store=store))


def _cost_rows(subject: Subject, snapshot: Snapshot) -> tuple[Row, ...]:
    """The parts of keeping a timeline, one by one, in this process."""
    options, snapshots = subject.options(), _snapshots(subject)
    per_thousand = 1000 / len(snapshot.tokens)
    with closing(Model(options.path, gpu=options.gpu, repack=options.layout.repack)) as model:
        threads = Threads(options.n_threads, fixed=True)
        timeline = Timeline(model, n_ctx=options.n_ctx, threads=threads, layout=options.layout)
        with closing(timeline):
            timeline.resume(snapshot)
            copy_ms = _median_ms(timeline.snapshot)
    write_ms = _median_ms(lambda: snapshots.write("bench", snapshot))
    read_ms = _median_ms(lambda: snapshots.read("bench"))
    costs = {
        "copied": (copy_ms, "ms"),
        "written to disk": (write_ms, "ms"),
        "read from disk": (read_ms, "ms"),
        "held": (len(snapshot.state) / MIB, "MiB"),
    }
    return tuple(
        Row(f"state {done}, per 1,000 tokens", None, value * per_thousand, None, unit)
        for done, (value, unit) in costs.items()
    )


def _median_ms(work: Callable[[], object]) -> float:
    took_s = []
    for _ in range(_TIMES):
        started = time.perf_counter()
        work()
        took_s.append(time.perf_counter() - started)
    return median(took_s) * 1000
