"""What the terminal says of a decision: who answers, why, and what would have changed it.

Each text is a small function, so that another language can stand here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from edge.core.decision import Decision, Reason, Target
from edge.core.units import Money
from edge.routing.conditions import Among, Condition
from edge.routing.explain import Explanation, Reading
from edge.routing.facts import FACTS, spelled
from edge.routing.flips import Flip
from edge.routing.policy import Verdict

_MOST_CHARS = 40  # of a value: an explanation stays a paragraph

_WHO = {Target.EDGE: "the device", Target.CLOUD: "the cloud"}

_REASONS = {
    Reason.CLOUD_OFF: "the cloud is turned off",
    Reason.OFFLINE: "edge is set to stay offline",
    Reason.PRIVATE: "it is private",
    Reason.DETECTORS_MISSING: "the detectors of personal data are not installed",
    Reason.NO_KEY: "there is no key for the cloud",
    Reason.UNREACHABLE: "the network does not answer",
    Reason.BREAKER_OPEN: "the cloud failed again and again a moment ago",
    Reason.CLOUD_FAILED: "the cloud failed in this turn",
    Reason.CLOUD_TOO_SMALL: "it is too long for the cloud, too",
    Reason.BUDGET: "what it could cost exceeds the budget",
    Reason.NOT_CONSENTED: "you said no",
    Reason.EDGE_CANNOT: "the device cannot",
    Reason.ASKED: "you asked for it",
    Reason.WEAK_ANSWER: "the answer of the device looks weak",
    Reason.DEFAULT: "no rule or score says otherwise",
}

_SIGNALS = {
    "turn_index": "turns before this one",
    "label": "label",
    "cloud_allowed": "cloud turned on",
    "prompt_tokens": "whole prompt",
    "new_tokens": "new to the device",
    "context_free_tokens": "room left on the device",
    "reply_tokens": "longest reply",
    "language": "language",
    "capability": "kind of reply",
    "difficulty": "difficulty",
    "wanted": "asked for",
    "previous": "answered before",
    "consented": "agreed to send",
    "edge_ready": "model loaded",
    "edge_wait_s": "wait for the device",
    "edge_tps": "speed of the device",
    "queue": "waiting before it",
    "on_battery": "on battery",
    "battery_percent": "battery",
    "hot": "slowed by heat",
    "load": "cores others use",
    "offline": "set offline",
    "cloud_asks": "asks each time",
    "detectors_ready": "detectors installed",
    "cloud_key": "key for the cloud",
    "cloud_link": "network",
    "breaker": "breaker",
    "cloud_wait_s": "wait for the cloud",
    "cloud_tps": "speed of the cloud",
    "cloud_free_tokens": "room left in the cloud",
    "cloud_cost": "most it could cost",
    "budget_left": "left to spend",
    "cloud_fault": "fault of the cloud",
    "edge_fault": "fault of the device",
    "edge_confidence": "confidence of the answer",
    "edge_margin": "margin of its first word",
    "edge_checks": "checks not passed",
    "edge_total_s": "whole wait for the device",
    "cloud_total_s": "whole wait for the cloud",
    "wait_gain_s": "sooner from the cloud by",
    "total_gain_s": "sooner done in the cloud by",
    "cost_share": "its share of what is left to spend",
}


def explained(explanation: Explanation) -> str:
    """All of it in a few lines: who and why, what mattered, what would have changed it."""
    return "\n".join(_lines(explanation))


def _lines(explanation: Explanation) -> Iterator[str]:
    decision = explanation.decision
    yield f"{decided(decision)}."
    if decision.asks:
        yield "You are asked before anything is sent."
    if explanation.also:
        yield f"Also: {'; '.join(_REASONS[reason] for reason in explanation.also[:4])}."
    for reading in explanation.readings:
        yield f"  {measured(reading)}"
    if explanation.instead is not None:
        yield instead(explanation.instead, guarded=decision.reason.guards)
    for flip in explanation.flips:
        yield f"  {flipped(flip)}"
    if not explanation.flips:
        yield "No single figure would have changed it."
    yield policy_named(decision.policy, decision.policy_hash, current=explanation.is_current)


def decided(decision: Decision) -> str:
    """Who answers and why, in one sentence."""
    return f"{_capital(_WHO[decision.target])} answers: {why(decision)}"


def why(decision: Decision) -> str:
    """The reason in words, with the rule's name or the score's figures."""
    match decision.reason:
        case Reason.RULE:
            return f"rule {decision.rule} holds"
        case Reason.SCORE:
            return f"score {_scored(decision)}"
        case Reason.WEAK_ANSWER if decision.score is not None:
            return f"{_REASONS[decision.reason]}, {_scored(decision)}"
        case Reason.WEAK_ANSWER:
            return f"{_REASONS[decision.reason]} ({_cut(decision.rule)})"
        case _:
            return _REASONS[decision.reason]


def _scored(decision: Decision) -> str:
    assert decision.score is not None
    assert decision.threshold is not None
    return f"{decision.rule} is {decision.score:.3g}, and {decision.threshold:.3g} is enough"


def measured(reading: Reading) -> str:
    """A signal with its value, and what was asked of it."""
    asked = "" if reading.condition is None else f" ({condition(reading.condition)})"
    return f"{signal(reading.signal)}: {value(reading.value, reading.unit)}{asked}"


def instead(verdict: Verdict, *, guarded: bool) -> str:
    """What a guard kept from being, or what would have decided next."""
    by = {Reason.RULE: f"by rule {verdict.rule}", Reason.SCORE: f"by score {verdict.rule}"}
    how = by.get(verdict.reason, f"because {_REASONS.get(verdict.reason)}")
    if guarded and verdict.target is Target.CLOUD:
        return f"It would have gone to the cloud {how}."
    if guarded:
        return f"The policy would have kept it here, too: {how}."
    return f"Next to decide: {_WHO[verdict.target]}, {how}."


def flipped(flip: Flip) -> str:
    """What would have led elsewhere: a change of one figure alone."""
    who = _WHO[flip.target]
    change = flip.change
    # Of room in a context people think as of the length of the prompt.
    if flip.signal == "context_free_tokens" and change is not None:
        return f"{who} if the prompt had {abs(change):,.0f} {_more(-change)} tokens"
    unit = FACTS[flip.signal].unit
    name = signal(flip.signal)
    if change is None or isinstance(flip.to, Money):
        return f"{who} if {name} were {value(flip.to, unit)}"
    by = value(abs(change), unit)
    return f"{who} if {name} were {by} {_more(change, more='higher', less='lower')}"


def _more(change: float, more: str = "more", less: str = "fewer") -> str:
    return more if change > 0 else less


def policy_named(name: str, text_hash: str, *, current: bool) -> str:
    """Which policy it was."""
    if not text_hash:
        return "It was decided before policies were kept."
    now = "" if current else "; the policy has changed since, and the rest is of today's"
    return f"Policy {name or 'unknown'}, {text_hash[:12]}{now}."


def condition(asked: Condition) -> str:
    """A condition in words: "above 30"."""
    if isinstance(asked, Among):
        return " or ".join(value(each, "") for each in asked.values[:3])
    ends = (f"{name.replace('_', ' ')} {bound}" for name, bound in asked.bounds())
    return " and ".join(ends) + (f" {asked.currency}" if asked.currency else "")


def signal(name: str) -> str:
    """What a signal is called."""
    return _SIGNALS[name]


def value(found: Any, unit: str) -> str:
    """A value with its unit, short enough for a line."""
    found = spelled(found)
    if isinstance(found, bool) or found is None:
        return {True: "yes", False: "no", None: "unknown"}[found]
    if isinstance(found, tuple):
        return _cut(", ".join(map(str, found))) or "none"
    if isinstance(found, float):
        found = f"{found:.2e}" if 0 < abs(found) < 0.01 else f"{found:,.2f}"
    elif isinstance(found, int):
        found = f"{found:,}"
    return _cut(f"{found} {unit}".strip()) or "none"


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_CHARS else f"{text[: _MOST_CHARS - 1]}…"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
