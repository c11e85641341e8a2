"""What the terminal says of a decision: who answers, why, and what would have changed it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from edge.cli.words.signals import reason, signal
from edge.core.decision import Decision, Reason, Target
from edge.core.say import say
from edge.core.units import Money
from edge.routing.conditions import Among, Condition
from edge.routing.explain import Explanation, Reading
from edge.routing.facts import FACTS, spelled
from edge.routing.flips import Flip
from edge.routing.policy import Verdict

_MOST_CHARS = 40  # of a value: an explanation stays a paragraph


def explained(explanation: Explanation) -> str:
    """All of it in a few lines: who and why, what mattered, what would have changed it."""
    return "\n".join(_lines(explanation))


def _lines(explanation: Explanation) -> Iterator[str]:
    decision = explanation.decision
    yield say("{sentence}.", sentence=decided(decision))
    if decision.asks:
        yield say("You are asked before anything is sent.")
    if explanation.also:
        also = say("; ").join(map(reason, explanation.also[:4]))
        yield say("Also: {reasons}.", reasons=also)
    for reading in explanation.readings:
        yield f"  {measured(reading)}"
    if explanation.instead is not None:
        yield instead(explanation.instead, guarded=decision.reason.guards)
    for flip in explanation.flips:
        yield f"  {flipped(flip)}"
    if not explanation.flips:
        yield say("No single figure would have changed it.")
    yield policy_named(decision.policy, decision.policy_hash, current=explanation.is_current)


def decided(decision: Decision) -> str:
    """Who answers and why, in one sentence."""
    if decision.target is Target.EDGE:
        return say("The device answers: {why}", why=why(decision))
    return say("The cloud answers: {why}", why=why(decision))


def why(decision: Decision) -> str:
    """The reason in words, with the rule's name or the score's figures."""
    match decision.reason:
        case Reason.RULE:
            return say("rule {rule} holds", rule=decision.rule)
        case Reason.SCORE:
            return say("score {figures}", figures=_scored(decision))
        case Reason.WEAK_ANSWER if decision.score is not None:
            return say("{why}, {figures}", why=reason(decision.reason), figures=_scored(decision))
        case Reason.WEAK_ANSWER:
            return _with(reason(decision.reason), _cut(decision.rule))
        case _:
            return reason(decision.reason)


def _with(said: str, more: str) -> str:
    return say("{said} ({more})", said=said, more=more)


def _scored(decision: Decision) -> str:
    assert decision.score is not None
    assert decision.threshold is not None
    return say(
        "{rule} is {score:.3g}, and {threshold:.3g} is enough",
        rule=decision.rule,
        score=decision.score,
        threshold=decision.threshold,
    )


def measured(reading: Reading) -> str:
    """A signal with its value, and what was asked of it."""
    found = say(
        "{signal}: {value}",
        signal=signal(reading.signal),
        value=value(reading.value, reading.unit),
    )
    return found if reading.condition is None else _with(found, condition(reading.condition))


def instead(verdict: Verdict, *, guarded: bool) -> str:
    """What a guard kept from being, or what would have decided next."""
    how = _by(verdict)
    if guarded and verdict.target is Target.CLOUD:
        return say("It would have gone to the cloud {how}.", how=how)
    if guarded:
        return say("The policy would have kept it here, too: {how}.", how=how)
    return say("Next to decide: {who}, {how}.", who=_who(verdict.target), how=how)


def _by(verdict: Verdict) -> str:
    if verdict.reason is Reason.RULE:
        return say("by rule {rule}", rule=verdict.rule)
    if verdict.reason is Reason.SCORE:
        return say("by score {score}", score=verdict.rule)
    return say("because {why}", why=reason(verdict.reason))


def _who(target: Target) -> str:
    return say("the device") if target is Target.EDGE else say("the cloud")


def flipped(flip: Flip) -> str:
    """What would have led elsewhere: a change of one figure alone."""
    who, change = _who(flip.target), flip.change
    # Of room in a context people think as of the length of the prompt.
    if flip.signal == "context_free_tokens" and change is not None:
        return _of_length(who, -change)
    unit = FACTS[flip.signal].unit
    name = signal(flip.signal)
    if change is None or isinstance(flip.to, Money):
        return say("{who} if {name} were {to}", who=who, name=name, to=value(flip.to, unit))
    by = value(abs(change), unit)
    if change > 0:
        return say("{who} if {name} were {by} higher", who=who, name=name, by=by)
    return say("{who} if {name} were {by} lower", who=who, name=name, by=by)


def _of_length(who: str, change: float) -> str:
    if change > 0:
        return say("{who} if the prompt had {by:,.0f} more tokens", who=who, by=change)
    return say("{who} if the prompt had {by:,.0f} fewer tokens", who=who, by=-change)


def policy_named(name: str, text_hash: str, *, current: bool) -> str:
    """Which policy it was."""
    if not text_hash:
        return say("It was decided before policies were kept.")
    name, short = name or say("unknown"), text_hash[:12]
    if current:
        return say("Policy {name}, {hash}.", name=name, hash=short)
    return say(
        "Policy {name}, {hash}; the policy has changed since, and the rest is of today's.",
        name=name,
        hash=short,
    )


def condition(asked: Condition) -> str:
    """A condition in words: "above 30"."""
    if isinstance(asked, Among):
        return say(" or ").join(value(each, "") for each in asked.values[:3])
    ends = (f"{_bound(name)} {bound}" for name, bound in asked.bounds())
    return say(" and ").join(ends) + (f" {asked.currency}" if asked.currency else "")


def _bound(name: str) -> str:
    names = {
        "above": say("above"),
        "below": say("below"),
        "at_least": say("at least"),
        "at_most": say("at most"),
    }
    return names[name]


def value(found: Any, unit: str) -> str:
    """A value with its unit, short enough for a line."""
    found = spelled(found)
    if isinstance(found, bool) or found is None:
        return {True: say("yes"), False: say("no"), None: say("unknown")}[found]
    if isinstance(found, tuple):
        return _cut(", ".join(map(str, found))) or say("none")
    if isinstance(found, float):
        found = f"{found:.2e}" if 0 < abs(found) < 0.01 else f"{found:,.2f}"
    elif isinstance(found, int):
        found = f"{found:,}"
    return _cut(f"{found} {say('tokens') if unit == 'tokens' else unit}".strip()) or say("none")


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_CHARS else f"{text[: _MOST_CHARS - 1]}…"
