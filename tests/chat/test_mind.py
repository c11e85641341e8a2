"""A mind may change: what was said is asked again, edited or taken back, and nothing is lost."""

from __future__ import annotations

import threading
import time

import pytest
from talking import OpenSession

from edge.chat.answering import Wishes
from edge.chat.session import Session
from edge.core.errors import Busy, UnknownName, UsageError
from edge.core.event import Delta
from edge.core.message import Label
from edge.engine.scripted import Reply, ScriptedEngine
from edge.store.conversations import Conversations


def say(session: Session, text: str, **how: object) -> str:
    events = list(session.send(text, **how))  # type: ignore[arg-type]
    return "".join(event.text for event in events if isinstance(event, Delta))


def told(engine: ScriptedEngine) -> list[str]:
    """What the engine was told last."""
    return [message.text for message in engine.requests[-1].messages]


def test_a_prompt_that_is_asked_again_forgets_its_first_reply_and_keeps_it(
    open_session: OpenSession, conversations: Conversations
) -> None:
    engine = ScriptedEngine(["hello", "one", "two"])
    session = open_session(engine)
    say(session, "hi")
    say(session, "a number?")
    session.go_to(session.turns[-1].parent_id)
    assert say(session, "a number?", fresh=True) == "two"
    assert told(engine) == ["hi", "hello", "a number?"]
    kept = conversations.branches(session.conversation_id or "")
    assert len(kept) == 2
    assert [branch.is_current for branch in kept].count(True) == 1


def test_a_chosen_seed_does_not_hold_what_is_asked_again(open_session: OpenSession) -> None:
    engine = ScriptedEngine(["one", "two"])
    session = open_session(engine, wishes=Wishes(seed=7))
    say(session, "a number?")
    session.go_to(None)
    say(session, "a number?", fresh=True)
    assert [request.sampling.seed for request in engine.requests] == [7, None]


def test_the_talk_goes_on_from_the_branch_it_was_at(
    open_session: OpenSession, conversations: Conversations
) -> None:
    session = open_session(ScriptedEngine(["a", "b", "c"]))
    say(session, "one")
    say(session, "two")
    first = session.turns[0]
    session.go_to(first.id)
    say(session, "three")
    again = conversations.get(session.conversation_id or "")
    assert [turn.prompt.text for turn in again.turns] == ["one", "three"]
    session.go_to(None)
    assert session.turns == ()
    assert conversations.get(session.conversation_id or "").turns == ()


def test_a_branch_of_another_conversation_is_not_gone_to(open_session: OpenSession) -> None:
    engine = ScriptedEngine(["a", "b"])
    session, other = open_session(engine), open_session(engine)
    say(session, "one")
    say(other, "two")
    with pytest.raises(UnknownName):
        session.go_to(other.turns[0].id)
    assert [turn.prompt.text for turn in session.turns] == ["one"]


def test_nothing_is_gone_to_before_something_was_said_or_while_a_reply_is_written(
    open_session: OpenSession,
) -> None:
    session = open_session(ScriptedEngine(["a long reply", "."]))
    with pytest.raises(UsageError, match="nothing has been said"):
        session.go_to(None)
    events = session.send("hi")
    next(events)
    with pytest.raises(Busy):
        session.go_to(None)
    events.close()
    session.go_to(None)


def test_what_is_made_from_a_private_prompt_is_private(open_session: OpenSession) -> None:
    session = open_session(ScriptedEngine(["a", "b"]))
    say(session, "one", at_least=Label.PRIVATE)
    assert session.turns[0].prompt.label is Label.PRIVATE


def test_a_pinned_turn_stays_pinned_when_the_talk_is_opened_again(
    open_session: OpenSession, conversations: Conversations
) -> None:
    session = open_session(ScriptedEngine(["a", "b"]))
    say(session, "one")
    say(session, "two")
    session.pin(session.turns[0].id)
    again = conversations.get(session.conversation_id or "")
    assert [turn.pinned for turn in again.turns] == [True, False]
    assert [turn.pinned for turn in session.turns] == [True, False]
    session.pin(session.turns[0].id, pinned=False)
    assert not conversations.get(session.conversation_id or "").turns[0].pinned


def test_the_model_names_a_talk_once_and_the_user_has_the_last_word(
    open_session: OpenSession, conversations: Conversations
) -> None:
    engine = ScriptedEngine(["They purr.", '"Why cats purr"\nand more', "never told"])
    session = open_session(engine)
    assert session.name_it() == ""
    say(session, "why do cats purr?")
    assert session.name_it() == "Why cats purr"
    assert told(engine)[:2] == ["why do cats purr?", "They purr."]
    assert conversations.get(session.conversation_id or "").title == "Why cats purr"
    assert session.name_it() == ""
    conversations.set_title(session.conversation_id or "", "Cats", by_user=True)
    conversations.set_title(session.conversation_id or "", "Dogs", by_user=False)
    assert conversations.get("Cats").id == session.conversation_id


def test_a_title_is_asked_for_in_the_language_of_the_talk(open_session: OpenSession) -> None:
    engine = ScriptedEngine(["因为它们高兴。", "猫的呼噜声。"])
    session = open_session(engine)
    say(session, "猫为什么会打呼噜？")
    assert session.name_it() == "猫的呼噜声"
    assert "标题" in told(engine)[-1]


def test_a_title_that_cannot_be_had_is_no_failure(open_session: OpenSession) -> None:
    session = open_session(ScriptedEngine(["only this"]))
    say(session, "hi")
    assert session.name_it() == ""


def test_the_next_prompt_waits_for_no_title(open_session: OpenSession) -> None:
    engine = ScriptedEngine(
        ["hello", Reply("a title that takes its time " * 40, pause_s=0.05), "at once"]
    )
    session = open_session(engine)
    say(session, "hi")
    found: list[str] = []
    naming = threading.Thread(target=lambda: found.append(session.name_it()))
    naming.start()
    while len(engine.requests) < 2:
        time.sleep(0.005)
    assert say(session, "and now?") == "at once"
    naming.join()
    assert found == [""]
