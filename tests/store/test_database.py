"""The store's file with real SQLite: private, up to date, and whole or not touched."""

from __future__ import annotations

import os
import random
import resource
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from edge.core.conversation import Outcome
from edge.core.decision import Decision, Reason, Signals, Target
from edge.core.errors import Busy, DiskFull, EdgeError, StoreDamaged, UsageError
from edge.core.event import Attempt, Channel, Span, StopReason, Usage
from edge.core.message import Label, Message, Role
from edge.store.conversations import Conversations
from edge.store.database import open_database
from edge.store.schema import MIGRATIONS, Migration
from small_disk import make_read_only, small_disk

PAGE_BYTES = 4096
NOTES = Migration("9999 notes", ("CREATE TABLE notes (text TEXT NOT NULL) STRICT",))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "data" / "edge.db"


class Forgetful(sqlite3.Connection):
    """Leaves what is deleted in the file unless told; some systems ship an SQLite that does not."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.execute("PRAGMA secure_delete = OFF")


@pytest.fixture
def tmpfs(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 KiB."""
    with small_disk(tmp_path / "disk", 256 * 1024) as place:
        yield place


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def saying(text: str) -> Attempt:
    """An answer of these words."""
    signals = Signals(0, Label.PRIVATE, cloud_allowed=False)
    decision = Decision(Target.EDGE, Reason.CLOUD_OFF, signals)
    usage = Usage(1, 0, 1, 0.1, 0.1, 0.1)
    return Attempt(0, decision, "toy", StopReason.END, usage, None, (Span(Channel.ANSWER, text),))


def fill(path: Path, texts: list[str]) -> str:
    """Write one conversation that asks each text and hears it back; its id."""
    with closing(open_database(path)) as database:
        conversations = Conversations(database)
        talk, parent_id = conversations.start("toy", "be brief"), None
        for text in texts:
            turn = conversations.begin_turn(talk.id, parent_id, Message(Role.USER, text))
            parent_id = turn.id
            conversations.end_turn(turn.id, [saying(text)], Outcome.FINISHED)
    return talk.id


def read(path: Path, talk_id: str) -> list[str]:
    """What was asked and heard in a conversation."""
    with closing(open_database(path)) as database:
        turns = Conversations(database).get(talk_id).turns
    return [text for turn in turns for text in (turn.prompt.text, turn.reply.text)]


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_a_new_store_is_private_whatever_the_umask_says(path: Path, umask: int) -> None:
    path.parent.parent.mkdir()
    before = os.umask(umask)
    try:
        open_database(path).close()
    finally:
        os.umask(before)
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)


def test_a_store_that_others_could_read_is_closed_to_them(path: Path) -> None:
    open_database(path).close()
    path.chmod(0o644)
    open_database(path).close()
    assert mode(path) == 0o600


def test_a_folder_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    open_database(tmp_path / "edge.db").close()
    assert mode(tmp_path) == 0o755


def test_the_settings_that_keep_turns_safe_are_in_force(path: Path) -> None:
    names = (
        "journal_mode", "synchronous", "foreign_keys", "secure_delete", "mmap_size", "temp_store"
    )  # fmt: skip
    with closing(open_database(path)) as database, database.read() as connection:
        found = [connection.execute(f"PRAGMA {name}").fetchall() for name in names]
    values = [row[0][0] if row else 0 for row in found]
    assert values == ["delete", 2, 1, 1, 0, 2]


def test_each_migration_is_applied_once_and_by_name(path: Path) -> None:
    open_database(path).close()
    for _ in range(2):
        open_database(path, migrations=(*MIGRATIONS, NOTES)).close()
    with closing(sqlite3.connect(path)) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM migrations")]
    assert names == [*(migration.name for migration in MIGRATIONS), NOTES.name]


def test_a_migration_that_fails_leaves_the_store_as_it_was(path: Path) -> None:
    open_database(path).close()
    before = path.read_bytes()
    broken = Migration("0003 broken", (*NOTES.statements, "CREATE TABLE notes (again TEXT)"))
    with pytest.raises(EdgeError):
        open_database(path, migrations=(*MIGRATIONS, broken))
    assert path.read_bytes() == before


