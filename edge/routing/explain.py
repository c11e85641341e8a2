"""Why a turn went where it went, as values: what decided, what mattered, what would change it.

It sees the decision and the policy alone, so no word of a prompt can be in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edge.core.decision import Decision, Reason
from edge.routing.conditions import Condition
from edge.routing.facts import FACTS, spelled, value_of
from edge.routing.flips import Flip, flips
from edge.routing.policy import Policy, Rule, Score, Verdict, guards, verdicts

# What each fixed step looks at.
_LOOKS_AT: dict[Reason, tuple[str, ...]] = {
    Reason.CLOUD_OFF: ("cloud_allowed",),
    Reason.OFFLINE: ("offline",),
    Reason.PRIVATE: ("label",),
    Reason.DETECTORS_MISSING: ("detectors_ready",),
    Reason.NO_KEY: ("cloud_key",),
    Reason.UNREACHABLE: ("cloud_link",),
    Reason.BREAKER_OPEN: ("breaker",),
    Reason.CLOUD_FAILED: ("cloud_fault",),
    Reason.CLOUD_TOO_SMALL: ("cloud_free_tokens",),
    Reason.BUDGET: ("cloud_cost", "budget_left"),
    Reason.NOT_CONSENTED: ("consented",),
    Reason.EDGE_CANNOT: ("context_free_tokens", "edge_fault"),
    Reason.ASKED: ("wanted",),
    Reason.WEAK_ANSWER: ("edge_checks",),
}
_MOST_FLIPS = 3
_MOST_READINGS = 6


@dataclass(frozen=True, slots=True)
class Reading:
    """A signal with the value it had. `condition` is what was asked of it, if something was."""

    signal: str
    value: Any
    unit: str
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision, taken apart.

    `also` are further guards that hold. `instead` is, for a turn a guard kept,
    what the policy would have said, and else what would have decided next. `flips`
    are the nearest first; `is_current` False: the policy given is another one than
    the decision's, so all but the decision itself is what that one would say.
    """

    decision: Decision
    readings: tuple[Reading, ...]
    also: tuple[Reason, ...]
    instead: Verdict | None
    flips: tuple[Flip, ...]
    is_current: bool


def explain(decision: Decision, policy: Policy) -> Explanation:
    """What decided, what mattered to it, and the nearest things that would have changed it."""
    signals = decision.signals
    guarded = decision.reason.guards
    every = verdicts(signals, policy)
    if not guarded:
        next(every, None)
    nearest = flips(signals, policy)[:_MOST_FLIPS]
    return Explanation(
        decision,
        _readings(decision, policy, nearest),
        tuple(reason for reason in guards(signals) if guarded and reason is not decision.reason),
        next(every, None),
        nearest,
        decision.policy_hash == policy.text_hash,
    )


def document(explanation: Explanation) -> dict[str, Any]:
    """An explanation as plain values, for JSON; the decision's signals are not repeated."""
    decision, instead = explanation.decision, explanation.instead
    return {
        "target": decision.target.value,
        "reason": decision.reason.value,
        "rule": decision.rule,
        "score": decision.score,
        "threshold": decision.threshold,
        "asks": decision.asks,
        "policy": decision.policy,
        "policy_hash": decision.policy_hash,
        "runner_up": decision.runner_up,
        "also": [reason.value for reason in explanation.also],
        "instead": instead and {"target": instead.target.value, "by": instead.name},
        "signals": [
            {"signal": r.signal, "value": plain(r.value), "unit": r.unit}
            for r in explanation.readings
        ],
        "flips": [
            {
                "signal": flip.signal,
                "now": plain(flip.now),
                "to": plain(flip.to),
                "change": flip.change,
                "target": flip.target.value,
            }
            for flip in explanation.flips
        ],
    }


def plain(value: Any) -> Any:
    """A signal's value for JSON."""
    if isinstance(value, tuple):
        return list(value)
    found = spelled(value)
    return found if found is None or isinstance(found, bool | int | float | str) else str(found)


def _readings(decision: Decision, policy: Policy, nearest: tuple[Flip, ...]) -> tuple[Reading, ...]:
    """The signals that decided; where nothing did, those that come nearest to it."""
    by = _decided_by(decision, policy)
    asked: dict[str, Condition | None] = {}
    if isinstance(by, Rule):
        asked = {each.signal: each for each in by.when}
    elif isinstance(by, Score):
        asked = {signal: None for signal, _ in by.weights}
    elif decision.reason in _LOOKS_AT:
        asked = dict.fromkeys(_LOOKS_AT[decision.reason])
    else:
        asked = {flip.signal: None for flip in nearest}
    bonus_s = policy.stay_bonus_s
    readings = (
        Reading(name, value_of(name, decision.signals, bonus_s), FACTS[name].unit, condition)
        for name, condition in asked.items()
    )
    known = [reading for reading in readings if reading.value is not None]
    return tuple(known[:_MOST_READINGS])


def _decided_by(decision: Decision, policy: Policy) -> Rule | Score | None:
    if decision.reason is Reason.RULE:
        return next((rule for rule in policy.rules if rule.name == decision.rule), None)
    if decision.reason in (Reason.SCORE, Reason.WEAK_ANSWER):
        return next((score for score in policy.scores if score.name == decision.rule), None)
    return None
