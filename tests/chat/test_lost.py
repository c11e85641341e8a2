"""What a talk has lost is said once, counted right, and known again wherever the talk goes on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest
from talking import OpenSession

from edge.chat.session import Session
from edge.core.conversation import Summary, WhenFull
from edge.core.errors import ContextFull
from edge.core.event import ContextUse, Event, Notice, NoticeCode
from edge.core.message import Message
from edge.engine.scripted import Reply, ScriptedEngine
from edge.store.conversations import Conversations
from edge.store.database import Database

N_CTX = 1024  # 768 of them for a prompt
LONG = "word " * 320  # 400 tokens of the scripted engine
SHORT = "word " * 100


class Summing(ScriptedEngine):
    """Says which turns it read where facts are asked for, else a short reply."""

    def __init__(self, n_ctx: int = N_CTX) -> None:
        super().__init__([], n_ctx=n_ctx)

    def _next_reply(self) -> Reply:
        told = names_in(message.text for message in self.requests[-1].messages[:-1])
        asked = self.requests[-1].messages[-1].text
        return Reply(f"Facts of {' '.join(told)}." if asked.startswith("List the") else "ok")

    @property
    def told(self) -> list[str]:
        """The turns and the summary it was told last, in short."""
        return names_in(message.text for message in self.requests[-1].messages)


class Counting(ScriptedEngine):
    """Remembers how often it counted."""

    n_counts = 0

    def count_tokens(self, messages: Sequence[Message], *, thinking: bool) -> int:
        self.n_counts += 1
        return super().count_tokens(messages, thinking=thinking)


def names_in(texts: Iterable[str]) -> list[str]:
    """The first word of each prompt, and summaries whole."""
    said = (text for text in texts if text != "ok" and "so far?" not in text)
    return [text if text.startswith("Facts") else text.split()[0] for text in said]


def say(session: Session, *texts: str) -> list[Event]:
    return [event for text in texts for event in session.send(text)]


def lost(events: list[Event]) -> list[str]:
    """What was said of turns that are told no more."""
    return [e.text for e in events if isinstance(e, Notice) and e.code is NoticeCode.LEFT_OUT]


def use(session: Session) -> ContextUse:
    """What the newest turn's record says of its prompt."""
    context = session.turns[-1].attempts[-1].context
    assert context is not None
    return context


def summing(open_session: OpenSession, n_turns: int) -> tuple[Session, Summing]:
    """A session behind so many turns, at least six: a summary stands for the first three."""
    engine = Summing()
    session = open_session(engine, n_ctx=N_CTX)
    session.set_when_full(WhenFull.SUMMARISE)
    say(session, *(f"T{n} {SHORT}" for n in range(1, n_turns + 1)))
    return session, engine


def test_a_summary_that_is_gone_is_missed_and_nothing_is_lost_in_silence(
    open_session: OpenSession, conversations: Conversations, database: Database
) -> None:
    session, engine = summing(open_session, 6)
    assert engine.told == ["Facts of T1 T2 T3.", "T4", "T5", "T6"]
    with database.write() as connection:
        connection.execute("DELETE FROM summaries")
    later = Summing()
    talk = conversations.get(session.conversation_id or "")
    again = open_session(later, n_ctx=N_CTX, conversation=talk)
    assert "the oldest 2 turns" in "".join(lost(say(again, "and?")))
    assert later.told == ["T3", "T4", "T5", "T6", "and?"]
    assert use(again).summarised_tokens == 0
    assert use(again).dropped_tokens == use(session).summarised_tokens * 2 // 3


def test_a_talk_of_fewer_turns_than_it_left_out_is_told_whole(
    open_session: OpenSession, conversations: Conversations
) -> None:
    session = open_session(Summing(), n_ctx=N_CTX)
    say(session, *(f"{n} {LONG}" for n in ("ONE", "TWO", "THREE")))
    talk = conversations.get(session.conversation_id or "")
    mended = replace(talk, turns=talk.turns[-1:])  # of a damaged store the others were lost
    later = Summing()
    say(open_session(later, n_ctx=N_CTX, conversation=mended), "and?")
    assert later.told == ["THREE", "and?"]


