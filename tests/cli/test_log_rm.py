"""`edge log rm`: what is deleted is in no file, and nothing goes that nobody agreed to."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

import edge
from edge.cli.main import run
from edge.core.conversation import Conversation, Outcome
from edge.loading.model import snapshots_beside
from edge.settings.folders import Folders
from edge.store.conversations import Conversations
from edge.store.database import open_database
from edge.store.drafts import Drafts
from talks import keep, talk, turn
from terminal import at_terminal
from test_forgetting import converse, holding
from tiny_home import furnish


@pytest.fixture
def folders(edge_home: Path) -> Folders:
    return Folders.below(edge_home)


def kept_talks(folders: Folders, *prompts: str, **more: object) -> list[Conversation]:
    """One conversation a prompt, kept in the store."""
    with closing(open_database(folders.store)) as database:
        kept = Conversations(database)
        return [keep(kept, talk(turn(prompt, "yes", **more))) for prompt in prompts]


def ids_left(folders: Folders) -> set[str]:
    with closing(open_database(folders.store)) as database:
        return {row.id for row in Conversations(database).list()}


def test_what_is_deleted_is_in_no_file_not_even_what_the_model_read_or_was_drafted(folders):
    furnish(folders.home)
    with edge.open("tiny", max_tokens=4, n_ctx=2048) as runtime:
        one, other = runtime.session(system="a xylophagous rule " * 9), runtime.session()
        converse(one, "a xylophagous word")
        converse(other, "hello")
    with closing(open_database(folders.store)) as database:
        Conversations(database).set_title(one.conversation_id, "xylophagous", by_user=True)
        Drafts(database).put(one.conversation_id, "xylophagous draft")
    assert f"{one.conversation_id}.kv" in holding(folders.home, "xylophagous")
    assert run(["log", "rm", "--yes", "xylophagous"]) == 0
    assert holding(folders.home, "xylophagous") == []
    assert ids_left(folders) == {other.conversation_id}
    assert (snapshots_beside(folders.store) / f"{other.conversation_id}.kv").exists()


def test_without_a_terminal_and_without_yes_nothing_goes(folders, capsys):
    (one,) = kept_talks(folders, "hello")
    assert run(["log", "rm", one.id]) == 2
    assert f"try: edge log rm --yes {one.id}" in capsys.readouterr().err
    assert ids_left(folders) == {one.id}


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 130), ("", 130)])
def test_on_a_terminal_it_says_what_goes_and_asks(folders, answer, code):
    one, other = kept_talks(folders, "hello there", "and more")
    snapshots = snapshots_beside(folders.store)
    snapshots.mkdir()
    (snapshots / f"{one.id}.kv").write_bytes(bytes(3000))
    with at_terminal("log", "rm", one.id, other.id) as screen:
        screen.wait("good? [y/N]: ")
        assert f"{one.id}, 1 turn: hello there (and 3 KiB of what the model read)" in screen.text
        assert f"{other.id}, 1 turn: and more" in screen.text
        assert "Delete these 2 for good?" in screen.text
        screen.type(answer)
        assert screen.wait_end() == code
    assert ids_left(folders) == (set() if code == 0 else {one.id, other.id})
    assert ("nothing was deleted" in screen.text) == (code != 0)


def test_one_wrong_name_among_right_ones_deletes_nothing(folders, capsys):
    one, other = kept_talks(folders, "hello", "there")
    assert run(["log", "rm", "--yes", one.id, "nobody", other.id]) == 2
    assert ids_left(folders) == {one.id, other.id}


def test_a_name_given_twice_is_deleted_once(folders, capsys):
    one, other = kept_talks(folders, "hello", "there")
    assert run(["log", "rm", "--yes", one.id, one.id[:6]]) == 0
    assert capsys.readouterr().err == f"deleted: {one.id}\n"
    assert ids_left(folders) == {other.id}


def test_files_that_a_repair_left_are_named_with_what_removes_them(folders, capsys):
    one, other = kept_talks(folders, "hello", "there")
    folder = folders.store.parent
    left = [folder / f"edge.db.{end}" for end in ("damaged", "damaged-journal", "salvaged-2")]
    for each in left:
        each.write_text("hello")
    killed = folder / "salvage-0a1b2c"
    killed.mkdir()
    (killed / "edge.db").write_text("hello")
    assert run(["log", "rm", "--yes", one.id]) == 0
    deleted, told = capsys.readouterr().err.splitlines()
    assert deleted == f"deleted: {one.id}"
    assert "3 files that may hold it still" in told
    assert told.endswith(": rm " + " ".join(map(str, left)))
    assert not killed.exists()
    for each in left:
        each.unlink()
    assert run(["log", "rm", "--yes", other.id]) == 0
    assert capsys.readouterr().err == f"deleted: {other.id}\n"


def test_a_conversation_that_is_being_answered_stays_until_it_is_not(folders, capsys):
    with closing(open_database(folders.store)) as database:
        kept = Conversations(database)
        open_one = keep(kept, talk(turn("hello", outcome=Outcome.OPEN)))
        assert run(["log", "rm", "--yes", open_one.id]) == 13
        assert "a reply is being written" in capsys.readouterr().err
        kept.end_turn(open_one.turns[0].id, [], Outcome.STOPPED)
    assert run(["log", "rm", "--yes", open_one.id]) == 0
    assert ids_left(folders) == set()


def test_a_conversation_whose_snapshot_cannot_be_deleted_is_still_there(folders, capsys):
    (one,) = kept_talks(folders, "hello")
    (snapshots_beside(folders.store) / f"{one.id}.kv").mkdir(parents=True)
    assert run(["log", "rm", "--yes", one.id]) == 2
    assert "snapshots" in capsys.readouterr().err
    assert ids_left(folders) == {one.id}
