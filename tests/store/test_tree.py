"""A talk is a tree: where it is, where it could go, and that nothing is lost on the way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from writer import attempt

from edge.core.conversation import Outcome, Summary, Turn
from edge.core.errors import UnknownName
from edge.core.event import ContextUse
from edge.core.message import Label, Message, Role
from edge.store.conversations import Conversations
from edge.store.database import Database, open_database
from edge.store.past import private_texts


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(open_database(tmp_path / "edge.db")) as database:
        yield database


@pytest.fixture
def conversations(database: Database) -> Conversations:
    return Conversations(database)


def ask(conversations: Conversations, talk_id: str, text: str, after: Turn | None = None) -> Turn:
    return conversations.begin_turn(talk_id, after.id if after else None, Message(Role.USER, text))


def test_a_talk_is_at_the_turn_begun_last(conversations: Conversations) -> None:
    talk = conversations.start("toy", "")
    root = ask(conversations, talk.id, "root")
    left, right = (ask(conversations, talk.id, each, after=root) for each in ("left", "right"))
    assert conversations.get(talk.id).turns == (root, right)
    leaf = ask(conversations, talk.id, "leaf", after=left)
    assert conversations.get(talk.id).turns == (root, left, leaf)
    latest = conversations.latest()
    assert latest is not None
    assert latest.turns == (root, left, leaf)


def test_going_to_a_turn_loses_none(conversations: Conversations) -> None:
    talk = conversations.start("toy", "")
    root = ask(conversations, talk.id, "root")
    leaf = ask(conversations, talk.id, "leaf", after=root)
    conversations.go_to(talk.id, root.id)
    assert conversations.get(talk.id).turns == (root,)
    conversations.go_to(talk.id, None)
    assert conversations.get(talk.id).turns == ()
    again = ask(conversations, talk.id, "another root")
    assert conversations.get(talk.id).turns == (again,)
    conversations.go_to(talk.id, leaf.id)
    assert conversations.get(talk.id).turns == (root, leaf)


def test_a_talk_goes_only_to_turns_of_its_own(conversations: Conversations) -> None:
    talk, other = conversations.start("toy", ""), conversations.start("toy", "")
    elsewhere = ask(conversations, other.id, "hello")
    with pytest.raises(UnknownName, match=elsewhere.id):
        conversations.go_to(talk.id, elsewhere.id)
    with pytest.raises(UnknownName, match="nobody"):
        conversations.go_to("nobody", None)
    assert conversations.get(talk.id).turns == ()


def test_branches_are_named_by_where_they_depart(conversations: Conversations) -> None:
    talk = conversations.start("toy", "")
    assert conversations.branches(talk.id) == ()
    root = ask(conversations, talk.id, "root")
    left = ask(conversations, talk.id, "left", after=root)
    (only,) = conversations.branches(talk.id)
    assert (only.turn_id, only.opening, only.n_turns) == (left.id, "root", 2)
    assert only.last_at_utc == left.started_at_utc
    right = ask(conversations, talk.id, "right", after=root)
    leaf = ask(conversations, talk.id, "leaf", after=left)
    found = conversations.branches(talk.id)
    assert [(b.turn_id, b.opening, b.n_turns, b.is_current) for b in found] == [
        (leaf.id, "left", 3, True),
        (right.id, "right", 2, False),
    ]


def test_the_turn_a_talk_is_at_ends_a_branch_though_others_go_on(
    conversations: Conversations,
) -> None:
    talk = conversations.start("toy", "")
    root = ask(conversations, talk.id, "root")
    leaf = ask(conversations, talk.id, "leaf", after=root)
    conversations.go_to(talk.id, root.id)
    found = conversations.branches(talk.id)
    assert [(b.turn_id, b.n_turns, b.is_current) for b in found] == [
        (root.id, 1, True),
        (leaf.id, 2, False),
    ]
    with pytest.raises(UnknownName, match="nobody"):
        conversations.branches("nobody")


def test_a_pin_is_kept_and_can_be_taken_out(conversations: Conversations) -> None:
    talk = conversations.start("toy", "")
    turn = ask(conversations, talk.id, "remember this")
    conversations.pin(talk.id, turn.id, True)
    assert conversations.get(talk.id).turns[0].pinned
    conversations.pin(talk.id, turn.id, False)
    assert conversations.get(talk.id).turns == (turn,)
    with pytest.raises(UnknownName, match="nobody"):
        conversations.pin(talk.id, "nobody", True)


def tell(
    conversations: Conversations, talk_id: str, after: Turn | None, summed_up: Turn | None
) -> Turn:
    """A turn whose prompt was told the summary of the turns up to `summed_up`."""
    turn = ask(conversations, talk_id, "and?", after)
    use = ContextUse(4096, 900, summary_turn_id=summed_up.id if summed_up else "")
    conversations.end_turn(turn.id, [replace(attempt("yes"), context=use)], Outcome.FINISHED)
    return turn


def test_a_talk_has_the_summary_that_its_newest_prompt_was_told(
    conversations: Conversations,
) -> None:
    talk = conversations.start("toy", "", Label.PUBLIC, Label.PUBLIC)
    root = tell(conversations, talk.id, None, None)
    left = tell(conversations, talk.id, root, root)
    right = tell(conversations, talk.id, root, None)
    leaf = tell(conversations, talk.id, left, left)
    early, late = (
        Summary(turn.id, text, 812, Label.PUBLIC)
        for turn, text in ((root, "so far"), (left, "more 更多"))
    )
    conversations.keep_summary(talk.id, late)
    conversations.keep_summary(talk.id, early)
    assert conversations.get(talk.id).summary == late
    conversations.keep_summary(talk.id, replace(late, text="better"))
    assert conversations.get(talk.id).summary == replace(late, text="better")
    for turn, summary in ((left, early), (right, None), (root, None)):
        conversations.go_to(talk.id, turn.id)
        assert conversations.get(talk.id).summary == summary
    conversations.go_to(talk.id, leaf.id)
    ask(conversations, talk.id, "not answered yet", after=leaf)
    assert conversations.get(talk.id).summary == replace(late, text="better")
    with pytest.raises(UnknownName):
        conversations.keep_summary(talk.id, replace(late, turn_id="nobody"))


def test_a_summary_is_as_private_as_its_talk(
    database: Database, conversations: Conversations
) -> None:
    talk = conversations.start("toy", "", Label.PUBLIC, Label.PUBLIC)
    root = tell(conversations, talk.id, None, None)
    turns = [root, tell(conversations, talk.id, root, root)]
    turns.append(tell(conversations, talk.id, turns[1], turns[1]))
    conversations.keep_summary(talk.id, Summary(root.id, "before", 1, Label.PUBLIC))
    conversations.mark_private(talk.id)
    conversations.keep_summary(talk.id, Summary(turns[1].id, "after", 1, Label.PUBLIC))
    for turn in turns[1:]:
        conversations.go_to(talk.id, turn.id)
        summary = conversations.get(talk.id).summary
        assert summary is not None
        assert summary.label is Label.PRIVATE
    assert {"before", "after"} <= set(private_texts(database, 10_000))


def test_what_a_prompt_told_of_its_talk_is_kept(conversations: Conversations) -> None:
    talk = conversations.start("toy", "")
    turn = ask(conversations, talk.id, "hello")
    told = replace(attempt("yes"), context=ContextUse(4096, 900, 120, 300))
    conversations.end_turn(turn.id, [told], Outcome.FINISHED)
    assert conversations.get(talk.id).turns[0].attempts == (told,)


@pytest.mark.parametrize(
    "text", ["word " * 4000, "长长的回答。" * 500, "short", "x" * 199, "\0" * 999]
)
def test_replies_of_any_length_come_back_equal(
    database: Database, conversations: Conversations, text: str
) -> None:
    talk = conversations.start("toy", "")
    turn = ask(conversations, talk.id, "hello")
    conversations.end_turn(turn.id, [attempt(text)], Outcome.FINISHED)
    assert conversations.get(talk.id).turns[0].reply.text == text
    assert set(private_texts(database, 10**6)) == {text, "hello"}


def test_prompts_are_newest_first_and_each_once(conversations: Conversations) -> None:
    one, other = conversations.start("toy", ""), conversations.start("toy", "")
    for talk, text in ((one, "a"), (other, "b"), (one, "a"), (one, "c\nd"), (other, "b")):
        ask(conversations, talk.id, text)
    assert conversations.prompts(10) == ("b", "c\nd", "a")
    assert conversations.prompts(2) == ("b", "c\nd")
    conversations.delete(one.id)
    assert conversations.prompts(10) == ("b",)


def test_a_list_goes_on_where_it_was_left(conversations: Conversations) -> None:
    ids = [conversations.start("toy", "").id for _ in range(5)][::-1]
    pages = [conversations.list(limit=2, offset=offset) for offset in (0, 2, 4)]
    assert [each.id for page in pages for each in page] == ids
