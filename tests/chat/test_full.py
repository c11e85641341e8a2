"""A context that is full: nothing is left out in silence, and the user chooses how."""

from __future__ import annotations

import pytest
from talking import OpenSession

from edge.chat.session import Session
from edge.core.conversation import WhenFull
from edge.core.errors import ContextFull
from edge.core.event import Delta, Event, Notice, NoticeCode, Phase, Progress, StopReason
from edge.core.message import Label
from edge.engine.scripted import Reply, ScriptedEngine
from edge.store.conversations import Conversations

N_CTX = 1024
LONG = "word " * 320  # 400 tokens of the scripted engine


def say(session: Session, text: str) -> list[Event]:
    return list(session.send(text))


def notices(events: list[Event], code: NoticeCode) -> list[str]:
    return [event.text for event in events if isinstance(event, Notice) and event.code is code]


def full_session(
    open_session: OpenSession, *replies: str | Reply, way: WhenFull
) -> tuple[Session, ScriptedEngine]:
    """A session with two long turns behind it; a third does not fit beside them."""
    engine = ScriptedEngine(["first", "second", *replies], n_ctx=N_CTX)
    session = open_session(engine, n_ctx=N_CTX)
    session.set_when_full(way)
    say(session, f"ONE {LONG}")
    return session, engine


def told(engine: ScriptedEngine) -> list[str]:
    return [message.text for message in engine.requests[-1].messages]


def test_a_context_that_is_nearly_full_is_said_once_with_what_comes(
    open_session: OpenSession,
) -> None:
    session, _ = full_session(open_session, "third", way=WhenFull.SLIDE)
    events = say(session, "TWO " + "word " * 200)
    (line,) = notices(events, NoticeCode.NEARLY_FULL)
    assert f"of {N_CTX:,} tokens, and keeps {N_CTX // 4:,} for a reply" in line
    assert "the oldest turns are left out" in line
    assert "/context" in line
    assert notices(say(session, "and?"), NoticeCode.NEARLY_FULL) == []