def test_a_talk_goes_on_anywhere_with_the_summary_it_was_told_there(
    open_session: OpenSession, conversations: Conversations
) -> None:
    session, engine = summing(open_session, 7)
    before = use(session)
    session.set_when_full(WhenFull.SLIDE)
    assert lost(say(session, f"T8 {SHORT}", f"T9 {SHORT}"))
    session.set_when_full(WhenFull.SUMMARISE)
    say(session, f"T10 {SHORT}", f"T11 {SHORT}", f"T12 {SHORT}")
    assert engine.told[0] == "Facts of Facts of T1 T2 T3. T6 T7 T8."  # T4 and T5 had gone
    session.go_to(session.turns[7].id)  # the eighth, where T4 and T5 were told
    assert lost(say(session, "and?")) == []
    assert engine.told == ["Facts of T1 T2 T3.", "T4", "T5", "T6", "T7", "T8", "and?"]
    assert use(session).summarised_tokens == before.summarised_tokens
    assert use(session).dropped_tokens == 0


def test_a_summary_made_behind_what_was_lost_is_told_again_with_that_on_record(
    open_session: OpenSession, conversations: Conversations
) -> None:
    session, _ = summing(open_session, 7)
    session.set_when_full(WhenFull.SLIDE)
    say(session, f"T8 {SHORT}", f"T9 {SHORT}")
    session.set_when_full(WhenFull.SUMMARISE)
    say(session, f"T10 {SHORT}", f"T11 {SHORT}", f"T12 {SHORT}")
    later, before = Summing(), use(session)
    talk = conversations.get(session.conversation_id or "")
    again = open_session(later, n_ctx=N_CTX, conversation=talk)
    assert lost(say(again, "and?")) == []
    assert later.told[0] == "Facts of Facts of T1 T2 T3. T6 T7 T8."
    assert use(again).dropped_tokens == before.dropped_tokens > 200
    assert use(again).summarised_tokens == before.summarised_tokens
    again.pin(again.turns[3].id)
    say(again, "so?")
    assert "T4" in later.told
    again.pin(again.turns[3].id, pinned=False)
    assert lost(say(again, "well?"))


def test_a_summary_that_took_the_place_of_another_is_not_taken_for_it(
    open_session: OpenSession, conversations: Conversations
) -> None:
    session, _ = summing(open_session, 6)
    talk_id, third = session.conversation_id or "", session.turns[2].id
    # As a branch keeps it that had lost T1 and T2 before.
    conversations.keep_summary(talk_id, Summary(third, "Facts of T3.", 135))
    later = Summing()
    again = open_session(later, n_ctx=N_CTX, conversation=conversations.get(talk_id))
    assert lost(say(again, "and?"))
    assert later.told == ["T3", "T4", "T5", "T6", "and?"]


def test_a_prompt_that_leaves_no_room_for_a_summary_is_sent_without_one(
    open_session: OpenSession,
) -> None:
    engine = Summing()
    session = open_session(engine, n_ctx=N_CTX)
    session.set_when_full(WhenFull.SUMMARISE)
    say(session, f"ONE {LONG}")
    events = say(session, "word " * 600)  # 750 tokens
    assert lost(events)
    assert len(engine.requests) == 2
    assert (use(session).left_out_turns, use(session).summarised_tokens) == (1, 0)


@pytest.mark.parametrize("way", [WhenFull.SLIDE, WhenFull.SUMMARISE])
def test_a_summary_goes_and_says_so_where_a_long_prompt_has_no_room_beside_it(
    open_session: OpenSession, way: WhenFull
) -> None:
    session, engine = summing(open_session, 6)
    summed_up = use(session).summarised_tokens
    session.set_when_full(way)
    events = say(session, "Word " + "word " * 599)
    assert engine.told == ["Word"]
    assert "the oldest 6 turns" in "".join(lost(events))
    assert use(session).summarised_tokens == 0
    assert use(session).dropped_tokens == 2 * summed_up  # six turns of one size


def test_a_summary_does_not_go_before_the_user_chose(open_session: OpenSession) -> None:
    session, engine = summing(open_session, 6)
    session.set_when_full(WhenFull.STOP)
    with pytest.raises(ContextFull, match="the oldest 6 turns would be left out"):
        say(session, "word " * 600)
    say(session, "and?")
    assert engine.told == ["Facts of T1 T2 T3.", "T4", "T5", "T6", "and?"]


