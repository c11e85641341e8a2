"""`kill -9` while a timeline is being written: no half of it is read, and the talk goes on."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest
from asking import TOKEN_BY_TOKEN, MakeEngine, options_for
from keeping import await_write, keep_in, kept, told

from edge.core.message import Message, Role
from edge.engine.edge.engine import EdgeEngine
from edge.engine.edge.frames import Keep
from edge.engine.edge.keeper import snapshots_for
from edge.engine.edge.link import ThreadLink
from tiny_gguf import TinyShape, make_tiny

# Its state takes 4 KiB a token, so that a write has a middle to be killed in.
SHAPE = TinyShape(n_layers=8, n_heads=2, n_kv_heads=2, head_dim=64, hidden=128)
LONGEST_WRITE_S = 0.02  # some kills come behind its end


@contextmanager
def killed_in_the_write(engine: EdgeEngine, keep: Keep, after_s: float) -> Iterator[None]:
    """Kill the worker so long after it began to write what it read within."""

    def kill() -> None:
        await_write(keep)
        time.sleep(after_s)
        assert engine.worker_pid
        os.kill(engine.worker_pid, signal.SIGKILL)

    with ThreadPoolExecutor(1) as watcher:
        killed = watcher.submit(kill)
        yield
        killed.result()
    engine.close()


def halves(keep: Keep) -> list[Path]:
    """What kills left half written."""
    return list(Path(keep.folder).glob("*.part"))


def run_kills(make_engine: MakeEngine, folder: Path, n_kills: int, seed: int) -> int:
    """Kill in the write behind every other reply and go on; how many kills left half a file."""
    path, dice, n_halves = make_tiny(folder / "tiny.gguf", shape=SHAPE), random.Random(seed), 0
    keep, options = keep_in(folder / "snapshots"), {"layout": TOKEN_BY_TOKEN, "n_ctx": 8192}
    snapshots = snapshots_for(keep, options_for(path, **options).load)
    unharmed = make_engine(path, connect=ThreadLink, **options)
    messages = [Message(Role.USER, "begin " * 60)]

    def turn(engine: EdgeEngine, meanwhile: AbstractContextManager[object]) -> None:
        with meanwhile:
            reply, _ = told(engine, messages)
        assert reply == told(unharmed, messages)[0]
        messages.extend([Message(Role.ASSISTANT, reply), Message(Role.USER, "on")])

    for _ in range(n_kills):
        engine = make_engine(path, keep=keep, **options)
        turn(engine, killed_in_the_write(engine, keep, dice.uniform(0, LONGEST_WRITE_S)))
        n_halves += len(halves(keep))
        for half in halves(keep):
            os.utime(half, (0, 0))  # as if it were of another day
        # Whatever has a snapshot's name is whole.
        assert all(snapshots.read(each.stem) for each in snapshots.folder.glob("*.kv"))
        later = make_engine(path, keep=keep, **options)
        turn(later, closing(later))
        assert kept(keep) == ["talk.kv"]
    return n_halves


def test_a_write_that_was_killed_harms_nobody(make_engine: MakeEngine, tmp_path: Path) -> None:
    run_kills(make_engine, tmp_path, n_kills=3, seed=20261121)


@pytest.mark.campaign
def test_thirty_writes_that_were_killed_harm_nobody(
    make_engine: MakeEngine, tmp_path: Path
) -> None:
    assert run_kills(make_engine, tmp_path, n_kills=30, seed=1) > 0
