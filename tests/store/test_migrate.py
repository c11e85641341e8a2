"""A store of an older version is brought up to date, with a copy of it as it was."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from old_store import OldTurn, write_old_store

from edge.core.errors import DiskFull, EdgeError, StoreDamaged
from edge.store.backup import backups
from edge.store.conversations import Conversations
from edge.store.database import open_database
from edge.store.schema import MIGRATIONS, Migration
from edge.store.search import Search
from small_disk import small_disk

TALKS = {
    "aaaa1111": [
        OldTurn("t1", "how do bees fly?", "with wings " * 100),
        OldTurn("t2", "and wasps?"),
    ],
    "bbbb1111": [OldTurn("t3", "量子计算机是什么", "它用量子比特")],
    "cccc1111": [],
}
OLD = pytest.mark.parametrize("n_migrations", [1, 2])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "edge.db"


@OLD
def test_an_old_store_is_read_as_it_was(path: Path, n_migrations: int) -> None:
    write_old_store(path, n_migrations, TALKS)
    with closing(open_database(path)) as database:
        conversations = Conversations(database)
        for talk_id, turns in TALKS.items():
            talk = conversations.get(talk_id)
            said = [(turn.id, turn.prompt.text, turn.reply.text) for turn in talk.turns]
            assert said == [(turn.id, turn.prompt, turn.reply) for turn in turns]
            assert (talk.title, talk.summary, talk.system) == ("", None, "be brief")
        assert [branch.is_current for branch in conversations.branches("aaaa1111")] == [True]
        database.check()


@OLD
def test_what_an_old_store_holds_is_found(path: Path, n_migrations: int) -> None:
    write_old_store(path, n_migrations, TALKS)
    with closing(open_database(path)) as database:
        search = Search(database)
        for words, turn_ids in (("bees", ["t1"]), ("wasps", ["t2"]), ("量子", ["t3", "t3"])):
            assert [hit.turn_id for hit in search.find(words)] == turn_ids


@OLD
def test_a_copy_of_the_old_store_is_kept_beside_it_once(path: Path, n_migrations: int) -> None:
    write_old_store(path, n_migrations, TALKS)
    with closing(sqlite3.connect(path)) as old:
        before = list(old.iterdump())
    for _ in range(2):
        open_database(path).close()
    (copy,) = backups(path)
    assert copy.name == f"edge.db.before-{MIGRATIONS[n_migrations].name.replace(' ', '-')}"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as kept:
        assert list(kept.iterdump()) == before
    assert not list(path.parent.glob("*.part"))


def test_a_new_store_has_no_copy(path: Path) -> None:
    open_database(path).close()
    assert [each.name for each in path.parent.iterdir()] == ["edge.db"]


def test_a_copy_that_is_there_is_not_overwritten(path: Path) -> None:
    write_old_store(path, 2, TALKS)
    first = path.with_name("edge.db.before-0003-talks")
    first.write_bytes(b"older")
    path.with_name(f"{first.name}.part").write_bytes(b"of a process that was killed")
    open_database(path).close()
    assert first.read_bytes() == b"older"
    assert [each.name for each in backups(path)] == [first.name, f"{first.name}-2"]


def test_what_is_deleted_is_deleted_in_the_copies_too(path: Path) -> None:
    secret = [OldTurn("t1", "my secret " * 1000, "a secret reply")]
    write_old_store(path, 2, {"aaaa1111": secret, "bbbb1111": [OldTurn("t2", "kept")]})
    with closing(open_database(path)) as database:
        Conversations(database).delete("aaaa1111")
    (copy,) = backups(path)
    assert b"secret" not in copy.read_bytes() + path.read_bytes()
    assert b"kept" in copy.read_bytes()


def test_where_a_copy_cannot_be_changed_nothing_is_deleted_and_it_is_named(path: Path) -> None:
    write_old_store(path, 2, TALKS)
    with closing(open_database(path)) as database:
        (copy,) = backups(path)
        copy.write_bytes(b"no database " * 1000)
        conversations = Conversations(database)
        with pytest.raises(StoreDamaged) as caught:
            conversations.delete("aaaa1111")
        assert caught.value.hint == f"rm {copy}"
        assert len(conversations.get("aaaa1111").turns) == 2
        copy.unlink()
        conversations.delete("aaaa1111")


def test_where_there_is_no_room_for_the_copy_the_store_stays_as_it_was(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 512 * 1024) as place:
        path = place / "edge.db"
        write_old_store(path, 2, {"aaaa1111": [OldTurn("t1", "x" * 200_000)]})
        before = path.read_bytes()
        with pytest.raises(DiskFull):
            open_database(path)
        assert path.read_bytes() == before
        assert [each.name for each in place.iterdir() if each.is_file()] == ["edge.db"]


def test_a_migration_that_fails_leaves_the_store_and_its_copy(path: Path) -> None:
    write_old_store(path, 2, TALKS)
    before = path.read_bytes()
    broken = Migration("0004 broken", ("CREATE TABLE turns (again TEXT)",))
    with pytest.raises(EdgeError):
        open_database(path, migrations=(*MIGRATIONS, broken))
    assert path.read_bytes() == before
    assert len(backups(path)) == 1
    open_database(path).close()
