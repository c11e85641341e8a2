"""`edge log repair`: a damaged store is saved beside itself, and put in its place when told."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge.cli.main import run
from edge.core.conversation import Outcome
from edge.settings.folders import Folders
from edge.store.conversations import Conversations
from edge.store.database import open_database
from talks import keep, talk, turn
from terminal import at_terminal

LOST = "a word that is damaged"


@pytest.fixture
def store(edge_home: Path) -> Path:
    """A store of two conversations."""
    path = Folders.below(edge_home).store
    with closing(open_database(path)) as database:
        kept = Conversations(database)
        keep(kept, talk(turn("hello", "there"), title="Whole"))
        keep(kept, talk(turn("good", "day"), turn(LOST, "no", id="b", parent_id="m2xq0000")))
    return path


@pytest.fixture
def damaged(store: Path) -> Path:
    """The same, with one letter of one prompt flipped."""
    content = store.read_bytes()
    assert content.count(LOST.encode()) == 1
    store.write_bytes(content.replace(LOST.encode(), LOST.upper().encode()))
    return store


def prompts(store: Path) -> list[str]:
    """Every prompt that can be read, newest conversation first."""
    with closing(open_database(store)) as database:
        kept = Conversations(database)
        talks = [kept.get(row.id) for row in kept.list()]
    return [each.prompt.text for talk in talks for each in talk.turns]


def beside(store: Path) -> set[str]:
    return {path.name for path in store.parent.iterdir() if path.is_file()}


def test_a_sound_store_is_said_to_be_sound_and_nothing_is_left_beside_it(store, capsys):
    before = store.read_bytes()
    assert run(["log", "repair", "--yes"]) == 0
    assert capsys.readouterr().err == f"{store} is sound: all of it can be read\n"
    assert beside(store) == {"edge.db"}
    assert store.read_bytes() == before


def test_a_store_that_cannot_be_read_is_not_called_sound_though_nothing_is_lost(store, capsys):
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute("UPDATE conversations SET head = 'nowhere' WHERE title = 'Whole'")
    assert run(["log", "repair", "--yes"]) == 0
    assert "nothing is known to be lost" in capsys.readouterr().err
    assert prompts(store) == ["good", LOST, "hello"]


def test_where_nobody_can_be_asked_the_damaged_store_stays_as_it_is(damaged, capsys):
    before = damaged.read_bytes()
    assert run(["log", "repair"]) == 0
    told = capsys.readouterr().err.splitlines()
    new = f"{damaged}.salvaged"
    assert told == [
        f"saved: 2 conversations with 2 turns, in {new}",
        "lost: 1 turn; 0 replies, or parts of them",
        f"{damaged} is as it was; to use the other: "
        f"mv {damaged} {damaged}.damaged && mv {new} {damaged}",
    ]
    assert damaged.read_bytes() == before
    assert prompts(Path(new)) == ["good", "hello"]


def test_with_yes_the_saved_store_takes_the_place_of_the_damaged_one(damaged, capsys):
    before = damaged.read_bytes()
    assert run(["log", "repair", "--yes"]) == 0
    assert prompts(damaged) == ["good", "hello"]
    aside = damaged.with_name("edge.db.damaged")
    assert aside.read_bytes() == before
    assert aside.stat().st_mode & 0o777 == 0o600
    assert f"the damaged one is {aside}" in capsys.readouterr().err
    assert run(["log", "show", "Whole"]) == 0


def test_a_second_damaged_store_does_not_overwrite_the_first(damaged):
    aside = damaged.with_name("edge.db.damaged")
    aside.write_text("the first")
    assert run(["log", "repair", "--yes"]) == 0
    assert aside.read_text() == "the first"
    assert damaged.with_name("edge.db.damaged-2").exists()


def test_a_journal_goes_aside_with_the_store_it_belongs_to(damaged):
    journal = damaged.with_name("edge.db-journal")
    journal.write_bytes(b"not a journal")
    assert run(["log", "repair", "--yes"]) == 0
    assert beside(damaged) == {"edge.db", "edge.db.damaged", "edge.db.damaged-journal"}
    assert prompts(damaged) == ["good", "hello"]


@pytest.mark.parametrize("answer", ["y", "n"])
def test_on_a_terminal_a_person_decides(damaged, answer):
    with at_terminal("log", "repair") as screen:
        screen.wait("[y/N]: ")
        assert "lost: 1 turn" in screen.text
        screen.type(answer)
        assert screen.wait_end() == 0
    assert ("edge.db.damaged" in beside(damaged)) == (answer == "y")


def test_a_store_somebody_talks_in_is_left_alone(store, capsys):
    with closing(open_database(store)) as database:
        keep(Conversations(database), talk(turn("hi", outcome=Outcome.OPEN)))
        assert run(["log", "repair", "--yes"]) == 13
    assert "leave the chats that are open" in capsys.readouterr().err
    assert beside(store) == {"edge.db"}


@pytest.mark.parametrize("content", [b"", b"no database at all\n" * 500])
def test_a_file_that_holds_no_conversation_is_an_error_and_stays(edge_home, content, capsys):
    path = Folders.below(edge_home).store
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert run(["log", "repair", "--yes"]) == 40
    assert "nothing of a conversation" in capsys.readouterr().err
    assert beside(path) == {"edge.db"}
    assert path.read_bytes() == content


def test_without_a_store_there_is_nothing_to_repair(edge_home, capsys):
    assert run(["log", "repair"]) == 2
    assert "there is no store" in capsys.readouterr().err
    assert not edge_home.exists()
