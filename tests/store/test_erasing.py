"""A conversation goes in pieces that nobody waits long for, and a kill in between does no harm."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import FrameType

import pytest
from old_store import OldTurn, write_old_store
from writer import attempt

from edge.core.conversation import Outcome
from edge.core.errors import UnknownName
from edge.core.message import Message, Role
from edge.store.backup import backups
from edge.store.conversations import Conversations
from edge.store.database import open_database
from edge.store.search import Search
from edge.store.words import terms

# Two of these are a piece: dashes take room and hold no words.
LONG = "xylophone " + "-" * 1_100_000
N_TURNS = 5


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "edge.db"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A store of a conversation of several pieces, with branches, and a small one; its id."""
    path = tmp_path_factory.mktemp("filled") / "edge.db"
    with closing(open_database(path)) as database:
        kept = Conversations(database)
        talk, small = kept.start("toy", ""), kept.start("toy", "")
        kept.begin_turn(small.id, None, Message(Role.USER, "honeycomb"))
        first = None
        for n in range(N_TURNS):
            turn = kept.begin_turn(talk.id, first, Message(Role.USER, f"{n} {LONG}"))
            kept.end_turn(turn.id, [attempt(f"xylem{n}")], Outcome.FINISHED)
            first = first or turn.id
    return path, talk.id


@pytest.fixture
def large(path: Path, filled: tuple[Path, str]) -> str:
    """The id of the large conversation, in a store of its own at `path`."""
    shutil.copy(filled[0], path)
    return filled[1]


def delete(path: Path, conversation_id: str, on_statement: Callable[[str], object]) -> None:
    """Delete a conversation; each statement is told before it is run."""
    told = [""]

    def tell(statement: str) -> None:
        if statement != told[-1]:  # SQLite tells it again for each row that goes with one
            told.append(statement)
            on_statement(statement)

    with closing(open_database(path)) as database:
        with database.read() as connection:
            connection.execute("PRAGMA cache_size = 1")  # what is half done is in the file
            connection.set_trace_callback(tell)
        Conversations(database).delete(conversation_id)


