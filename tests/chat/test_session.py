"""A session keeps what was said, whatever happens to the reply."""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from talking import OpenSession, another_process_using

from edge.chat.answering import Wishes
from edge.chat.session import Session
from edge.core.conversation import Outcome, Turn
from edge.core.errors import Busy, ContextFull, DiskFull, EngineDied, UsageError
from edge.core.event import Delta, Done, Event, Notice, NoticeCode, Routed, StopReason
from edge.core.message import Message, Role
from edge.engine.scripted import Fault, Reply, ScriptedEngine
from edge.store.conversations import Conversations
from edge.store.database import Database, open_database

# Does not deflate into the room that a store of few pages has left.
_LONG = " ".join(str(n * n) for n in range(2_000))


def say(session: Session, text: str) -> list[Event]:
    return list(session.send(text))


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Delta))


def test_a_turn_begins_routed_and_ends_done(open_session: OpenSession) -> None:
    events = say(open_session(ScriptedEngine(["Hello!"])), "hi")
    assert isinstance(events[0], Routed)
    assert isinstance(events[-1], Done)
    assert text_of(events) == "Hello!"


def test_the_decision_says_why_the_edge_answers(open_session: OpenSession) -> None:
    (routed,) = [e for e in say(open_session(ScriptedEngine(["."])), "x") if isinstance(e, Routed)]
    assert (routed.decision.target, routed.decision.reason) == ("edge", "cloud_off")


def test_the_prompt_is_on_disk_before_the_engine_starts(
    open_session: OpenSession, conversations: Conversations
) -> None:
    engine = ScriptedEngine(["never told"])
    session = open_session(engine)
    events = session.send("remember this")
    next(events)
    assert engine.requests == []
    kept = conversations.latest()
    assert kept is not None
    assert [turn.prompt.text for turn in kept.turns] == ["remember this"]
    assert kept.turns[0].outcome is Outcome.OPEN
    events.close()


def test_the_reply_is_on_disk_before_done(
    open_session: OpenSession, conversations: Conversations
) -> None:
    session = open_session(ScriptedEngine(["kept"]))
    for event in session.send("hi"):
        if isinstance(event, Done):
            kept = conversations.latest()
            assert kept is not None
            assert kept.turns[-1].reply.text == "kept"
            assert kept.turns[-1].outcome is Outcome.FINISHED


def test_the_engine_hears_the_whole_conversation(open_session: OpenSession) -> None:
    engine = ScriptedEngine(["one", "two"])
    session = open_session(engine, system="be brief")
    say(session, "first")
    say(session, "second")
    assert engine.requests[1].messages == (
        Message(Role.SYSTEM, "be brief"),
        Message(Role.USER, "first"),
        Message(Role.ASSISTANT, "one"),
        Message(Role.USER, "second"),
    )


def test_a_conversation_goes_on_in_another_session(
    open_session: OpenSession, conversations: Conversations
) -> None:
    say(open_session(ScriptedEngine(["one"]), system="be kind"), "first")
    engine = ScriptedEngine(["two"])
    session = open_session(engine, conversation=conversations.latest())
    say(session, "second")
    assert [m.text for m in engine.requests[0].messages] == ["be kind", "first", "one", "second"]
    kept = conversations.latest()
    assert kept is not None
    assert kept.turns[1].parent_id == kept.turns[0].id


def test_stop_keeps_what_was_shown(open_session: OpenSession, conversations: Conversations) -> None:
    session = open_session(ScriptedEngine([Reply("a reply of many tokens", pause_s=0.001)]))
    shown = ""
    for event in session.send("hi"):
        if isinstance(event, Delta):
            shown += event.text
            session.stop()
    kept = conversations.latest()
    assert kept is not None
    assert kept.turns[0].outcome is Outcome.STOPPED
    assert kept.turns[0].reply.text == shown != ""


def test_a_reader_who_leaves_keeps_what_was_shown(
    open_session: OpenSession, conversations: Conversations
) -> None:
    events = open_session(ScriptedEngine(["a reply of many tokens"])).send("hi")
    shown = next(event.text for event in events if isinstance(event, Delta))
    events.close()
    kept = conversations.latest()
    assert kept is not None
    assert (kept.turns[0].outcome, kept.turns[0].reply.text) == (Outcome.STOPPED, shown)


def test_an_engine_that_dies_leaves_the_partial_reply_and_the_next_turn_works(
    open_session: OpenSession, conversations: Conversations
) -> None:
    fault = Fault(EngineDied("gone"), after_tokens=2)
    session = open_session(ScriptedEngine([Reply("a long reply", fault=fault), "better"]))
    with pytest.raises(EngineDied):
        say(session, "hi")
    assert text_of(say(session, "again")) == "better"
    kept = conversations.latest()
    assert kept is not None
    assert [turn.outcome for turn in kept.turns] == [Outcome.FAILED, Outcome.FINISHED]
    assert kept.turns[0].reply.text == "a long r"


