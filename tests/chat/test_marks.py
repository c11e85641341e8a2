"""A mark holds from the moment it is made, whoever makes it and whenever."""

from __future__ import annotations

from pathlib import Path

import pytest
from talking import another_process_using

from cloud_server import reply
from cloudy import answer_of, cloudy
from edge.chat.session import Session
from edge.core.decision import Target
from edge.core.errors import Busy, PrivacyRefused
from edge.core.message import Label, Message, Role
from edge.engine.scripted import Reply
from edge.store.conversations import Conversations
from edge.store.database import open_database
from edge.store.past import PrivateNews

SECRET = "the merger with Acme closes on the fifth of May"


def test_a_prompt_that_waits_to_be_sent_is_private_once_the_talk_is(tmp_path: Path) -> None:
    with cloudy(tmp_path, reply("sent"), edge=["here"]) as sky:
        waiting = sky.session.send(SECRET)
        sky.session.make_private()
        assert answer_of(waiting) == "here"
        assert sky.server.n_connections == 0
        assert sky.session.turns[0].prompt.label is Label.PRIVATE


def test_a_lifted_prompt_that_waits_is_not_sent_either(tmp_path: Path) -> None:
    with cloudy(tmp_path, reply("sent"), edge=["here"], consent=lambda _: True) as sky:
        waiting = sky.session.send(SECRET, public=True)
        sky.session.make_private()
        assert answer_of(waiting) == "here"
        assert sky.server.n_connections == 0


def test_another_session_of_the_same_talk_can_lock_it(tmp_path: Path) -> None:
    with cloudy(tmp_path, reply("sent"), edge=["here"]) as sky:
        sky.say("hello")
        kept = sky.session.conversations
        assert sky.session.conversation_id is not None
        same = kept.get(sky.session.conversation_id)
        other = Session(sky.session.answering, kept, same, routes=sky.session.routes)
        other.make_private()
        assert answer_of(sky.say(SECRET)) == "here"
        assert len(sky.server.requests) == 1
        assert sky.session.label is Label.PRIVATE


def test_a_mark_while_the_send_is_written_down_stops_it(tmp_path: Path) -> None:
    with cloudy(tmp_path, reply("sent"), edge=["here"]) as sky:
        door = sky.attempts.door
        log = door._log  # type: ignore[attr-defined]

        class Marking:
            def sending(self, sent: object) -> None:
                log.sending(sent)
                sky.session.make_private()

        door._log = Marking()  # type: ignore[attr-defined]
        assert answer_of(sky.say(SECRET)) == "here"
        assert SECRET.encode() not in bytes(sky.server.heard)


def test_private_text_of_another_process_is_recognised(tmp_path: Path) -> None:
    with cloudy(tmp_path, reply("sent"), edge=["here", "here"]) as sky:
        sky.attempts.cloud.follow_private(PrivateNews(sky.database, 10**6).read)
        sky.say("hello")
        elsewhere = open_database(tmp_path / "edge.db")
        talks = Conversations(elsewhere)
        talk = talks.start("m", "", Label.PRIVATE)
        talks.begin_turn(talk.id, None, Message(Role.USER, SECRET, Label.PRIVATE))
        elsewhere.close()
        assert answer_of(sky.say(f"What of this: {SECRET}?")) == "here"
        assert len(sky.server.requests) == 1


def test_where_private_texts_cannot_be_read_every_text_may_be_one(tmp_path: Path) -> None:
    with cloudy(tmp_path, reply("sent"), edge=["here"]) as sky:

        def unreadable() -> tuple[str, ...]:
            raise PrivacyRefused("the store is damaged")

        sky.attempts.cloud.follow_private(unreadable)
        assert answer_of(sky.say("hello")) == "here"
        assert sky.server.n_connections == 0


def test_what_the_device_makes_of_a_private_system_prompt_is_private(tmp_path: Path) -> None:
    system = "api_key = sk-proj-abcdefghijklmnopqrstuvwx1234567890ABCD; it is May 5"
    from edge.core.decision import Target

    with cloudy(tmp_path, reply("sent"), edge=["It is May 5."], system=system) as sky:
        sky.say("what day is it?", wanted=Target.EDGE)
        assert sky.session.turns[0].reply.label is Label.PRIVATE
        sky.say("and now?")
        told = sky.server.requests[0].json["messages"]
        assert [message["content"] for message in told] == ["and now?"]


