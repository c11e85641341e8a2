"""How far a text may travel is kept with it, and only ever lowered by nobody."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from edge.core.conversation import Conversation, Outcome, Turn
from edge.core.decision import Decision, Reason, Signals, Target
from edge.core.errors import UnknownName
from edge.core.event import Attempt, Channel, Span, StopReason, Usage
from edge.core.message import Label, Message, Role
from edge.store.conversations import Conversations
from edge.store.database import Database, open_database
from edge.store.schema import MIGRATIONS

SIGNALS = Signals(0, Label.PUBLIC, cloud_allowed=True, prompt_tokens=12, cloud_free_tokens=9_000)
ATTEMPT = Attempt(
    n=0,
    decision=Decision(Target.CLOUD, Reason.RULE, SIGNALS, rule="long"),
    model="qwen-long",
    stop_reason=StopReason.END,
    usage=Usage(12, 0, 3, 0.2, 0.2, 0.1),
    confidence=None,
    spans=(Span(Channel.ANSWER, "yes"),),
)

# As edge wrote it before it knew of any cloud.
OLD_DECISION = (
    '{"target":"edge","reason":"cloud_off",'
    '"signals":{"turn_index":0,"label":1,"cloud_allowed":false}}'
)
OLD_USAGE = (
    '{"prompt_tokens":30,"cached_tokens":0,"completion_tokens":5,'
    '"ttft_s":0.25,"prefill_s":0.2,"decode_s":0.5,"cost":null}'
)
HI_CRC, HELLO_CRC = 3633523372, 907060870  # zlib.crc32 of b"hi" and of b"hello"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(open_database(tmp_path / "edge.db")) as database:
        yield database


@pytest.fixture
def conversations(database: Database) -> Conversations:
    return Conversations(database)


def public_talk(conversations: Conversations, *prompts: str) -> Conversation:
    """A public conversation in which each prompt got a public answer."""
    talk = conversations.start("toy", "", Label.PUBLIC)
    for prompt in prompts:
        turn = ask(conversations, talk.id, prompt)
        conversations.end_turn(turn.id, [ATTEMPT], Outcome.FINISHED, Label.PUBLIC)
    return conversations.get(talk.id)


def ask(conversations: Conversations, talk_id: str, prompt: str) -> Turn:
    return conversations.begin_turn(talk_id, None, Message(Role.USER, prompt, Label.PUBLIC))


def labels(talk: Conversation) -> set[Label]:
    """Every label in a conversation."""
    turns = [label for t in talk.turns for label in (t.prompt.label, t.reply_label, t.reply.label)]
    return {talk.label, *turns}


def test_what_nobody_labelled_is_private(conversations: Conversations) -> None:
    talk = conversations.start("toy", "")
    turn = conversations.begin_turn(talk.id, None, Message(Role.USER, "hi"))
    conversations.end_turn(turn.id, [ATTEMPT], Outcome.FINISHED)
    assert labels(talk) | labels(conversations.get(talk.id)) == {Label.PRIVATE}


def test_labels_come_back_by_every_way_of_reading(conversations: Conversations) -> None:
    talk = public_talk(conversations, "hi")
    (turn,) = talk.turns
    assert labels(talk) == {Label.PUBLIC}
    assert conversations.latest() == talk
    assert conversations.every_turn(talk.id) == (turn,)
    assert conversations.find_turn(turn.id) == turn
    assert conversations.latest_turn() == turn


def test_a_public_prompt_can_have_a_private_reply(conversations: Conversations) -> None:
    talk = conversations.start("toy", "", Label.PUBLIC)
    turn = ask(conversations, talk.id, "hi")
    conversations.end_turn(turn.id, [ATTEMPT], Outcome.FINISHED, Label.PRIVATE)
    kept = conversations.find_turn(turn.id)
    assert (kept.prompt.label, kept.reply.label) == (Label.PUBLIC, Label.PRIVATE)


def test_a_reply_has_no_label_below_private_until_it_has_ended(
    conversations: Conversations,
) -> None:
    talk = conversations.start("toy", "", Label.PUBLIC)
    turn = ask(conversations, talk.id, "hi")
    assert turn.reply_label is Label.PRIVATE
    assert conversations.find_turn(turn.id) == turn


def test_marking_a_conversation_private_takes_all_it_holds_and_no_other(
    conversations: Conversations,
) -> None:
    other, marked = public_talk(conversations, "a", "b"), public_talk(conversations, "c", "d")
    conversations.mark_private(marked.id)
    assert labels(conversations.get(marked.id)) == {Label.PRIVATE}
    assert conversations.get(other.id) == other
    with pytest.raises(UnknownName, match="nobody"):
        conversations.mark_private("nobody")


def test_a_mark_that_comes_while_a_reply_is_written_is_not_undone_by_its_end(
    conversations: Conversations,
) -> None:
    talk = conversations.start("toy", "", Label.PUBLIC)
    turn = ask(conversations, talk.id, "hi")
    conversations.mark_private(talk.id)
    conversations.end_turn(turn.id, [ATTEMPT], Outcome.FINISHED, Label.PUBLIC)
    assert labels(conversations.get(talk.id)) == {Label.PRIVATE}


def test_a_mark_is_there_after_a_restart(tmp_path: Path) -> None:
    with closing(open_database(tmp_path / "edge.db")) as database:
        talk = public_talk(Conversations(database), "hi")
        Conversations(database).mark_private(talk.id)
    with closing(open_database(tmp_path / "edge.db")) as database:
        assert labels(Conversations(database).get(talk.id)) == {Label.PRIVATE}


def test_an_attempt_that_nobody_saw_is_kept_as_one(conversations: Conversations) -> None:
    talk = conversations.start("toy", "", Label.PUBLIC)
    turn = ask(conversations, talk.id, "hi")
    held = replace(ATTEMPT, shown=False, spans=(Span(Channel.ANSWER, "no, "),))
    conversations.end_turn(turn.id, [held, replace(ATTEMPT, n=1)], Outcome.FINISHED)
    kept = conversations.find_turn(turn.id)
    assert [attempt.shown for attempt in kept.attempts] == [False, True]
    assert kept.reply.text == "yes"


# Stores of before.


def old_store(path: Path) -> None:
    """A store as it was before the cloud: one conversation, one turn, one answer."""
    open_database(path, migrations=MIGRATIONS[:1]).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO conversations VALUES ('aaaa1111', 'toy', '', '2026-11-21T10:00:00Z', 1)"
        )
        connection.execute(
            "INSERT INTO turns VALUES (1, 'bbbb1111', 'aaaa1111', NULL, 'user', 'hi', ?, ?, "
            "'2026-11-21T10:00:00Z', 'finished', '')",
            (Label.PRIVATE, HI_CRC),
        )
        connection.execute(
            "INSERT INTO attempts VALUES (1, 'bbbb1111', 0, ?, 'toy', 'end', ?, NULL)",
            (OLD_DECISION, OLD_USAGE),
        )
        connection.execute("INSERT INTO spans VALUES (1, 0, 'answer', 'hello', ?)", (HELLO_CRC,))


def test_a_store_of_before_the_cloud_is_private_throughout(tmp_path: Path) -> None:
    path = tmp_path / "edge.db"
    old_store(path)
    with closing(open_database(path)) as database:
        talk = Conversations(database).get("aaaa1111")
    assert labels(talk) == {Label.PRIVATE}
    assert (talk.turns[0].prompt.text, talk.turns[0].reply.text) == ("hi", "hello")
    assert talk.turns[0].attempts[0].shown


def test_a_decision_of_before_the_cloud_is_read_with_what_was_not_asked_then(
    tmp_path: Path,
) -> None:
    path = tmp_path / "edge.db"
    old_store(path)
    with closing(open_database(path)) as database:
        (past,) = Conversations(database).decisions()
    signals = Signals(turn_index=0, label=Label.PRIVATE, cloud_allowed=False)
    assert past.decision == Decision(Target.EDGE, Reason.CLOUD_OFF, signals)
    assert past.usage == Usage(30, 0, 5, 0.25, 0.2, 0.5)
