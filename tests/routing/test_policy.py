"""`decide`: guards first and for ever, then the device, the wish, the answer, the policy."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from drawn import policies, signals
from hypothesis import given, settings
from injections import INJECTIONS

from edge.core.decision import BreakerState, Decision, LinkState, Reason, Signals, Target
from edge.core.message import Label
from edge.core.units import Money
from edge.routing.conditions import Among, Within
from edge.routing.policy import (
    OFFLINE,
    CloudModel,
    Escalate,
    Policy,
    Rule,
    Score,
    cloud_model,
    decide,
    guards,
)
from edge.routing.policy_file import BUILT_IN, built_in

FREE = Signals(0, Label.PUBLIC, cloud_allowed=True, cloud_free_tokens=1000)
CLOUD = Policy("all", "0", default=Target.CLOUD)
EDGE = Policy("none", "0")


def cny(amount: str) -> Money:
    return Money(Decimal(amount), "CNY")


GUARDED = {
    Reason.CLOUD_OFF: {"cloud_allowed": False},
    Reason.OFFLINE: {"offline": True},
    Reason.PRIVATE: {"label": Label.PRIVATE},
    Reason.DETECTORS_MISSING: {"detectors_ready": False},
    Reason.NO_KEY: {"cloud_key": False},
    Reason.UNREACHABLE: {"cloud_link": LinkState.DOWN},
    Reason.BREAKER_OPEN: {"breaker": BreakerState.OPEN},
    Reason.CLOUD_FAILED: {"cloud_fault": "timeout"},
    Reason.CLOUD_TOO_SMALL: {"cloud_free_tokens": -1},
    Reason.BUDGET: {"cloud_cost": cny("0.02"), "budget_left": cny("0.01")},
    Reason.NOT_CONSENTED: {"consented": False},
}


def decided(policy: Policy = EDGE, **changes: object) -> Decision:
    return decide(replace(FREE, **changes), policy)


# Guards.


@pytest.mark.parametrize("reason", GUARDED)
def test_a_guard_keeps_on_the_device_even_what_it_cannot_and_the_user_asked_for(reason):
    hard = {"context_free_tokens": -5, "wanted": Target.CLOUD, "edge_checks": ("empty",)}
    found = decided(CLOUD, **hard, **GUARDED[reason])
    assert (found.target, found.reason, found.asks) == (Target.EDGE, reason, False)


def test_every_guard_of_the_enumeration_is_asked_in_its_order():
    everything: dict[str, object] = {}
    for changes in GUARDED.values():
        everything |= changes
    assert list(guards(replace(FREE, **everything))) == [r for r in Reason if r.guards]
    assert list(GUARDED) == [r for r in Reason if r.guards]


@settings(max_examples=150, deadline=None)
@given(signals, policies)
def test_no_policy_sends_what_a_guard_keeps(some, policy):
    found = decide(some, policy)
    if any(guards(some)):
        assert found.target is Target.EDGE
        assert found.reason.guards
    else:
        assert not found.reason.guards


@pytest.mark.campaign
@settings(max_examples=20_000, deadline=None)
@given(signals, policies)
def test_no_policy_sends_what_a_guard_keeps_whatever_is_drawn(some, policy):
    assert decide(some, policy).target is Target.EDGE or not any(guards(some))


@settings(max_examples=100, deadline=None)
@given(signals, policies)
def test_the_same_signals_and_policy_give_the_same_decision(some, policy):
    assert decide(some, policy) == decide(replace(some), replace(policy))


@pytest.mark.parametrize(
    ("cost", "left", "target"),
    [
        (None, None, Target.CLOUD),
        (cny("0.01"), cny("0.01"), Target.CLOUD),
        (cny("0.010000001"), cny("0.01"), Target.EDGE),
        (None, cny("0.01"), Target.EDGE),
        (Money(Decimal("0.001"), "USD"), cny("5"), Target.EDGE),
        (cny("0"), cny("0"), Target.CLOUD),
    ],
    ids=["no cap", "just within", "just over", "cost unknown", "other money", "free"],
)
def test_a_turn_is_sent_only_if_the_most_it_can_cost_is_left(cost, left, target):
    assert decided(CLOUD, cloud_cost=cost, budget_left=left).target is target


def test_a_guarded_turn_tells_what_the_policy_would_have_said():
    assert decided(CLOUD, label=Label.PRIVATE).runner_up == "default"
    assert decided(EDGE, label=Label.PRIVATE, context_free_tokens=-1).runner_up == "edge_cannot"


# Below the guards.


@pytest.mark.parametrize("changes", [{"context_free_tokens": -1}, {"edge_fault": "died"}])
def test_what_the_device_cannot_goes_to_the_cloud(changes):
    found = decided(**changes)
    assert (found.target, found.reason) == (Target.CLOUD, Reason.EDGE_CANNOT)


def test_a_turn_that_just_fits_the_device_stays():
    assert decided(context_free_tokens=0).target is Target.EDGE


def test_a_wish_beats_rules_and_never_sends_what_was_asked_for_here():
    assert decided(EDGE, wanted=Target.CLOUD).reason is Reason.ASKED
    assert decided(CLOUD, wanted=Target.EDGE).target is Target.EDGE
    kept = decided(CLOUD, wanted=Target.EDGE, context_free_tokens=-1)
    assert (kept.target, kept.reason) == (Target.EDGE, Reason.ASKED)


@pytest.mark.parametrize(
    ("escalate", "target"),
    [(Escalate.NEVER, Target.EDGE), (Escalate.ASK, Target.CLOUD), (Escalate.HOLD, Target.CLOUD)],
)
def test_a_weak_answer_escalates_only_where_the_policy_says_so(escalate, target):
    weak = Score("unsure", Target.CLOUD, (("edge_confidence", -1.0),), 1.0)
    policy = Policy("p", "0", scores=(weak,), escalate=escalate)
    by_check = decided(policy, edge_checks=("repeating", "empty"))
    by_score = decided(policy, edge_confidence=-1.0)
    assert {by_check.target, by_score.target} == {target}
    assert decided(policy, edge_confidence=-0.9).reason is Reason.DEFAULT
    if target is Target.CLOUD:
        assert by_check.reason is by_score.reason is Reason.WEAK_ANSWER
        assert (by_check.rule, by_score.rule) == ("repeating", "unsure")
        assert (by_score.score, by_score.threshold) == (1.0, 1.0)


def test_rules_are_asked_in_order_and_before_scores():
    slow = Rule("slow", Target.CLOUD, (Within("edge_wait_s", above=10),))
    chinese = Rule("chinese", Target.EDGE, (Among("language", ("zh", "ja")),))
    hard = Score("hard", Target.CLOUD, (("difficulty", 1.0),), 0.5)
    policy = Policy("p", "0", (slow, chinese), (hard,))
    found = decided(policy, edge_wait_s=11.0, language="zh", difficulty=0.9)
    assert (found.target, found.rule, found.runner_up) == (Target.CLOUD, "slow", "chinese")
    found = decided(policy, edge_wait_s=10.0, language="zh", difficulty=0.9)
    assert (found.target, found.rule, found.runner_up) == (Target.EDGE, "chinese", "hard")
    found = decided(policy, difficulty=0.5)
    assert (found.reason, found.score, found.threshold) == (Reason.SCORE, 0.5, 0.5)
    assert found.runner_up == "default"


def test_what_is_not_known_fulfils_no_condition_and_no_score():
    slow = Rule("slow", Target.CLOUD, (Within("edge_wait_s", at_least=0),))
    hot = Rule("cool", Target.CLOUD, (Among("hot", (False,)),))
    hard = Score("hard", Target.CLOUD, (("difficulty", 1.0), ("load", 1.0)), 0.0)
    policy = Policy("p", "0", (slow, hot), (hard,))
    assert decided(policy, difficulty=1.0).reason is Reason.DEFAULT


def test_money_is_compared_in_its_own_currency_alone():
    dear = Rule("dear", Target.CLOUD, (Within("cloud_cost", above=Decimal("0.1"), currency="CNY"),))
    policy = Policy("p", "0", (dear,))
    assert decided(policy, cloud_cost=cny("0.2")).rule == "dear"
    assert decided(policy, cloud_cost=Money(Decimal(9), "USD")).rule == ""


def test_staying_is_worth_its_bonus_either_way():
    sooner = Rule("sooner", Target.CLOUD, (Within("wait_gain_s", above=4),))
    policy = Policy("p", "0", (sooner,), stay_bonus_s=2)
    waits = {"edge_wait_s": 7.0, "cloud_wait_s": 2.0}  # a gain of 5
    assert decided(policy, **waits).target is Target.CLOUD
    assert decided(policy, **waits, previous=Target.EDGE).target is Target.EDGE
    closer = {"edge_wait_s": 5.0, "cloud_wait_s": 2.0}  # a gain of 3
    assert decided(policy, **closer).target is Target.EDGE
    assert decided(policy, **closer, previous=Target.CLOUD).target is Target.CLOUD


@pytest.mark.parametrize(
    ("asks", "consented", "expected"),
    [(False, None, False), (True, None, True), (True, True, False)],
)
def test_the_user_is_asked_before_the_cloud_where_they_want_that(asks, consented, expected):
    assert decided(CLOUD, cloud_asks=asks, consented=consented).asks is expected
    assert decided(EDGE, cloud_asks=asks, consented=consented).asks is False


def test_an_offer_after_a_weak_answer_asks_also_where_the_cloud_is_automatic():
    offering = Policy("p", "0", escalate=Escalate.ASK)
    assert decided(offering, edge_checks=("empty",)).asks
    assert not decided(replace(offering, escalate=Escalate.HOLD), edge_checks=("empty",)).asks


def test_a_rule_may_mean_another_cloud_model_than_its_policy():
    long = Rule("long", Target.CLOUD, (Within("prompt_tokens", above=9),), CloudModel.LONG)
    policy = Policy("p", "0", (long,), default=Target.CLOUD)
    assert cloud_model(decided(policy, prompt_tokens=10), policy) is CloudModel.LONG
    assert cloud_model(decided(policy, prompt_tokens=9), policy) is CloudModel.USUAL


# The built-in policies.


def test_the_offline_policy_never_sends_whatever_is_asked():
    found = decided(OFFLINE, wanted=Target.CLOUD, context_free_tokens=-1, edge_checks=("empty",))
    assert (found.target, found.reason) == (Target.EDGE, Reason.DEFAULT)
    assert built_in("offline") == OFFLINE
    assert decide(FREE) == decide(FREE, built_in("offline"))


USUAL_TURN = {"edge_wait_s": 0.8, "edge_tps": 20.0, "cloud_wait_s": 0.6, "cloud_tps": 60.0}


@pytest.mark.parametrize(
    ("changes", "targets"),
    [
        ({}, "edge edge edge cloud edge"),
        ({"context_free_tokens": -1}, "edge cloud cloud cloud cloud"),
        ({"edge_wait_s": 9.0}, "edge edge cloud cloud edge"),
        ({"edge_wait_s": 31.0}, "edge cloud cloud cloud edge"),
        ({"reply_tokens": 2000, "edge_wait_s": 1.0}, "edge edge cloud cloud edge"),
        ({"prompt_tokens": 7000, "context_free_tokens": 900}, "edge edge edge cloud cloud"),
        ({"new_tokens": 20, "edge_wait_s": 0.1, "cloud_wait_s": 3.0}, "edge edge edge edge edge"),
        ({"difficulty": 0.9}, "edge edge cloud cloud edge"),
        ({"label": Label.PRIVATE, "edge_wait_s": 99.0}, "edge edge edge edge edge"),
    ],
    ids=[
        "usual",
        "too long",
        "slow",
        "far too slow",
        "long reply",
        "long prompt",
        "warm",
        "hard",
        "private",
    ],
)
def test_each_built_in_policy_sends_what_its_name_says(changes, targets):
    usual = {"context_free_tokens": 3000, "reply_tokens": 100, "new_tokens": 300, **USUAL_TURN}
    found = [decided(built_in(name), **{**usual, **changes}).target.value for name in BUILT_IN]
    assert found == targets.split()


# Words change nothing.


def neutral(like: str) -> str:
    """Harmless text of the same language and as many characters."""
    is_chinese = any("\u4e00" <= char <= "\u9fff" for char in like)
    words = "今天我们去公园散步看花。" if is_chinese else "The garden was quiet that day. "
    return (words * (len(like) // len(words) + 1))[: len(like)]


def test_two_hundred_injections_are_decided_as_any_text_of_their_length():
    from edge.routing.cases import tried

    assert len(set(INJECTIONS)) == 200
    for name in BUILT_IN:
        policy = built_in(name)
        for text in INJECTIONS:
            asked, plain = (
                tried(each, {}, lambda _, label: label) for each in (text, neutral(text))
            )
            assert asked.wanted is None
            found, expected = decide(asked, policy), decide(plain, policy)
            assert (found.target, found.reason, found.rule) == (
                expected.target,
                expected.reason,
                expected.rule,
            )
            kept = decide(replace(asked, label=Label.PRIVATE), policy)
            assert (kept.target, kept.reason) == (Target.EDGE, Reason.PRIVATE)