def test_each_turn_states_what_it_kept_and_dropped(
    open_session: OpenSession, conversations: Conversations
) -> None:
    session, engine = full_session(open_session, "third", way=WhenFull.SLIDE)
    events = say(session, f"TWO {LONG}")
    assert notices(events, NoticeCode.LEFT_OUT)
    assert told(engine) == [f"TWO {LONG}"]
    say(session, "and?")
    talk = conversations.get(session.conversation_id or "")
    first, second, third = (turn.attempts[-1].context for turn in talk.turns)
    assert first is not None
    assert second is not None
    assert third is not None
    assert (first.left_out_turns, first.dropped_tokens) == (0, 0)
    assert second.left_out_turns == third.left_out_turns == 1
    # The first turn: its prompt and reply, four tokens around each.
    n_prompt, n_reply = -(-len(f"ONE {LONG}") // 4), 2
    assert second.dropped_tokens == third.dropped_tokens == n_prompt + 4 + n_reply + 4
    assert second.kept_tokens == talk.turns[1].attempts[-1].usage.prompt_tokens


def test_what_was_left_out_stays_out_when_the_talk_is_opened_again(
    open_session: OpenSession, conversations: Conversations
) -> None:
    session, _ = full_session(open_session, way=WhenFull.SLIDE)
    say(session, f"TWO {LONG}")
    engine = ScriptedEngine(["third"], n_ctx=N_CTX)
    again = open_session(
        engine, n_ctx=N_CTX, conversation=conversations.get(session.conversation_id or "")
    )
    events = say(again, "and?")
    assert notices(events, NoticeCode.LEFT_OUT) == []
    assert told(engine) == [f"TWO {LONG}", "second", "and?"]


def test_a_larger_context_sees_the_whole_talk_again(
    open_session: OpenSession, conversations: Conversations
) -> None:
    session, _ = full_session(open_session, way=WhenFull.SLIDE)
    say(session, f"TWO {LONG}")
    engine = ScriptedEngine(["third"], n_ctx=4096)
    again = open_session(
        engine, n_ctx=4096, conversation=conversations.get(session.conversation_id or "")
    )
    say(again, "and?")
    assert told(engine)[0].startswith("ONE")


def test_a_summary_by_the_model_stands_for_the_oldest_turns(
    open_session: OpenSession, conversations: Conversations
) -> None:
    engine = ScriptedEngine(["first", "We said ONE.", "second", "third"], n_ctx=N_CTX)
    session = open_session(engine, n_ctx=N_CTX)
    session.set_when_full(WhenFull.SUMMARISE)
    say(session, f"ONE {LONG}")
    events = say(session, f"TWO {LONG}")
    (line,) = notices(events, NoticeCode.SUMMARISED)
    assert any(isinstance(e, Progress) and e.phase is Phase.SUMMARY for e in events)
    assert "".join(e.text for e in events if isinstance(e, Delta)) == "second"
    asked = engine.requests[1].messages
    assert [message.text for message in asked[:-1]] == [f"ONE {LONG}", "first"]
    assert "facts of our conversation" in asked[-1].text
    assert told(engine)[1:] == ["We said ONE.", f"TWO {LONG}"]
    talk = conversations.get(session.conversation_id or "")
    assert talk.summary is not None
    assert (talk.summary.text, talk.summary.turn_id) == ("We said ONE.", talk.turns[0].id)
    context = talk.turns[1].attempts[-1].context
    assert context is not None
    assert context.summarised_tokens == talk.summary.stands_for_tokens > 400
    assert str(context.summarised_tokens) in line
    assert context.dropped_tokens == 0


def test_a_summary_is_told_again_when_the_talk_is_opened_again(
    open_session: OpenSession, conversations: Conversations
) -> None:
    engine = ScriptedEngine(["first", "We said ONE.", "second"], n_ctx=N_CTX)
    session = open_session(engine, n_ctx=N_CTX)
    session.set_when_full(WhenFull.SUMMARISE)
    say(session, f"ONE {LONG}")
    say(session, f"TWO {LONG}")
    later = ScriptedEngine(["third"], n_ctx=N_CTX)
    talk = conversations.get(session.conversation_id or "")
    say(open_session(later, n_ctx=N_CTX, conversation=talk), "and?")
    assert told(later)[1:] == ["We said ONE.", f"TWO {LONG}", "second", "and?"]


def test_a_summary_is_as_private_as_what_it_sums_up(
    open_session: OpenSession, conversations: Conversations
) -> None:
    engine = ScriptedEngine(["first", "We said ONE.", "second"], n_ctx=N_CTX)
    session = open_session(engine, n_ctx=N_CTX)
    session.set_when_full(WhenFull.SUMMARISE)
    say(session, f"ONE {LONG}")
    say(session, f"TWO {LONG}")
    kept = conversations.get(session.conversation_id or "").summary
    assert kept is not None
    assert kept.label is Label.PRIVATE


@pytest.mark.parametrize("useless", ["", "I'm sorry, but I can't assist with that."])
def test_a_model_that_sums_up_nothing_loses_no_turn_in_silence(
    open_session: OpenSession, useless: str
) -> None:
    engine = ScriptedEngine(["first", useless, "second"], n_ctx=N_CTX)
    session = open_session(engine, n_ctx=N_CTX)
    session.set_when_full(WhenFull.SUMMARISE)
    say(session, f"ONE {LONG}")
    (line,) = notices(say(session, f"TWO {LONG}"), NoticeCode.LEFT_OUT)
    assert line.startswith("no summary could be made; the oldest turn no longer fits")
    assert told(engine) == [f"TWO {LONG}"]


def test_a_summary_that_is_stopped_changes_nothing(open_session: OpenSession) -> None:
    engine = ScriptedEngine(["first", "We said ONE and much more.", "never"], n_ctx=N_CTX)
    session = open_session(engine, n_ctx=N_CTX)
    session.set_when_full(WhenFull.SUMMARISE)
    say(session, f"ONE {LONG}")
    events = []
    for event in session.send(f"TWO {LONG}"):
        events.append(event)
        if isinstance(event, Progress) and event.phase is Phase.SUMMARY:
            session.stop()
    assert notices(events, NoticeCode.SUMMARISED) == []
    assert notices(events, NoticeCode.LEFT_OUT) == []
    assert events[-1].stop_reason is StopReason.CANCELLED  # type: ignore[union-attr]


def test_stop_sends_nothing_until_the_user_chose(
    open_session: OpenSession, conversations: Conversations
) -> None:
    session, engine = full_session(open_session, way=WhenFull.STOP)
    with pytest.raises(ContextFull, match="the oldest 1 turn would be left out") as caught:
        say(session, f"TWO {LONG}")
    assert "/context slide" in caught.value.hint
    assert len(engine.requests) == 1
    session.set_when_full(WhenFull.SLIDE)
    say(session, f"TWO {LONG}")
    assert told(engine) == [f"TWO {LONG}"]


def test_a_pinned_turn_is_told_when_the_turns_around_it_are_left_out(
    open_session: OpenSession,
) -> None:
    engine = ScriptedEngine(["noted", "first", "second"], n_ctx=N_CTX)
    session = open_session(engine, n_ctx=N_CTX)
    say(session, "my dog is called Kepler")
    session.pin(session.turns[0].id)
    say(session, f"ONE {LONG}")
    say(session, f"TWO {LONG}")
    assert told(engine) == ["my dog is called Kepler", "noted", f"TWO {LONG}"]


def test_a_summary_never_stands_for_what_its_writer_did_not_read(
    open_session: OpenSession, conversations: Conversations
) -> None:
    session = open_session(ScriptedEngine(["a", "b", "c"], n_ctx=4096))
    for name in ("ONE", "TWO", "THREE"):
        say(session, f"{name} {LONG}")
    engine = ScriptedEngine(["d"], n_ctx=N_CTX)  # a smaller context: two of them are too much
    talk = conversations.get(session.conversation_id or "")
    session = open_session(engine, n_ctx=N_CTX, conversation=talk)
    session.set_when_full(WhenFull.SUMMARISE)
    events = say(session, f"FOUR {LONG}")
    assert notices(events, NoticeCode.SUMMARISED) == []
    assert notices(events, NoticeCode.LEFT_OUT)
    assert told(engine) == [f"FOUR {LONG}"]


def test_each_branch_has_the_summary_that_stands_for_its_own_turns(
    open_session: OpenSession, conversations: Conversations
) -> None:
    replies = ["a", "b", "Facts of ONE, TWO.", "c", "Facts of ONE.", "d"]
    engine = ScriptedEngine(replies, n_ctx=N_CTX)
    session = open_session(engine, n_ctx=N_CTX)
    session.set_when_full(WhenFull.SUMMARISE)
    short = "word " * 150
    say(session, f"ONE {short}")
    say(session, f"TWO {short}")
    say(session, f"THREE {LONG}")
    tip = session.turns[-1].id
    session.go_to(session.turns[0].id)
    say(session, f"FOUR {LONG} {short}")
    first = conversations.get(session.conversation_id or "")
    assert first.summary is not None
    assert first.summary.turn_id == first.turns[0].id
    session.go_to(tip)
    later = ScriptedEngine(["e"], n_ctx=N_CTX)
    talk = conversations.get(session.conversation_id or "")
    say(open_session(later, n_ctx=N_CTX, conversation=talk), "and?")
    assert told(later)[1:] == ["Facts of ONE, TWO.", f"THREE {LONG}", "c", "and?"]


def test_a_turn_that_is_no_longer_pinned_is_not_left_out_in_silence(
    open_session: OpenSession, conversations: Conversations
) -> None:
    engine = ScriptedEngine(["noted", "first", "second", "third", "fourth"], n_ctx=N_CTX)
    session = open_session(engine, n_ctx=N_CTX)
    say(session, "my dog is called Kepler")
    session.pin(session.turns[0].id)
    say(session, f"ONE {LONG}")
    say(session, f"TWO {LONG}")
    before = session.turns[-1].attempts[-1].context
    session.pin(session.turns[0].id, pinned=False)
    events = say(session, "and?")
    assert notices(events, NoticeCode.LEFT_OUT)
    assert "my dog is called Kepler" not in told(engine)
    after = session.turns[-1].attempts[-1].context
    assert before is not None
    assert after is not None
    assert after.dropped_tokens > before.dropped_tokens
    assert notices(say(session, "so?"), NoticeCode.LEFT_OUT) == []
