"""A store in memory: all that a store does, and not a byte on the disk."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from edge.core.conversation import Outcome
from edge.core.message import Message, Role
from edge.store.conversations import Conversations
from edge.store.database import open_in_memory


def test_it_is_shared_by_those_who_name_the_same_place_and_gone_with_the_last(
    tmp_path: Path,
) -> None:
    path, other = tmp_path / "a home" / "edge.db", tmp_path / "other" / "edge.db"
    with closing(open_in_memory(path)) as second:
        with closing(open_in_memory(path)) as first, closing(open_in_memory(other)) as stranger:
            talk = Conversations(first).start("toy", "be brief")
            Conversations(first).begin_turn(talk.id, None, Message(Role.USER, "x" * 100_000))
            assert Conversations(stranger).latest() is None
        found = Conversations(second).get(talk.id)
        assert [turn.prompt.text for turn in found.turns] == ["x" * 100_000]
    with closing(open_in_memory(path)) as later:
        assert Conversations(later).latest() is None
    assert list(tmp_path.iterdir()) == []


def test_a_turn_that_is_being_answered_is_nobodys_to_recover(tmp_path: Path) -> None:
    path = tmp_path / "edge.db"
    with closing(open_in_memory(path)) as first, closing(open_in_memory(path)) as second:
        conversations = Conversations(first)
        talk = conversations.start("toy", "")
        turn = conversations.begin_turn(talk.id, None, Message(Role.USER, "hello"))
        assert Conversations(second).recover() == 0
        conversations.end_turn(turn.id, [], Outcome.FINISHED)
        assert Conversations(second).find_turn(turn.id).outcome is Outcome.FINISHED


def test_what_is_deleted_is_gone(tmp_path: Path) -> None:
    with closing(open_in_memory(tmp_path / "edge.db")) as database:
        conversations = Conversations(database)
        talk = conversations.start("toy", "")
        conversations.delete(talk.id)
        assert conversations.latest() is None
        database.check()