def test_a_long_reply_of_another_branch_counts_as_long_as_it_is(
    open_session: OpenSession,
) -> None:
    engine = ScriptedEngine(["abcd" * 980, "short", "answer"], n_ctx=N_CTX)
    session = open_session(engine, n_ctx=N_CTX)
    say(session, "tell me")
    tip = session.turns[-1].id
    session.go_to(None)
    say(session, "tell me")
    session.go_to(tip)
    assert lost(say(session, "and then? " * 40))
    assert len(engine.requests[-1].messages) == 1


def test_what_surely_fits_behind_a_long_reply_is_not_counted_before_it_is_sent(
    open_session: OpenSession,
) -> None:
    engine = Counting(["abcd" * 700, "answer"])
    session = open_session(engine)
    say(session, "tell me", "and then?")
    assert engine.n_counts == 2  # the engine's own, one a request


def test_a_pin_put_elsewhere_lets_no_turn_go_in_silence(open_session: OpenSession) -> None:
    engine = Summing()
    session = open_session(engine, n_ctx=N_CTX)
    say(session, "Kepler is my dog", "Tycho is my cat")
    dog, cat = (turn.id for turn in session.turns)
    session.pin(dog)
    say(session, f"ONE {LONG}", f"TWO {LONG}")
    assert engine.told == ["Kepler", "TWO"]
    before = use(session).dropped_tokens
    session.pin(dog, pinned=False)
    session.pin(cat)
    assert lost(say(session, "and?"))
    assert engine.told == ["Tycho", "TWO", "and?"]
    assert use(session).dropped_tokens == before  # one prompt is as long as the other
    assert lost(say(session, "so?")) == []


def test_a_turn_that_is_let_go_before_the_talk_is_opened_again_is_not_lost_in_silence(
    open_session: OpenSession, conversations: Conversations
) -> None:
    session = open_session(Summing(), n_ctx=N_CTX)
    say(session, "Kepler is my dog")
    session.pin(session.turns[0].id)
    say(session, f"ONE {LONG}", f"TWO {LONG}")
    before = use(session).dropped_tokens
    later, talk_id = Summing(), session.conversation_id or ""
    again = open_session(later, n_ctx=N_CTX, conversation=conversations.get(talk_id))
    assert lost(say(again, "and?")) == []
    assert later.told == ["Kepler", "TWO", "and?"]
    again.pin(again.turns[0].id, pinned=False)
    again = open_session(later, n_ctx=N_CTX, conversation=conversations.get(talk_id))
    assert lost(say(again, "so?"))
    assert use(again).dropped_tokens == before + (4 + 4) + (4 + 1)  # its prompt and its reply


def test_a_turn_with_a_summary_may_be_pinned_and_let_go_and_nothing_is_lost(
    open_session: OpenSession,
) -> None:
    session, engine = summing(open_session, 6)
    first, before = session.turns[0].id, use(session)
    session.pin(first)
    assert lost(say(session, "and?")) == []
    assert engine.told == ["Facts of T1 T2 T3.", "T1", "T4", "T5", "T6", "and?"]
    session.pin(first, pinned=False)
    assert lost(say(session, "so?")) == []
    assert engine.told[:2] == ["Facts of T1 T2 T3.", "T4"]
    assert use(session).dropped_tokens == before.dropped_tokens == 0
    assert use(session).summarised_tokens == before.summarised_tokens


def test_a_turn_that_was_pinned_when_the_others_were_summed_up_is_not_let_go_in_silence(
    open_session: OpenSession,
) -> None:
    engine = Summing()
    session = open_session(engine, n_ctx=N_CTX)
    session.set_when_full(WhenFull.SUMMARISE)
    say(session, "Kepler is my dog")
    session.pin(session.turns[0].id)
    say(session, *(f"T{n} {SHORT}" for n in range(1, 7)))
    assert engine.told[1] == "Kepler"
    session.pin(session.turns[0].id, pinned=False)
    assert lost(say(session, "and?"))
    assert "Kepler" not in engine.told
    assert use(session).dropped_tokens == (4 + 4) + (4 + 1)  # its prompt and its reply
