"""Signals and policies of every kind, drawn by Hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from edge.core.decision import BreakerState, Capability, LinkState, Signals, Target
from edge.core.message import Label
from edge.core.units import Money
from edge.routing.conditions import Among, Within
from edge.routing.facts import FACTS, NUMERIC, Kind
from edge.routing.policy import CloudModel, Escalate, Handoff, Policy, Rule, Score
from edge.routing.policy_parts import RULE_SIGNALS, SCORE_SIGNALS

seconds = st.floats(0, 120)
tokens = st.integers(0, 20_000)
room = st.integers(-3000, 20_000)
share = st.floats(0, 1)
money = st.builds(
    Money,
    st.decimals(0, 10, places=4, allow_nan=False),
    st.sampled_from(["CNY", "CNY", "CNY", "USD"]),
)
target = st.sampled_from(Target)


def maybe(strategy):
    return st.none() | strategy


def mostly(value, other):
    return st.sampled_from([value] * 9 + [other])


signals = st.builds(
    Signals,
    turn_index=st.integers(0, 50),
    label=mostly(Label.PUBLIC, Label.PRIVATE),
    cloud_allowed=mostly(True, False),
    prompt_tokens=tokens,
    new_tokens=tokens,
    context_free_tokens=room,
    reply_tokens=tokens,
    language=st.sampled_from(["zh", "en", ""]),
    capability=st.sampled_from(Capability),
    difficulty=maybe(share),
    wanted=mostly(None, Target.CLOUD),
    previous=maybe(target),
    consented=mostly(None, False),
    edge_ready=st.booleans(),
    edge_wait_s=maybe(seconds),
    edge_tps=maybe(seconds),
    queue=st.integers(0, 3),
    on_battery=maybe(st.booleans()),
    battery_percent=maybe(st.integers(0, 100)),
    hot=maybe(st.booleans()),
    load=maybe(share),
    offline=mostly(False, True),
    cloud_asks=st.booleans(),
    detectors_ready=mostly(True, False),
    cloud_key=mostly(True, False),
    cloud_link=mostly(LinkState.UP, LinkState.DOWN),
    breaker=mostly(BreakerState.CLOSED, BreakerState.OPEN),
    cloud_wait_s=maybe(seconds),
    cloud_tps=maybe(seconds),
    cloud_free_tokens=mostly(100_000, -1),
    cloud_cost=maybe(money),
    budget_left=maybe(money),
    cloud_fault=mostly(None, "timeout"),
    edge_fault=mostly(None, "died"),
    edge_confidence=maybe(st.floats(-5, 0)),
    edge_margin=maybe(st.floats(0, 5)),
    edge_checks=mostly((), ("repeating",)),
)

numbers = [n for n in RULE_SIGNALS if FACTS[n].kind in NUMERIC]
switches = [n for n in RULE_SIGNALS if FACTS[n].kind is Kind.YES_NO]
counts = {n for n in numbers if FACTS[n].kind is Kind.COUNT}


@st.composite
def conditions(draw):
    if draw(st.booleans()):
        name = draw(st.sampled_from(numbers))
        bound = draw(st.integers(0, 8000) if name in counts else st.floats(-60, 60))
        end = draw(st.sampled_from(["above", "at_least", "below", "at_most"]))
        return Within(name, **{end: bound})
    if draw(st.booleans()):
        return Among(draw(st.sampled_from(switches)), (draw(st.booleans()),))
    end = draw(st.sampled_from(["above", "at_most"]))
    bound = draw(st.decimals(0, 10, places=4, allow_nan=False))
    return Within(
        draw(st.sampled_from(["cloud_cost", "budget_left"])), **{end: bound}, currency="CNY"
    )


rules = st.builds(
    Rule,
    st.sampled_from(["one", "two", "three"]),
    target,
    st.lists(conditions(), min_size=1, max_size=3).map(tuple),
)
weights = st.lists(
    st.tuples(st.sampled_from(SCORE_SIGNALS), st.floats(-3, 3).filter(lambda w: abs(w) > 0.01)),
    min_size=1,
    max_size=2,
    unique_by=lambda each: each[0],
).map(tuple)
scores = st.builds(Score, st.sampled_from(["four", "five"]), target, weights, st.floats(-20, 20))
policies = st.builds(
    Policy,
    name=st.just("drawn"),
    text_hash=st.just("0" * 64),
    rules=st.lists(rules, max_size=4).map(tuple),
    scores=st.lists(scores, max_size=2).map(tuple),
    default=target,
    uses_cloud=mostly(True, False),
    escalate=st.sampled_from(Escalate),
    handoff=st.sampled_from(Handoff),
    hedge=st.booleans(),
    stay_bonus_s=st.floats(0, 10),
    cloud_model=st.sampled_from(CloudModel),
)
