"""What was typed and not sent is there again, and gone with its talk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge.store.conversations import Conversations
from edge.store.database import Database, open_database
from edge.store.drafts import NEW, Drafts


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(open_database(tmp_path / "edge.db")) as database:
        yield database


def test_a_draft_is_there_when_the_store_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "talks" / "edge.db"
    with closing(open_database(path)) as database:
        talk = Conversations(database).start("toy", "")
        Drafts(database).put(talk.id, "half a\nthou")
        Drafts(database).put(talk.id, "half a\nthought 一半")
        Drafts(database).put(NEW, "another")
    with closing(open_database(path)) as database:
        drafts = Drafts(database)
        assert (drafts.get(talk.id), drafts.get(NEW)) == ("half a\nthought 一半", "another")


def test_an_empty_draft_is_none(database: Database) -> None:
    drafts = Drafts(database)
    drafts.put(NEW, "x")
    drafts.put(NEW, "")
    assert drafts.get(NEW) == drafts.get("nobody") == ""
    with database.read() as connection:
        assert connection.execute("SELECT count(*) FROM drafts").fetchone()[0] == 0


def test_a_draft_is_deleted_with_its_talk_and_not_written_after(database: Database) -> None:
    conversations, drafts = Conversations(database), Drafts(database)
    talk = conversations.start("toy", "")
    drafts.put(talk.id, "my secret draft")
    conversations.delete(talk.id)
    drafts.put(talk.id, "my secret draft")
    assert drafts.get(talk.id) == ""
    assert b"secret" not in database.path.read_bytes()


# Two who have not begun.


@pytest.fixture
def other(database: Database) -> Iterator[Database]:
    """The same store, as another process opens it."""
    with closing(open_database(database.path)) as other:
        yield other


def test_two_that_are_typed_at_once_are_two_drafts(database: Database, other: Database) -> None:
    one, two = Drafts(database), Drafts(other)
    one.put(NEW, "a long letter")
    assert two.get(NEW) == ""
    two.put(NEW, "hm")
    assert (one.get(NEW), two.get(NEW)) == ("a long letter", "hm")
    two.put(NEW, "")
    assert (one.get(NEW), two.get(NEW)) == ("a long letter", "")


def test_what_those_left_who_are_gone_goes_to_those_who_come_once_and_the_latest_first(
    database: Database, other: Database
) -> None:
    with database.write() as connection:  # by a version whose processes shared one
        connection.execute("INSERT INTO drafts VALUES ('new', 'of long ago')")
    for text in ("the first", "the second"):
        with closing(open_database(database.path)) as gone:
            Drafts(gone).put(NEW, text)
    one, two = Drafts(database), Drafts(other)
    assert [each.get(NEW) for each in (one, two, one)] == ["the second", "the first", "the second"]
    one.put(NEW, "")
    assert one.get(NEW) == "of long ago"


def test_who_opens_the_store_anew_goes_on_with_its_draft(
    database: Database, other: Database
) -> None:
    old, new = Drafts(database), Drafts(other)
    old.put(NEW, "half a line")
    new.follow(old)
    database.close()
    assert new.get(NEW) == "half a line"
    new.put(NEW, "")
    with other.read() as connection:
        assert connection.execute("SELECT count(*) FROM drafts").fetchone()[0] == 0
