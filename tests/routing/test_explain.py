"""Explanations: every decision has one, its flips really happen, and no prompt is in it."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from decimal import Decimal

import pytest
from drawn import policies, signals
from hypothesis import given, settings

from edge.cli.words import policy as words
from edge.core.decision import Reason, Signals, Target
from edge.core.message import Label
from edge.core.units import Money
from edge.routing.conditions import Within
from edge.routing.explain import document, explain
from edge.routing.facts import FACTS
from edge.routing.flips import flips
from edge.routing.policy import Policy, Rule, Score, decide
from edge.routing.policy_file import BUILT_IN, built_in

FREE = Signals(0, Label.PUBLIC, cloud_allowed=True, cloud_free_tokens=1000, context_free_tokens=10)


def told(policy: Policy, **changes: object):
    some = replace(FREE, **changes)
    return explain(decide(some, policy), policy)


def nearest(policy: Policy, **changes: object) -> dict[str, object]:
    """Where each signal would have to be for another target."""
    return {flip.signal: flip.to for flip in flips(replace(FREE, **changes), policy)}


def rule(**bounds: float) -> Policy:
    return Policy("p", "0", (Rule("r", Target.CLOUD, (Within("edge_wait_s", **bounds),)),))


@settings(max_examples=80, deadline=None)
@given(signals, policies)
def test_every_flip_that_is_told_happens(some, policy):
    target = decide(some, policy).target
    for flip in flips(some, policy):
        changed = decide(replace(some, **{flip.signal: flip.to}), policy)
        assert changed.target is flip.target
        assert changed.target is not target


@settings(max_examples=50, deadline=None)
@given(signals, policies)
def test_no_whole_number_between_now_and_a_flip_changes_anything(some, policy):
    target = decide(some, policy).target
    for flip in flips(some, policy):
        if type(flip.now) is int:
            toward = 1 if flip.to > flip.now else -1
            between = {flip.to - toward, (flip.now + flip.to) // 2} - {flip.to}
            for value in between:
                found = decide(replace(some, **{flip.signal: value}), policy)
                assert found.target is target


@settings(max_examples=80, deadline=None)
@given(signals, policies)
def test_every_decision_is_explained_within_a_kilobyte(some, policy):
    found = explain(decide(some, policy), policy)
    text = words.explained(found)
    assert 20 < len(text.encode()) <= 1024
    assert json.loads(json.dumps(document(found)))["reason"] == found.decision.reason.value


@pytest.mark.parametrize("name", BUILT_IN)
def test_an_explanation_holds_no_word_that_was_measured(name):
    policy = built_in(name)
    some = replace(FREE, cloud_fault="x" * 500, edge_checks=("y" * 500,), language="zh" * 90)
    assert len(words.explained(explain(decide(some, policy), policy)).encode()) <= 1024


def test_the_flip_of_a_count_is_the_first_that_no_longer_fits():
    found = told(built_in("edge-first"), context_free_tokens=1929)
    assert [(f.signal, f.to, f.change, f.target) for f in found.flips] == [
        ("context_free_tokens", -1, -1930, Target.CLOUD)
    ]
    assert "the cloud if the prompt had 1,930 more tokens" in words.explained(found)


def test_the_flip_of_a_wait_is_the_very_next_number():
    assert nearest(rule(above=30.0), edge_wait_s=12.0)["edge_wait_s"] == math.nextafter(30.0, 31)
    assert nearest(rule(at_least=30.0), edge_wait_s=12.0)["edge_wait_s"] == 30.0
    assert nearest(rule(above=30.0), edge_wait_s=31.0)["edge_wait_s"] == 30.0
    assert "edge_wait_s" not in nearest(rule(above=30.0), edge_wait_s=None)


def test_of_two_ends_the_nearer_one_is_told():
    band = rule(above=10.0, below=20.0)
    assert nearest(band, edge_wait_s=12.0)["edge_wait_s"] == 10.0
    assert nearest(band, edge_wait_s=19.0)["edge_wait_s"] == 20.0


def test_a_derived_signal_is_turned_by_each_it_is_made_of():
    policy = Policy("p", "0", (Rule("r", Target.CLOUD, (Within("edge_total_s", at_least=20.0),)),))
    found = nearest(policy, edge_wait_s=5.0, reply_tokens=100, edge_tps=10.0)  # 15 s in all
    # To the last bit: 9.999999999999998 + 10.0 is 20.0 in floating point.
    assert found["edge_wait_s"] == pytest.approx(10.0, rel=1e-12)
    assert found["reply_tokens"] == 150
    assert found["edge_tps"] == pytest.approx(100 / 15, rel=1e-12)


def test_a_score_is_turned_at_its_threshold():
    hard = Score("hard", Target.CLOUD, (("difficulty", 2.0), ("load", 1.0)), 1.5)
    found = nearest(Policy("p", "0", scores=(hard,)), difficulty=0.25, load=0.5)
    assert (found["difficulty"], found["load"]) == pytest.approx((0.5, 1.0), rel=1e-12)


def test_a_budget_is_turned_by_what_is_missing():
    policy = Policy("p", "0", default=Target.CLOUD)
    cost, left = Money(Decimal("0.02"), "CNY"), Money(Decimal("0.015"), "CNY")
    found = told(policy, cloud_cost=cost, budget_left=left)
    assert found.decision.reason is Reason.BUDGET
    assert [(flip.signal, flip.to) for flip in found.flips] == [("budget_left", cost)]
    assert "if left to spend were 0.02 CNY" in words.explained(found)


def test_a_refused_turn_tells_where_it_would_have_gone():
    found = told(rule(above=30.0), label=Label.PRIVATE, cloud_key=False, edge_wait_s=40.0)
    assert found.instead is not None
    assert found.instead.target is Target.CLOUD
    assert found.also == (Reason.NO_KEY,)
    assert found.flips == ()  # either guard alone would have kept it
    text = words.explained(found)
    assert "The device answers: it is private." in text
    assert "It would have gone to the cloud by rule r." in text
    kept = told(rule(above=30.0), label=Label.PRIVATE, edge_wait_s=20.0)
    assert kept.instead is not None
    assert kept.instead.target is Target.EDGE
    assert "kept it here, too" in words.explained(kept)


def test_a_rule_is_told_with_its_conditions_and_what_came_next():
    found = told(rule(above=30.0), edge_wait_s=40.0)
    assert [(r.signal, r.value, r.unit) for r in found.readings] == [("edge_wait_s", 40.0, "s")]
    text = words.explained(found)
    assert "The cloud answers: rule r holds." in text
    assert "wait for the device: 40.00 s (above 30.0)" in text
    assert "Next to decide: the device, because no rule or score says otherwise." in text
    assert "the device if wait for the device were 10.00 s lower" in text


def test_a_changed_policy_is_said_to_be_another():
    policy = rule(above=30.0)
    decision = decide(FREE, policy)
    assert explain(decision, policy).is_current
    later = explain(decision, replace(policy, text_hash="1"))
    assert "the policy has changed since" in words.explained(later)


def test_every_signal_and_reason_has_its_words():
    assert {words.signal(name) for name in FACTS}
    for reason in Reason:
        decision = replace(decide(FREE), reason=reason, rule="r", score=1.0, threshold=0.5)
        assert words.decided(decision)
