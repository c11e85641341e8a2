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

from edge.core.conversation import Outcome, Turn
from edge.store.conversations import Conversations
from edge.store.database import open_database
from edge.store.drafts import Drafts
from edge.store.search import Search

CHECKOUT = Path(__file__).parents[2]
WRITER = Path(__file__).with_name("writer.py")
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


def kill_and_read(path: Path, seed: int, n_kills: int) -> None:
    """Kill writers at random points; all that was acknowledged is there, and nothing is half."""
    chance = random.Random(seed)
    said = [acknowledged_until_killed(path, chance) for _ in range(n_kills)]
    with closing(open_database(path)) as database:
        conversations, drafts = Conversations(database), Drafts(database)
        conversations.recover()
        assert list(path.with_name("edge.db-owners").iterdir()) == []
        database.check()
        turns: dict[str, Turn] = {}
        for lines in said:
            (_, talk_id), *acts = [line.split() for line in lines]
            own = all_turns(conversations, talk_id)
            turns |= own
            acknowledged_is_kept(own, acts)
            heads, typed = possible_ends(acts)
            kept = conversations.get(talk_id).turns
            head = kept[-1].id if kept else None
            # One that nobody was told of yet follows where the talk was.
            unheard = set(own) - {each[1] for each in acts if each[0] == "begun"}
            assert head in heads or (head in unheard and own[str(head)].parent_id in heads)
            assert crc32(drafts.get(talk_id).encode()) in typed
        assert len(conversations.list(limit=n_kills + 1)) == n_kills
        hits = [hit for word in "abcde" for hit in Search(database).find(9 * word, 10**6)]
        assert {hit.turn_id for hit in hits} == turns.keys()
    # Each process was killed with at most one turn open, and none stays open.
    outcomes = [turn.outcome for turn in turns.values()]
    assert set(outcomes) <= {Outcome.FINISHED, Outcome.INCOMPLETE}
    assert 0 < outcomes.count(Outcome.INCOMPLETE) <= n_kills
    assert all(turn.attempts for turn in turns.values() if turn.outcome is Outcome.FINISHED)
    assert not any(turn.attempts for turn in turns.values() if turn.outcome is Outcome.INCOMPLETE)


def all_turns(conversations: Conversations, talk_id: str) -> dict[str, Turn]:
    """The turns of all branches of a talk, by id."""
    return {turn.id: turn for turn in conversations.every_turn(talk_id)}


def acknowledged_is_kept(turns: dict[str, Turn], acts: list[list[str]]) -> None:
    for what, *about in acts:
        if what in ("begun", "ended"):
            turn_id, crc = about
            turn = turns[turn_id]
            kept = turn.prompt if what == "begun" else turn.reply
            assert crc32(kept.text.encode()) == int(crc)
            assert what == "begun" or turn.outcome is Outcome.FINISHED


def possible_ends(acts: list[list[str]]) -> tuple[set[str | None], set[int]]:
    """Where the talk may be and what may be typed: what was told last, or begun after that."""
    heads: set[str | None] = {None}
    typed = {0}
    for what, about, *_ in acts:
        match what:
            case "begun" | "at":
                heads = {about}
            case "going":
                heads = heads | {about}
            case "typed":
                typed = {int(about)}
            case "typing":
                typed = typed | {int(about)}
    return heads, typed


def test_nothing_acknowledged_is_lost_by_kill_9(tmp_path: Path) -> None:
    kill_and_read(tmp_path / "edge.db", SEED, n_kills=20)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(4))
def test_nothing_acknowledged_is_lost_by_many_kills(tmp_path: Path, seed: int) -> None:
    kill_and_read(tmp_path / "edge.db", seed, n_kills=50)


@pytest.mark.parametrize(("n_processes", "n_turns"), [(2, 50), (4, 25)])
def test_processes_write_one_store_and_none_is_turned_away(
    tmp_path: Path, n_processes: int, n_turns: int
) -> None:
    path = tmp_path / "edge.db"  # they all find no store, and one of them creates it
    with children(path, *([seed, n_turns] for seed in range(n_processes))) as running:
        ends = [(*each.communicate(timeout=120), each.returncode) for each in running]
    assert [(errors, code) for _, errors, code in ends] == [("", 0)] * n_processes
    with closing(open_database(path)) as database:
        database.check()
        talks = Conversations(database).list()
        kept = [all_turns(Conversations(database), talk.id) for talk in talks]
    said = [line.split() for output, _, _ in ends for line in output.splitlines()]
    assert {name for turns in kept for name in turns} == {s[1] for s in said if s[0] == "ended"}
    assert [len(turns) for turns in kept] == [n_turns] * n_processes


def test_recover_waits_for_the_death_of_the_process_that_answers(tmp_path: Path) -> None:
    path = tmp_path / "edge.db"
    with closing(open_database(path)) as database:
        conversations = Conversations(database)
        with children(path, []) as (answering,):
            assert answering.stdout is not None
            turn_id = answering.stdout.readline().split()[1]
            assert conversations.recover() == 0
            assert conversations.find_turn(turn_id).outcome is Outcome.OPEN
        assert answering.returncode == -signal.SIGKILL
        assert conversations.recover() == 1
        assert conversations.find_turn(turn_id).outcome is Outcome.INCOMPLETE