def test_a_reply_cut_by_its_limit_is_not_kept_as_finished(
    open_session: OpenSession, conversations: Conversations
) -> None:
    session = open_session(ScriptedEngine(["many more tokens"]), wishes=Wishes(max_tokens=1))
    (done,) = [event for event in say(session, "hi") if isinstance(event, Done)]
    kept = conversations.latest()
    assert kept is not None
    assert done.stop_reason is StopReason.MAX_TOKENS
    assert kept.turns[0].outcome is Outcome.INCOMPLETE


def test_a_full_context_leaves_out_oldest_turns_and_says_so(open_session: OpenSession) -> None:
    engine = ScriptedEngine(["r" * 400] * 6, n_ctx=600)
    session = open_session(engine, n_ctx=600, system="the rule")
    notices = []
    for n in range(6):
        events = say(session, f"question {n}")
        notices += [e.code for e in events if isinstance(e, Notice)]
    last = [message.text for message in engine.requests[-1].messages]
    assert NoticeCode.LEFT_OUT in notices
    assert last[0] == "the rule"
    assert last[-1] == "question 5"
    assert "question 0" not in last
    assert len(session.turns) == 6  # the conversation keeps everything


@pytest.mark.parametrize("times", [1, 10])
def test_a_prompt_too_long_for_the_context_is_refused_and_kept(
    open_session: OpenSession, conversations: Conversations, times: int
) -> None:
    # Four characters are a token, and the context of 512 leaves three quarters to a prompt.
    text = "x" * (4 * 512 * times)
    session = open_session(ScriptedEngine(["fine"], n_ctx=512), n_ctx=512)
    with pytest.raises(ContextFull):
        say(session, text)
    assert text_of(say(session, "short")) == "fine"
    kept = conversations.latest()
    assert kept is not None
    assert kept.turns[0].prompt.text == text
    assert kept.turns[0].outcome is Outcome.FAILED


@pytest.mark.parametrize("text", ["", "  \n", "half a pair \ud800"])
def test_a_prompt_that_says_nothing_is_refused_and_not_kept(
    open_session: OpenSession, conversations: Conversations, text: str
) -> None:
    with pytest.raises(UsageError):
        say(open_session(ScriptedEngine([])), text)
    assert conversations.latest() is None


def test_a_nul_in_a_prompt_is_text(open_session: OpenSession, conversations: Conversations) -> None:
    engine = ScriptedEngine(["ok"])
    say(open_session(engine), "a\0b")
    kept = conversations.latest()
    assert kept is not None
    assert kept.turns[0].prompt.text == engine.requests[0].messages[-1].text == "a\0b"


def test_one_reply_at_a_time(open_session: OpenSession) -> None:
    session = open_session(ScriptedEngine([Reply("slow reply", pause_s=0.01), "next"]))
    events = session.send("hi")
    next(events)
    with pytest.raises(Busy):
        next(session.send("and this?"))
    list(events)
    assert text_of(say(session, "now?")) == "next"


def test_stop_from_another_thread_ends_the_reply(open_session: OpenSession) -> None:
    session = open_session(ScriptedEngine([Reply("word " * 500, pause_s=0.01)]))
    events = session.send("hi")
    next(event for event in events if isinstance(event, Delta))
    threading.Thread(target=session.stop).start()
    done = list(events)[-1]
    assert isinstance(done, Done)
    assert done.stop_reason is StopReason.CANCELLED


def test_a_new_system_prompt_holds_from_the_next_turn_and_is_kept(
    open_session: OpenSession, conversations: Conversations
) -> None:
    engine = ScriptedEngine(["one", "two"])
    session = open_session(engine)
    say(session, "first")
    session.set_system("speak like a pirate")
    say(session, "second")
    kept = conversations.latest()
    assert kept is not None
    assert kept.system == engine.requests[1].messages[0].text == "speak like a pirate"


def test_wishes_change_the_models_own_sampling_and_nothing_else(
    open_session: OpenSession, spec: object
) -> None:
    engine = ScriptedEngine(["x"])
    say(open_session(engine, wishes=Wishes(temperature=0.0, seed=7)), "hi")
    sampling = engine.requests[0].sampling
    assert (sampling.temperature, sampling.seed, sampling.top_k) == (0.0, 7, 20)


