"""Who begins, who takes over, and that no word is lost or doubled at the seam."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloud_server import (
    Script,
    cut,
    done_alone,
    error,
    filtered,
    malformed,
    other_model,
    reply,
    silent,
    split_characters,
    stalled,
    without_finish,
)
from cloudy import CLOUD_FIRST, Sky, answer_of, cloudy, done_of, policy, yuan
from edge.chat.answering import Wishes
from edge.chat.in_cloud import Offer
from edge.core.cloud import Cap, CloudMode, Scope
from edge.core.conversation import Outcome
from edge.core.decision import Reason, Target
from edge.core.errors import BudgetSpent, CloudError, EngineDied, PrivacyRefused
from edge.core.event import Notice, NoticeCode, Routed, StopReason, Switched
from edge.core.message import Label
from edge.engine.scripted import Fault, Reply
from edge.routing.policy import Escalate, Handoff

EDGE_FIRST = CLOUD_FIRST.replace('"cloud"', '"edge"')
WORDS = "The cloud says these words, one by one, until it ends."


def targets(sky: Sky) -> list[Target]:
    """Who answered each share of the newest turn."""
    return [attempt.decision.target for attempt in sky.session.turns[-1].attempts]


def test_the_cloud_answers_what_the_policy_sends_there(tmp_path: Path) -> None:
    with cloudy(tmp_path, reply(WORDS)) as sky:
        events = sky.say("hello")
        assert answer_of(events) == WORDS
        assert sky.server.requests[0].json["messages"] == [{"role": "user", "content": "hello"}]
        assert targets(sky) == [Target.CLOUD]
        assert sky.engine.requests == []  # type: ignore[attr-defined]


def test_a_private_conversation_never_reaches_the_cloud(tmp_path: Path) -> None:
    with cloudy(tmp_path, reply(WORDS), edge=["here"], label=Label.PRIVATE) as sky:
        assert answer_of(sky.say("my diary, please")) == "here"
        assert sky.server.n_connections == 0
        assert sky.session.turns[0].attempts[0].decision.reason is Reason.PRIVATE


def test_a_prompt_with_a_number_of_a_person_stays_here_and_says_why(tmp_path: Path) -> None:
    with cloudy(tmp_path, reply(WORDS), edge=["here"]) as sky:
        events = sky.say("Call me at +86 138 0013 8000 tomorrow.")
        notices = [event for event in events if isinstance(event, Notice)]
        assert [notice.code for notice in notices] == [NoticeCode.MADE_PRIVATE]
        assert "138" not in notices[0].text
        assert sky.server.n_connections == 0


def test_what_the_device_said_of_private_text_is_not_told_to_the_cloud(tmp_path: Path) -> None:
    with cloudy(tmp_path, reply("second"), edge=["a reply made of it"]) as sky:
        sky.say("My key is sk-proj-abcdefghijklmnopqrstuvwx1234567890ABCD")
        events = sky.say("and now something else")
        assert [e.code for e in events if isinstance(e, Notice)] == [NoticeCode.CONTEXT_KEPT]
        assert sky.server.requests[0].json["messages"] == [
            {"role": "user", "content": "and now something else"}
        ]


def test_a_public_talk_is_told_whole(tmp_path: Path) -> None:
    with cloudy(tmp_path, reply("first"), reply("second"), system="Be brief.") as sky:
        sky.say("one")
        sky.say("two")
        told = [m["content"] for m in sky.server.requests[1].json["messages"]]
        assert told == ["Be brief.", "one", "first", "two"]


@pytest.mark.parametrize("k", range(21))
@pytest.mark.parametrize("reset", [False, True])
def test_a_cut_answer_is_gone_on_with_behind_the_very_words(
    tmp_path: Path, k: int, reset: bool
) -> None:
    with cloudy(tmp_path, cut(WORDS, after=k, reset=reset), edge=[WORDS]) as sky:
        events = sky.say("hello")
        assert answer_of(events) == WORDS
        assert done_of(events).stop_reason is StopReason.END
        turn = sky.session.turns[-1]
        assert turn.reply.text == WORDS
        assert turn.outcome is Outcome.FINISHED
        first, second = (attempt.answer for attempt in turn.attempts)
        assert first + second == WORDS
        # A reset may overtake what was sent before it.
        assert len(first) <= k if reset else len(first) == k
        assert len([e for e in events if isinstance(e, Switched)]) == 1


def test_what_an_engine_repeats_of_the_shown_words_is_not_shown_twice(tmp_path: Path) -> None:
    repeating = Reply("one by one, until it ends.")
    with cloudy(tmp_path, cut(WORDS, after=40), edge=[repeating]) as sky:
        assert WORDS[:40].endswith("one by one, ")
        assert answer_of(sky.say("hello")) == WORDS


@pytest.mark.parametrize(
    "script",
    [
        stalled(WORDS, after=5),
        without_finish(WORDS[:9]),
        done_alone(),
        malformed(WORDS, count=9),
        error(500, "InternalError"),
        error(503, "ModelUnavailable"),
        error(400, "InvalidParameter"),
        error(400, "Arrearage"),
        error(401, "InvalidApiKey"),
        error(403, "AccessDenied"),
        error(404, "ModelNotFound"),
        error(429, "Throttling"),
        error(429, "Throttling", retry_after="60"),
    ],
)
def test_every_fault_ends_in_a_whole_answer(tmp_path: Path, script: Script) -> None:
    with cloudy(tmp_path, script, edge=[WORDS]) as sky:
        events = sky.say("hello")
        assert answer_of(events) == WORDS
        assert targets(sky)[-1] is Target.EDGE


def test_characters_that_come_in_halves_come_whole(tmp_path: Path) -> None:
    with cloudy(tmp_path, split_characters("你好，世界")) as sky:
        assert answer_of(sky.say("hello")) == "你好，世界"


def test_with_keep_a_cut_answer_ends_there_and_says_so(tmp_path: Path) -> None:
    kept = policy(handoff=Handoff.KEEP)
    with cloudy(tmp_path, cut(WORDS, after=7), edge=[WORDS], by=kept) as sky:
        with pytest.raises(CloudError):
            sky.say("hello")
        turn = sky.session.turns[-1]
        assert turn.reply.text == WORDS[:7]
        assert turn.outcome is Outcome.INCOMPLETE


def test_a_failed_answer_to_a_private_prompt_is_an_error_and_no_call(tmp_path: Path) -> None:
    died = Reply("", fault=Fault(EngineDied("it died")))
    with cloudy(tmp_path, reply(WORDS), edge=[died], label=Label.PRIVATE) as sky:
        with pytest.raises(EngineDied):
            sky.say("my diary")
        assert sky.server.n_connections == 0


def test_the_cloud_answers_where_the_device_failed_before_a_word(tmp_path: Path) -> None:
    died = Reply("", fault=Fault(EngineDied("it died")))
    with cloudy(tmp_path, reply(WORDS), edge=[died], by=policy(EDGE_FIRST)) as sky:
        assert answer_of(sky.say("hello")) == WORDS
        assert targets(sky) == [Target.EDGE, Target.CLOUD]


def test_the_cloud_goes_on_with_what_the_device_began(tmp_path: Path) -> None:
    died = Reply(WORDS[:20], fault=Fault(EngineDied("it died"), after_tokens=5))
    with cloudy(tmp_path, reply(WORDS[20:]), edge=[died], by=policy(EDGE_FIRST)) as sky:
        assert answer_of(sky.say("hello")) == WORDS
        last = sky.server.requests[0].json["messages"][-1]
        assert (last["role"], last["content"], last["partial"]) == ("assistant", WORDS[:20], True)


def test_a_held_answer_that_does_not_pass_is_never_seen(tmp_path: Path) -> None:
    holding = policy(EDGE_FIRST, escalate=Escalate.HOLD)
    with cloudy(tmp_path, reply(WORDS), edge=["Well, 2 + 2 = 5."], by=holding) as sky:
        events = sky.say("what is 2 + 2?")
        assert answer_of(events) == WORDS
        first, second = sky.session.turns[-1].attempts
        assert (first.shown, second.shown) == (False, True)
        assert second.decision.reason is Reason.WEAK_ANSWER
        assert sky.session.turns[-1].reply.text == WORDS


def test_a_held_answer_is_shown_where_the_cloud_fails(tmp_path: Path) -> None:
    holding = policy(EDGE_FIRST, escalate=Escalate.HOLD)
    with cloudy(tmp_path, error(401, "InvalidApiKey"), edge=["2 + 2 = 5."], by=holding) as sky:
        events = sky.say("what is 2 + 2?")
        assert answer_of(events) == "2 + 2 = 5."
        assert done_of(events).stop_reason is StopReason.END


def test_a_late_cloud_gives_way_to_the_device(tmp_path: Path) -> None:
    with cloudy(tmp_path, silent(), edge=[WORDS], by=policy(hedge=True)) as sky:
        assert answer_of(sky.say("hello")) == WORDS
        cloud, edge = sky.session.turns[-1].attempts
        assert (cloud.shown, edge.shown) == (False, True)


def test_a_cap_stops_the_cloud_and_not_the_chat(tmp_path: Path) -> None:
    caps = (Cap(Scope.MONTH, yuan("0.0001")),)
    with cloudy(tmp_path, reply(WORDS), edge=["here"], caps=caps) as sky:
        assert answer_of(sky.say("hello")) == "here"
        assert sky.session.turns[-1].attempts[0].decision.reason is Reason.BUDGET
        with pytest.raises(BudgetSpent):
            sky.say("hello", wanted=Target.CLOUD)
        assert sky.server.n_connections == 0


def test_an_answer_costs_what_the_provider_counted(tmp_path: Path) -> None:
    with cloudy(tmp_path, reply(WORDS, usage=(1000, 100))) as sky:
        events = sky.say("hello")
        assert done_of(events).attempts[0].usage.cost == yuan("0.0014")  # 1,000 x 1 + 100 x 4
        assert sky.ledger.left(sky.attempts.cloud.caps, "CNY", None) == yuan("19.9986")


def test_who_insists_on_the_cloud_meets_the_guard_as_an_error(tmp_path: Path) -> None:
    with cloudy(tmp_path, reply(WORDS), label=Label.PRIVATE) as sky:
        with pytest.raises(PrivacyRefused):
            sky.say("my diary", wanted=Target.CLOUD)
        assert sky.server.n_connections == 0
        assert sky.session.turns[-1].attempts[0].decision.reason is Reason.PRIVATE


def test_who_insists_on_the_device_gets_it(tmp_path: Path) -> None:
    with cloudy(tmp_path, reply(WORDS), edge=["here"]) as sky:
        assert answer_of(sky.say("hello", wanted=Target.EDGE)) == "here"
        assert sky.server.n_connections == 0


def test_nothing_is_sent_before_the_user_said_yes(tmp_path: Path) -> None:
    offers: list[Offer] = []

    def no(offer: Offer) -> bool:
        offers.append(offer)
        return False

    with cloudy(tmp_path, reply(WORDS), edge=["here"], mode=CloudMode.ASK, consent=no) as sky:
        assert answer_of(sky.say("hello")) == "here"
        assert [message.text for message in offers[0].messages] == ["hello"]
        assert sky.session.turns[-1].attempts[0].decision.reason is Reason.NOT_CONSENTED
        assert sky.server.n_connections == 0
        sky.session.consent = lambda _: True
        assert answer_of(sky.say("hello again")) == WORDS


def test_a_filtered_answer_is_the_providers_and_asked_nowhere_else(tmp_path: Path) -> None:
    with cloudy(tmp_path, filtered("Well"), edge=[WORDS]) as sky:
        events = sky.say("hello")
        assert done_of(events).stop_reason is StopReason.FILTERED
        assert answer_of(events) == "Well"
        assert len(sky.server.requests) == 1


def test_another_model_than_asked_is_said(tmp_path: Path) -> None:
    with cloudy(tmp_path, other_model("Hi"), edge=[WORDS]) as sky:
        notices = [event.code for event in sky.say("hello") if isinstance(event, Notice)]
        assert notices == [NoticeCode.OTHER_MODEL]


def test_an_outage_is_asked_three_times_and_then_left_alone(tmp_path: Path) -> None:
    with cloudy(tmp_path, error(500, "InternalError"), edge=["here"] * 20) as sky:
        for _ in range(20):
            assert answer_of(sky.say("hello")) == "here"
        assert len(sky.server.requests) <= 4
        last = sky.session.turns[-1].attempts[0].decision
        assert last.reason is Reason.BREAKER_OPEN


def test_every_turn_begins_with_its_route(tmp_path: Path) -> None:
    with cloudy(tmp_path, reply(WORDS)) as sky:
        first = sky.say("hello")[0]
        assert isinstance(first, Routed)
        assert first.decision.target is Target.CLOUD


def test_a_talk_made_private_while_the_cloud_answers_leaves_it_at_once(tmp_path: Path) -> None:
    slow = reply(WORDS, pause_s=0.02)
    with cloudy(tmp_path, slow, edge=[WORDS, "here", "here"]) as sky:
        events = []
        for event in sky.session.send("hello"):
            events.append(event)
            if len(answer_of(events)) == 5:
                sky.session.make_private()
        assert answer_of(events) == WORDS
        assert targets(sky) == [Target.CLOUD, Target.EDGE]
        turn = sky.session.turns[-1]
        assert (turn.prompt.label, turn.reply.label) == (Label.PRIVATE, Label.PRIVATE)
        sky.say("and now?")
        assert len(sky.server.requests) == 1


def test_thoughts_are_bounded_and_reserved_beside_the_reply(tmp_path: Path) -> None:
    wishes = Wishes(thinking=True, max_tokens=100)
    with cloudy(tmp_path, reply(WORDS), wishes=wishes) as sky:
        sky.say("hello")
        asked = sky.server.requests[0].json
        assert (asked["enable_thinking"], asked["max_tokens"]) == (True, 100)
        cost = sky.session.turns[0].attempts[0].decision.signals.cloud_cost
        n_in = len("hello") + 16 + 64  # a token a byte at most, a message's frame, a preamble
        n_out = 100 + asked["thinking_budget"]
        assert cost == yuan(str((n_in * 1 + n_out * 8) / 1_000_000))  # PRICE, thinking
