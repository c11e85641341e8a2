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