def test_a_prompt_stopped_before_a_word_is_still_told_to_the_model(
    open_session: OpenSession,
) -> None:
    engine = ScriptedEngine(["never told", "yes"])
    session = open_session(engine)
    events = session.send("My name is Ada.")
    session.stop()
    assert text_of(list(events)) == ""
    say(session, "What is my name?")
    assert "My name is Ada." in [message.text for message in engine.requests[-1].messages]


def test_stop_counts_from_the_moment_of_sending(open_session: OpenSession) -> None:
    session = open_session(ScriptedEngine(["never told"]))
    events = session.send("hi")
    session.stop()
    done = list(events)[-1]
    assert isinstance(done, Done)
    assert done.stop_reason is StopReason.CANCELLED


def test_closing_a_session_keeps_what_was_shown(
    open_session: OpenSession, conversations: Conversations
) -> None:
    session = open_session(ScriptedEngine(["a reply of many tokens"]))
    shown = next(event.text for event in session.send("hi") if isinstance(event, Delta))
    session.close()
    kept = conversations.latest()
    assert kept is not None
    assert (kept.turns[0].outcome, kept.turns[0].reply.text) == (Outcome.STOPPED, shown)
    with pytest.raises(UsageError):
        session.send("and now?")


def test_a_bug_in_an_engine_keeps_what_was_shown(
    open_session: OpenSession, conversations: Conversations
) -> None:
    fault = Fault(MemoryError("a bug"), after_tokens=2)  # type: ignore[arg-type]
    session = open_session(ScriptedEngine([Reply("a long reply", fault=fault)]))
    with pytest.raises(MemoryError):
        say(session, "hi")
    kept = conversations.latest()
    assert kept is not None
    assert (kept.turns[0].outcome, kept.turns[0].reply.text) == (Outcome.FAILED, "a long r")


def test_a_reply_that_a_busy_store_cannot_take_is_kept_with_the_next_prompt(
    open_session: OpenSession, conversations: Conversations, database: Database
) -> None:
    engine = ScriptedEngine(["the reply", "again"])
    session = open_session(engine)
    events = session.send("hi")
    next(events)
    with another_process_using(database), pytest.raises(Busy) as told:
        list(events)
    assert told.value.kept.startswith("the reply is kept with the next prompt")
    assert [turn.reply.text for turn in kept_turns(conversations)] == [""]
    events = session.send("and now?")
    next(events)
    assert kept_turns(conversations)[0].reply.text == "the reply"
    list(events)
    heard = [message.text for message in engine.requests[-1].messages]
    assert heard == ["hi", "the reply", "and now?"]
    kept = [(turn.reply.text, turn.outcome) for turn in kept_turns(conversations)]
    assert kept == [("the reply", Outcome.FINISHED), ("again", Outcome.FINISHED)]


def test_a_reply_that_a_full_disk_cannot_take_is_kept_when_the_talk_goes_elsewhere_or_closes(
    open_session: OpenSession, conversations: Conversations, database: Database
) -> None:
    session = open_session(ScriptedEngine([_LONG, "b" + _LONG]))
    full_at_the_end(session, database)
    session.go_to(session.turns[0].id)
    assert session.turns[0].reply.text == _LONG
    full_at_the_end(session, database)
    assert [turn.reply.text for turn in kept_turns(conversations)] == [_LONG, ""]
    session.close()
    assert [turn.reply.text for turn in kept_turns(conversations)] == [_LONG, "b" + _LONG]


def test_what_another_process_was_answering_is_waited_for_and_told(
    open_session: OpenSession, conversations: Conversations, tmp_path: Path
) -> None:
    there = open_session(ScriptedEngine(["first", "the reply that counts"]))
    say(there, "one")
    events = there.send("two")
    next(events)
    engine = ScriptedEngine(["mine"])
    with closing(open_database(tmp_path / "edge.db")) as database:
        answering, kept = replace(there.answering, engine=engine), Conversations(database)
        here = Session(answering, kept, kept.latest())
        with pytest.raises(Busy, match="another chat is answering"):
            say(here, "three")
        list(events)
        say(here, "three")
    told = [message.text for message in engine.requests[-1].messages]
    assert told == ["one", "first", "two", "the reply that counts", "three"]
    assert len(kept_turns(conversations)) == 3


def full_at_the_end(session: Session, database: Database) -> None:
    """A turn whose reply the store has no room for; there is room again behind it."""
    events = session.send("hi")
    next(events)
    with database.read() as connection:
        (n_pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {n_pages}")
    with pytest.raises(DiskFull):
        list(events)
    with database.read() as connection:
        connection.execute("PRAGMA max_page_count = 1000000")


def kept_turns(conversations: Conversations) -> tuple[Turn, ...]:
    kept = conversations.latest()
    assert kept is not None
    return kept.turns