def test_a_store_of_a_newer_edge_is_refused_untouched_and_says_to_upgrade(path: Path) -> None:
    open_database(path, migrations=(*MIGRATIONS, NOTES)).close()
    before = path.read_bytes()
    with pytest.raises(UsageError) as caught:
        open_database(path)
    assert "'9999 notes'" in caught.value.message
    assert caught.value.hint == "a newer edge: pip install -U . in its checkout"
    assert path.read_bytes() == before


def test_a_sqlite_file_of_another_program_is_refused_untouched(path: Path) -> None:
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    before = path.read_bytes()
    with pytest.raises(UsageError, match="another program"):
        open_database(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_damaged_and_untouched(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"dear diary, " * 1000)
    with pytest.raises(StoreDamaged) as caught:
        open_database(path)
    assert caught.value.exit_code == 40
    assert str(path) in caught.value.hint
    assert path.read_bytes() == b"dear diary, " * 1000


def test_no_zeroed_page_is_shown_as_text_or_changes_the_file(path: Path) -> None:
    # Long texts: the last page of each is one that SQLite itself cannot check.
    texts = [letter * 10_000 for letter in "abcdef"]
    talk_id = fill(path, texts)
    sound = path.read_bytes()
    n_pages = len(sound) // PAGE_BYTES
    assert n_pages > 20
    damaged = 0
    for page in range(n_pages):
        start = page * PAGE_BYTES
        broken = sound[:start] + bytes(PAGE_BYTES) + sound[start + PAGE_BYTES :]
        path.write_bytes(broken)
        try:
            assert read(path, talk_id) == [text for text in texts for _ in "ab"]
        except StoreDamaged:
            damaged += 1
        assert path.read_bytes() == broken
    # Each of the twelve texts fills two pages at the least.
    assert damaged >= 24


@pytest.mark.parametrize("reading", ["check", "latest"])
def test_damage_in_the_words_of_the_schema_is_damage(path: Path, reading: str) -> None:
    """SQLite quotes the words it stumbled over, and these are no text any more."""
    fill(path, ["kept"])
    renamed = path.read_bytes().replace(b"tableturnsturns", b"table\xfc\xfdrnsturns")
    path.write_bytes(renamed.replace(b"CREATE TABLE turns", b"CREATE TABLE tu  s"))
    with pytest.raises(StoreDamaged) as caught:
        use(path, reading)
    assert caught.value.exit_code == 40


def use(path: Path, reading: str) -> None:
    with closing(open_database(path)) as database:
        database.check() if reading == "check" else Conversations(database).latest()


def test_no_damage_to_the_first_pages_gets_past_our_errors(path: Path) -> None:
    fill(path, ["kept"])
    sound = path.read_bytes()
    chance = random.Random(20261121)
    found = set()
    for _ in range(150):
        spoilt = bytearray(sound)
        at, length = chance.randrange(3 * PAGE_BYTES), chance.choice([1, 4, 64, 512])
        spoilt[at : at + length] = chance.randbytes(length)
        path.write_bytes(spoilt)
        for reading in ("check", "latest"):
            try:
                use(path, reading)
            except EdgeError as error:
                found.add(type(error))
    assert found <= {StoreDamaged, UsageError}
    assert StoreDamaged in found


def test_check_reads_all_and_names_the_damage(path: Path) -> None:
    fill(path, ["a" * 50_000])
    with closing(open_database(path)) as database:
        database.check()
    content = bytearray(path.read_bytes())
    content[-PAGE_BYTES * 3 : -PAGE_BYTES * 2] = bytes(PAGE_BYTES)
    path.write_bytes(content)
    with closing(open_database(path)) as database, pytest.raises(StoreDamaged):
        database.check()


def test_a_cut_file_is_damaged_and_untouched(path: Path) -> None:
    talk_id = fill(path, ["a" * 50_000])
    cut = path.read_bytes()[: 7 * PAGE_BYTES]
    path.write_bytes(cut)
    with pytest.raises(StoreDamaged):
        read(path, talk_id)
    assert path.read_bytes() == cut


def test_a_writer_that_waits_too_long_is_told_who_is_in_the_way(path: Path) -> None:
    with closing(open_database(path)) as database, closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy) as caught, database.write():
            pytest.fail("two writers at once")
    assert caught.value.exit_code == 13
    assert "5 s" in caught.value.message


