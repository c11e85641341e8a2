"""Money and trust end as they should, however a send does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cloud_server import black_hole, cut, error, other_model, reply, silent
from cloudy import CLOUD_FIRST, SHORT, Sky, answer_of, cloudy, done_of, policy, yuan
from edge.chat.pump import Events
from edge.core.conversation import Outcome
from edge.core.decision import BreakerState, Reason, Target
from edge.core.event import UNKNOWN_USAGE, Progress, StopReason
from edge.core.spec import CloudSpec
from edge.engine.protocol import Answered, Request
from edge.engine.scripted import ScriptedEngine
from edge.routing.policy import Escalate
from edge.store.ledger import By

WORDS = "The cloud says these words, one by one, until it ends."
EDGE_FIRST = CLOUD_FIRST.replace('"cloud"', '"edge"')


def booked(sky: Sky) -> list[tuple[str, str]]:
    """What is settled, and what is reserved."""
    return [(str(t.settled), str(t.reserved)) for t in sky.ledger.totals(By.PROVIDER)]


def test_a_stop_while_connecting_costs_nothing_and_says_nothing_of_the_cloud(
    tmp_path: Path,
) -> None:
    with black_hole() as url, cloudy(tmp_path, edge=["here"], url=url) as sky:
        for event in sky.session.send("hello"):
            if isinstance(event, Progress):
                sky.session.stop()
        assert booked(sky) == []
        assert sky.attempts.trust.breaker("qwen-plus").recent == ()


def test_a_reader_who_leaves_while_connecting_costs_nothing(tmp_path: Path) -> None:
    with black_hole() as url, cloudy(tmp_path, edge=["here"], url=url) as sky:
        events = sky.session.send("hello")
        while not isinstance(next(events), Progress):
            pass
        events.close()
        assert booked(sky) == []


def test_a_black_hole_that_is_outrun_counts_as_one(tmp_path: Path) -> None:
    outrun = policy(hedge=True)
    with black_hole() as url, cloudy(tmp_path, edge=["here"] * 9, url=url, by=outrun) as sky:
        for _ in range(4):
            assert answer_of(sky.say("hello")) == "here"
        assert booked(sky) == []
        last = sky.session.turns[-1].attempts[0].decision.reason
        assert last in (Reason.BREAKER_OPEN, Reason.UNREACHABLE)


def test_a_late_cloud_that_was_reached_is_no_failure_and_stays_booked(tmp_path: Path) -> None:
    with cloudy(tmp_path, silent(), edge=["here"], by=policy(hedge=True)) as sky:
        assert answer_of(sky.say("hello")) == "here"
        assert sky.attempts.trust.state("qwen-plus") is BreakerState.CLOSED
        assert booked(sky)[0][1] != "0 CNY"


def test_what_another_model_cost_is_not_known(tmp_path: Path) -> None:
    with cloudy(tmp_path, other_model("Hi", "qwen-max")) as sky:
        assert done_of(sky.say("hello")).attempts[0].usage.cost is None
        assert booked(sky)[0][1] != "0 CNY"


def test_what_has_no_price_is_not_sent_elsewhere(tmp_path: Path) -> None:
    unpriced = (CloudSpec("qwen-plus", 1_000_000, 32_768, ()),)
    far = "https://models.example/v1"
    with cloudy(tmp_path, edge=["here"], url=far, clouds=unpriced) as sky:
        assert answer_of(sky.say("hello")) == "here"
        assert booked(sky) == []
        assert sky.session.turns[-1].attempts[-1].decision.reason is Reason.BUDGET


def test_what_has_no_price_is_free_on_this_machine(tmp_path: Path) -> None:
    unpriced = (CloudSpec("qwen-plus", 1_000_000, 32_768, ()),)
    with cloudy(tmp_path, reply("there"), clouds=unpriced) as sky:
        assert answer_of(sky.say("hello")) == "there"


def test_half_a_count_settles_nothing(tmp_path: Path) -> None:
    with cloudy(tmp_path, reply(WORDS, usage=(12, 0))) as sky:
        assert done_of(sky.say("hello")).attempts[0].usage.cost is None
        assert booked(sky)[0][1] != "0 CNY"


def test_a_refused_request_costs_nothing(tmp_path: Path) -> None:
    with cloudy(tmp_path, error(400, "InvalidParameter"), edge=["here"]) as sky:
        sky.say("hello")
        assert booked(sky) == []


def test_a_test_of_the_cloud_takes_nothing_from_the_caps_of_a_turn(tmp_path: Path) -> None:
    with cloudy(tmp_path, reply("OK", usage=(3, 1))) as sky:
        for _ in range(3):
            list(sky.attempts.stream(sky.attempts.cloud.greeting(), "test"))
        standing = sky.ledger.standings(sky.attempts.cloud.caps, "CNY", None)[0]
        assert standing.spent == yuan("0.000021")  # 3 x (3 x 1 + 1 x 4) millionths


def test_words_that_were_shown_are_not_replaced_by_what_was_held(tmp_path: Path) -> None:
    holding = policy(EDGE_FIRST, escalate=Escalate.HOLD)
    weak = "I'm sorry, but I can't help with that."
    with cloudy(tmp_path, cut(WORDS, after=9), edge=[weak, WORDS], by=holding) as sky:
        events = sky.say("hello")
        assert answer_of(events) == WORDS
        assert sky.session.turns[-1].outcome is Outcome.FINISHED
        assert sky.session.turns[-1].reply.text == WORDS


class Mute(ScriptedEngine):
    """Ends without a word."""

    def stream(self, request: Request) -> Events:
        yield Answered(StopReason.END, UNKNOWN_USAGE, None)


def test_a_device_without_a_word_leaves_nobody_waiting(tmp_path: Path) -> None:
    waits = replace(SHORT, first_byte_s=2.6, total_s=2.8)
    with cloudy(tmp_path, silent(), edge=Mute([]), by=policy(hedge=True), waits=waits) as sky:
        events = sky.say("hello")
        assert answer_of(events) == ""
        assert done_of(events).attempts[-1].decision.target is Target.EDGE