def test_no_transaction_removes_much_and_none_waits_for_terms(path: Path, large: str) -> None:
    done: list[str] = []

    def on_call(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code is terms.__code__:
            done.append("terms")

    sys.setprofile(on_call)
    try:
        delete(path, large, done.append)
    finally:
        sys.setprofile(None)
    writing, removed, n_terms = False, [0], []
    for each in done:
        if each.startswith("BEGIN"):
            writing = each == "BEGIN IMMEDIATE"
            removed.append(0)
        elif each == "COMMIT":
            writing = False
        elif each == "terms":
            n_terms.append(writing)
        elif each.startswith("DELETE FROM turns"):
            removed[-1] += 1
    assert sum(removed) == N_TURNS
    assert max(removed) == 2
    assert n_terms
    assert not any(n_terms)


@pytest.mark.parametrize(
    ("statement", "nth"),
    [
        ("DELETE FROM turns", 4),
        ("BEGIN IMMEDIATE", 2),
        ("INSERT INTO words (words, rank)", 1),
        ("DELETE FROM conversations", 1),
    ],
)
def test_a_deletion_that_was_killed_leaves_a_sound_store_and_can_be_done_again(
    path: Path, large: str, statement: str, nth: int
) -> None:
    def count(told: str, seen: list[str]) -> None:
        if told.startswith(statement):
            seen.append(told)
            if len(seen) == nth:
                os.kill(os.getpid(), signal.SIGKILL)

    if (child := os.fork()) == 0:
        seen: list[str] = []
        delete(path, large, lambda told: count(told, seen))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    with closing(open_database(path)) as database:
        database.check()
        kept, search = Conversations(database), Search(database)
        left = {turn.id for turn in kept.every_turn(large)}
        assert {turn.id for turn in kept.get(large).turns} <= left
        assert {hit.turn_id for hit in search.find("xylophone")} == left
        assert len(left) == {"DELETE FROM turns": 5 - (nth - 1) // 2 * 2}.get(statement, len(left))
        kept.delete(large)
        assert search.find("xylophone") == ()
        assert len(search.find("honeycomb")) == 1
        with pytest.raises(UnknownName):
            kept.delete(large)
        database.check()
    content = path.read_bytes()
    assert b"ylophone" not in content
    assert b"ylem" not in content


def test_a_turn_that_is_begun_while_its_conversation_goes_goes_too(path: Path, large: str) -> None:
    begun: list[str] = []

    def begin_one(statement: str) -> None:
        """Between two pieces, as another process would."""
        if statement == "BEGIN" and waits.pop(0):
            with closing(open_database(path)) as other:
                kept = Conversations(other)
                head = kept.get(large).turns[-1].id
                begun.append(kept.begin_turn(large, head, Message(Role.USER, "zebrafish")).id)

    waits = [False, False, True] + [False] * 20
    delete(path, large, begin_one)
    assert begun
    with closing(open_database(path)) as database:
        database.check()
        assert [row.opening for row in Conversations(database).list()] == ["honeycomb"]
    assert b"zebrafish" not in path.read_bytes()


@pytest.mark.parametrize(
    ("reply", "harm"),
    [
        ("xylem " * 80, "UPDATE spans SET packed = substr(packed, 1, 12) WHERE packed NOT NULL"),
        ("xylem", "UPDATE spans SET text = 'another reply' WHERE text = 'xylem'"),
        ("xylem", "UPDATE turns SET text = 'another prompt' WHERE text = 'a xylophone'"),
    ],
)
def test_of_a_damaged_text_no_word_stays_behind_its_conversation(
    path: Path, reply: str, harm: str
) -> None:
    with closing(open_database(path)) as database:
        kept = Conversations(database)
        for prompt in ("honeycomb, not damaged", "a xylophone"):
            talk = kept.start("toy", "")
            turn = kept.begin_turn(talk.id, None, Message(Role.USER, prompt))
            kept.end_turn(turn.id, [attempt(reply)], Outcome.FINISHED)
        with database.write() as connection:
            connection.execute(f"{harm} AND rowid = (SELECT max(rowid) FROM {harm.split()[1]})")
        kept.delete(talk.id)
        database.check()
        assert len(Search(database).find("honeycomb")) == len(Search(database).find("xylem")) == 1
        with database.read() as connection:
            found = connection.execute("SELECT rowid FROM words WHERE words MATCH 'xylem'")
            assert [row[0] for row in found] == [1]
    assert b"ylophone" not in path.read_bytes()


# Copies of a store that were kept before a migration.

TALKS = {
    "aaaa1111": [OldTurn("t1", "my secret " * 9000, "a secret reply")],
    "bbbb1111": [OldTurn("t2", "a hidden one " * 9000)],
    "cccc1111": [OldTurn("t3", "kept")],
}


def test_a_deletion_killed_in_a_copy_can_be_done_again(path: Path) -> None:
    write_old_store(path, 2, TALKS)
    open_database(path).close()
    (copy,) = backups(path)
    if (child := os.fork()) == 0:
        connection = sqlite3.connect(copy, isolation_level=None)
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM conversations WHERE id = 'aaaa1111'")
        os._exit(9)
    os.waitpid(child, 0)
    journal = copy.with_name(f"{copy.name}-journal")
    assert journal.stat().st_size
    assert backups(path) == (copy,)
    with closing(open_database(path)) as database:
        for talk_id in ("aaaa1111", "bbbb1111"):
            Conversations(database).delete(talk_id)
    assert not journal.exists()
    for each in (path, copy):
        assert b"secret" not in each.read_bytes()
        assert b"hidden" not in each.read_bytes()


def test_a_copy_that_is_gone_is_passed_over_and_not_made_anew(path: Path) -> None:
    write_old_store(path, 2, TALKS)
    with closing(open_database(path)) as database:
        (copy,) = backups(path)
        gone = copy.with_name(f"{copy.name}-2")
        gone.symlink_to(path.with_name("removed"))
        assert backups(path) == (copy, gone)
        Conversations(database).delete("aaaa1111")
    assert not gone.exists()
    assert b"secret" not in copy.read_bytes() + path.read_bytes()


def test_two_may_delete_at_once(path: Path) -> None:
    write_old_store(path, 2, TALKS)
    open_database(path).close()

    def delete_one(talk_id: str) -> None:
        with closing(open_database(path)) as database:
            Conversations(database).delete(talk_id)

    with ThreadPoolExecutor() as pool:
        list(pool.map(delete_one, ["aaaa1111", "bbbb1111"]))
    (copy,) = backups(path)
    for each in (path, copy):
        assert b"secret" not in each.read_bytes()
        assert b"hidden" not in each.read_bytes()