def test_a_full_disk_refuses_the_turn_and_keeps_those_before(tmpfs: Path) -> None:
    path = tmpfs / "edge.db"
    talk_id = fill(path, ["kept"])
    with closing(open_database(path)) as database:
        conversations = Conversations(database)
        with pytest.raises(DiskFull) as caught:
            conversations.begin_turn(talk_id, None, Message(Role.USER, "x" * 400_000))
        assert caught.value.exit_code == 12
        assert [turn.prompt.text for turn in conversations.get(talk_id).turns] == ["kept"]
        conversations.begin_turn(talk_id, None, Message(Role.USER, "short enough"))
        database.check()


def test_a_disk_that_refuses_to_write_is_not_called_a_damaged_file(path: Path) -> None:
    talk_id = fill(path, ["kept"])
    with closing(open_database(path)) as database:
        conversations = Conversations(database)
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
        try:
            with pytest.raises(StoreDamaged, match="the disk refused") as caught:
                conversations.begin_turn(talk_id, None, Message(Role.USER, "x" * 400_000))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert "mv" not in caught.value.hint
        conversations.begin_turn(talk_id, None, Message(Role.USER, "x" * 400_000))
        database.check()


def test_a_store_on_a_full_disk_is_not_half_created(tmpfs: Path) -> None:
    (tmpfs / "filler").write_bytes(bytes(256 * 1024 - 2 * PAGE_BYTES))
    with pytest.raises(DiskFull):
        open_database(tmpfs / "edge.db")
    (tmpfs / "filler").unlink()
    with closing(open_database(tmpfs / "edge.db")) as database:
        assert Conversations(database).latest() is None


def test_a_read_only_disk_is_an_error_with_a_way_out_and_reading_still_works(tmpfs: Path) -> None:
    talk_id = fill(tmpfs / "edge.db", ["kept"])
    make_read_only(tmpfs)
    with closing(open_database(tmpfs / "edge.db")) as database:
        conversations = Conversations(database)
        assert conversations.get(talk_id).turns[0].prompt.text == "kept"
        for write in (
            lambda: conversations.start("toy", ""),
            lambda: conversations.begin_turn(talk_id, None, Message(Role.USER, "hello")),
        ):
            with pytest.raises(UsageError) as caught:
                write()
            assert "EDGE_HOME" in caught.value.hint
    with pytest.raises(UsageError, match="Read-only file system") as caught:
        open_database(tmpfs / "new" / "edge.db")
    assert "EDGE_HOME" in caught.value.hint


def test_a_place_that_cannot_hold_a_store_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    for place in (tmp_path / "file" / "edge.db", tmp_path / "folder"):
        with pytest.raises(UsageError) as caught:
            open_database(place)
        assert "EDGE_HOME" in caught.value.hint
    assert mode(tmp_path / "folder") & stat.S_IXUSR


def test_a_failed_block_leaves_nothing_behind_and_the_store_usable(path: Path) -> None:
    with closing(open_database(path, migrations=(*MIGRATIONS, NOTES))) as database:

        def break_off() -> None:
            with database.write() as connection:
                connection.execute("INSERT INTO notes VALUES ('half')")
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            break_off()
        with database.write() as connection:
            connection.execute("INSERT INTO notes VALUES ('whole')")
        with database.read() as connection:
            assert [row[0] for row in connection.execute("SELECT text FROM notes")] == ["whole"]


def test_threads_write_and_read_through_one_open_store(path: Path) -> None:
    with closing(open_database(path)) as database:
        conversations = Conversations(database)
        talk = conversations.start("toy", "")
        seen: list[int] = []

        def write() -> None:
            for n in range(25):
                conversations.begin_turn(talk.id, None, Message(Role.USER, f"prompt {n}"))

        def read() -> None:
            seen.extend(conversations.list()[0].n_turns for _ in range(25))

        threads = [threading.Thread(target=each) for each in (write, write, read)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(conversations.branches(talk.id)) == 50
    assert seen == sorted(seen)
    assert len(seen) == 25


def test_a_closed_store_says_so(path: Path) -> None:
    database = open_database(path)
    database.close()
    database.close()
    with pytest.raises(UsageError, match="closed"):
        Conversations(database).latest()


def test_what_is_deleted_is_overwritten_in_the_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Forgetful))
    talk_id = fill(path, ["my secret " * 5_000, "my other secret"])
    assert b"secret" in path.read_bytes()
    with closing(open_database(path)) as database:
        Conversations(database).delete(talk_id)
    assert b"secret" not in path.read_bytes()