def test_a_system_prompt_set_while_the_cloud_was_off_stays_private(tmp_path: Path) -> None:
    with cloudy(tmp_path, reply("sent"), reply("sent"), edge=["here"]) as sky:
        sky.say("hello")
        assert sky.session.conversation_id is not None
        kept = sky.session.conversations
        off = Session(sky.session.answering, kept, kept.get(sky.session.conversation_id))
        off.set_system(SECRET)
        again = kept.get(sky.session.conversation_id)
        on = Session(sky.session.answering, kept, again, routes=sky.session.routes)
        list(on.send("go on"))
        assert SECRET.encode() not in bytes(sky.server.heard)


def test_a_mark_that_the_store_cannot_take_holds_here(tmp_path: Path) -> None:
    with cloudy(tmp_path, reply("sent"), edge=["here"], consent=lambda _: True) as sky:
        sky.say("old public words")
        sky.database.close()
        with pytest.raises(Exception, match="closed"):
            sky.session.make_private()
        assert sky.session.label is Label.PRIVATE
        assert all(turn.prompt.label is Label.PRIVATE for turn in sky.session.turns)


def test_a_mark_that_a_busy_store_cannot_take_is_made_before_anything_is_read_back_or_sent(
    tmp_path: Path,
) -> None:
    with cloudy(tmp_path, reply("sent"), reply("sent"), consent=lambda _: True) as sky:
        sky.say("old public words")
        with another_process_using(sky.database), pytest.raises(Busy):
            sky.session.make_private()
        sky.session.go_to(sky.session.turns[0].id)
        sky.say("name a river", public=True)
        told = sky.server.requests[-1].json["messages"]
        assert [message["content"] for message in told] == ["name a river"]
        talk = sky.session.conversations.latest()
        assert talk is not None
        assert (talk.label, talk.turns[0].prompt.label) == (Label.PRIVATE, Label.PRIVATE)


def test_a_turn_stopped_before_a_word_withholds_nothing(tmp_path: Path) -> None:
    from edge.core.decision import Target
    from edge.core.event import Notice

    slow = Reply("never", pause_s=5.0)
    with cloudy(tmp_path, reply("sent"), edge=[slow]) as sky:
        for _ in sky.session.send("hello", wanted=Target.EDGE):
            sky.session.stop()
        assert [e for e in sky.say("again") if isinstance(e, Notice)] == []


def test_lifting_after_another_process_locked_the_talk_tells_its_old_turns_to_nobody(
    tmp_path: Path,
) -> None:
    with cloudy(tmp_path, reply("sent"), consent=lambda _: True) as sky:
        sky.say("has Bob got the flu?")
        elsewhere = open_database(tmp_path / "edge.db")
        assert sky.session.conversation_id is not None
        Conversations(elsewhere).mark_private(sky.session.conversation_id)
        elsewhere.close()
        sky.say("name a river", public=True)
        told = sky.server.requests[1].json["messages"]
        assert [message["content"] for message in told] == ["name a river"]


def test_a_store_that_was_busy_once_is_believed_again(tmp_path: Path) -> None:
    with cloudy(tmp_path, reply("sent"), edge=["here"]) as sky:
        busy = [True]

        def news() -> tuple[str, ...]:
            if busy:
                raise PrivacyRefused("busy")
            return ()

        sky.attempts.cloud.follow_private(news)
        assert answer_of(sky.say("hello")) == "here"
        busy.clear()
        assert answer_of(sky.say("hello again")) == "sent"


def test_a_talk_that_is_locked_is_private_on_all_its_branches(tmp_path: Path) -> None:
    with cloudy(tmp_path, reply("There."), edge=["here"] * 9) as sky:
        secret = "The launch of the blue rocket is moved to the ninth of March."
        sky.say(secret, wanted=Target.EDGE)
        sky.session.go_to(None)
        sky.say("Something else altogether.", wanted=Target.EDGE)
        sky.session.make_private()
        again = Session(sky.session.answering, sky.session.conversations, routes=sky.session.routes)
        list(again.send(f"What does this mean: {secret}"))
        assert sky.server.requests == []
        again.close()
