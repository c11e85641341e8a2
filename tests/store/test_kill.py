"""The promise under kill -9 and under company: real processes (writer.py) on one store."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from zlib import crc32

import pytest

from edge.core.conversation import Outcome
from edge.store.conversations import Conversations
from edge.store.database import open_database

CHECKOUT = Path(__file__).parents[2]
WRITER = Path(__file__).with_name("writer.py")
N_KILLS = 30
SEED = 20261121


@contextmanager
def children(path: Path, *argument_lists: list[int]) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that write to one store; killed at the end if they still live."""
    environ = os.environ | {"PYTHONPATH": str(CHECKOUT)}
    running = [
        subprocess.Popen(
            [sys.executable, str(WRITER), str(path), *map(str, arguments)],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for arguments in argument_lists
    ]
    try:
        yield running
    finally:
        for each in running:
            each.kill()
            each.communicate()


def acknowledged_until_killed(path: Path, chance: random.Random) -> list[str]:
    """Let a child write for a while, kill it at a random moment, and read what it had said."""
    with children(path, [chance.getrandbits(32), 10_000]) as (writer,):
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(chance.randint(1, 12))]
        # Not to wait for anything: to fall somewhere into the next transaction.
        time.sleep(chance.uniform(0, 0.01))
        writer.send_signal(signal.SIGKILL)
        said += writer.stdout.readlines()
    assert writer.returncode == -signal.SIGKILL
    return [line for line in said if line.endswith("\n")]


def test_no_acknowledged_turn_is_lost_by_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "edge.db"
    chance = random.Random(SEED)
    said = [line for _ in range(N_KILLS) for line in acknowledged_until_killed(path, chance)]
    with closing(open_database(path)) as database:
        conversations = Conversations(database)
        conversations.recover()
        assert list(path.with_name("edge.db-owners").iterdir()) == []
        talks = [conversations.get(each.id) for each in conversations.list(limit=N_KILLS + 1)]
        database.check()
    turns = {turn.id: turn for talk in talks for turn in talk.turns}
    for line in said:
        what, turn_id, crc = line.split()
        turn = turns[turn_id]
        kept = turn.prompt if what == "begun" else turn.reply
        assert crc32(kept.text.encode()) == int(crc)
        assert what == "begun" or turn.outcome is Outcome.FINISHED
    assert len(talks) == N_KILLS
    # Each process was killed with at most one turn open, and none stays open.
    outcomes = [turn.outcome for turn in turns.values()]
    assert set(outcomes) <= {Outcome.FINISHED, Outcome.INCOMPLETE}
    assert 0 < outcomes.count(Outcome.INCOMPLETE) <= N_KILLS
    assert all(turn.attempts for turn in turns.values() if turn.outcome is Outcome.FINISHED)
    assert not any(turn.attempts for turn in turns.values() if turn.outcome is Outcome.INCOMPLETE)


@pytest.mark.parametrize(("n_processes", "n_turns"), [(2, 50), (4, 50)])
def test_processes_write_one_store_and_none_is_turned_away(
    tmp_path: Path, n_processes: int, n_turns: int
) -> None:
    path = tmp_path / "edge.db"  # they all find no store, and one of them creates it
    with children(path, *([seed, n_turns] for seed in range(n_processes))) as running:
        ends = [(*each.communicate(timeout=120), each.returncode) for each in running]
    assert [(errors, code) for _, errors, code in ends] == [("", 0)] * n_processes
    with closing(open_database(path)) as database:
        talks = [Conversations(database).get(s.id) for s in Conversations(database).list()]
        database.check()
    kept = {turn.id for talk in talks for turn in talk.turns}
    said = {line.split()[1] for output, _, _ in ends for line in output.splitlines()}
    assert kept == said
    assert [len(talk.turns) for talk in talks] == [n_turns] * n_processes


def test_recover_waits_for_the_death_of_the_process_that_answers(tmp_path: Path) -> None:
    path = tmp_path / "edge.db"
    with closing(open_database(path)) as database:
        conversations = Conversations(database)
        with children(path, []) as (answering,):
            assert answering.stdout is not None
            turn_id = answering.stdout.readline().split()[1]
            assert conversations.recover() == 0
            assert conversations.thread(turn_id)[0].outcome is Outcome.OPEN
        assert answering.returncode == -signal.SIGKILL
        assert conversations.recover() == 1
        assert conversations.thread(turn_id)[0].outcome is Outcome.INCOMPLETE
