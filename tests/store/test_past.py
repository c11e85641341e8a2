"""What was decided and what it took: for replay, and for the waits to expect."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from edge.core.conversation import Outcome
from edge.core.decision import Decision, Reason, Signals, Target
from edge.core.errors import StoreDamaged, UnknownName
from edge.core.event import Attempt, StopReason, Usage
from edge.core.message import Label, Message, Role
from edge.core.units import Money
from edge.store.conversations import Conversations
from edge.store.database import Database, open_database

SIGNALS = Signals(0, Label.PUBLIC, cloud_allowed=True, cloud_cost=Money(Decimal("0.10"), "CNY"))
USAGE = Usage(12, 0, 3, 0.1 + 0.2, 0.2, 0.1, Money(Decimal("0.0123"), "CNY"))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(open_database(tmp_path / "edge.db")) as database:
        yield database


@pytest.fixture
def conversations(database: Database) -> Conversations:
    return Conversations(database)


def attempt(n: int, turn_index: int, target: Target = Target.EDGE) -> Attempt:
    signals = replace(SIGNALS, turn_index=turn_index)
    decision = Decision(target, Reason.RULE, signals, rule="long", policy="balanced")
    return Attempt(n, decision, f"{target}-model", StopReason.END, USAGE, None, ())


def answer(conversations: Conversations, talk_id: str, *attempts: Attempt) -> str:
    """A turn that was answered by these; its id."""
    turn = conversations.begin_turn(talk_id, None, Message(Role.USER, "hi"))
    conversations.end_turn(turn.id, attempts, Outcome.FINISHED)
    return turn.id


def test_decisions_are_those_of_all_conversations_oldest_first(
    conversations: Conversations,
) -> None:
    one, other = conversations.start("toy", ""), conversations.start("toy", "")
    handed_over = attempt(0, 1), attempt(1, 1, Target.CLOUD)
    first = answer(conversations, other.id, attempt(0, 0))
    second = answer(conversations, one.id, *handed_over)
    past = list(conversations.decisions())
    assert [(p.conversation_id, p.turn_id, p.n) for p in past] == [
        (other.id, first, 0), (one.id, second, 0), (one.id, second, 1)
    ]  # fmt: skip
    assert [p.decision for p in past[1:]] == [a.decision for a in handed_over]
    assert [p.model for p in past] == ["edge-model", "edge-model", "cloud-model"]
    assert {p.usage for p in past} == {USAGE}


def test_a_limit_takes_the_newest_and_they_still_come_oldest_first(
    conversations: Conversations,
) -> None:
    talk = conversations.start("toy", "")
    turns = [answer(conversations, talk.id, attempt(0, n)) for n in range(5)]
    for limit, expected in [(1, turns[4:]), (2, turns[3:]), (5, turns), (99, turns)]:
        assert [past.turn_id for past in conversations.decisions(limit)] == expected


def test_many_decisions_come_each_once_while_others_write(conversations: Conversations) -> None:
    talk = conversations.start("toy", "")
    attempts = [attempt(n, n) for n in range(450)]
    answer(conversations, talk.id, *attempts)
    seen = []
    for past in conversations.decisions():
        if past.n == 10:
            conversations.set_system(talk.id, "written in between")
        seen.append(past.n)
    assert seen == list(range(450))


def test_usages_come_newest_first_with_who_answered(conversations: Conversations) -> None:
    talk = conversations.start("toy", "")
    assert conversations.usages() == ()
    answer(conversations, talk.id, attempt(0, 0))
    answer(conversations, talk.id, attempt(0, 1, Target.CLOUD))
    edge, cloud = (Target.EDGE, "edge-model", USAGE), (Target.CLOUD, "cloud-model", USAGE)
    assert conversations.usages() == (cloud, edge)
    assert conversations.usages(limit=1) == (cloud,)


@pytest.mark.parametrize(
    ("column", "text"), [("decision", "{}"), ("decision", "[]"), ("usage", "null"), ("usage", "{")]
)
def test_an_attempt_that_makes_no_sense_is_damage(
    database: Database, conversations: Conversations, column: str, text: str
) -> None:
    turn_id = answer(conversations, conversations.start("toy", "").id, attempt(0, 0))
    with database.write() as connection:
        connection.execute(f"UPDATE attempts SET {column} = ?", (text,))
    with pytest.raises(StoreDamaged, match=turn_id):
        list(conversations.decisions())
    with pytest.raises(StoreDamaged, match=turn_id):
        conversations.usages()


def test_a_turn_is_found_by_its_id_or_any_unique_start_of_it(database: Database) -> None:
    ids = iter(["talk0000", "abcd1111", "abxy2222"])
    conversations = Conversations(database, new_id=lambda: next(ids))
    talk = conversations.start("toy", "")
    turns = [conversations.begin_turn(talk.id, None, Message(Role.USER, t)) for t in ("a", "b")]
    assert conversations.find_turn("abcd1111") == turns[0]
    assert conversations.find_turn(" ABX ") == turns[1]
    assert conversations.latest_turn() == turns[1]
    with pytest.raises(UnknownName, match="2 turns") as caught:
        conversations.find_turn("ab")
    assert caught.value.hint == "abxy2222 or abcd1111"
    with pytest.raises(UnknownName, match="no turn 'abcd1112'") as caught:
        conversations.find_turn("abcd1112")
    assert caught.value.hint == "abcd1111"


def test_an_empty_store_has_no_turn(conversations: Conversations) -> None:
    conversations.start("toy", "")
    assert conversations.latest_turn() is None
    assert list(conversations.decisions()) == list(conversations.decisions(3)) == []
    with pytest.raises(UnknownName) as caught:
        conversations.find_turn("k3v9")
    assert caught.value.hint == "edge chat"
