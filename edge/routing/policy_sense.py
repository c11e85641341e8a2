"""What a policy says that cannot be meant: what never holds, always holds, or is never reached."""

from __future__ import annotations

import math
from collections.abc import Sequence

from edge.core.decision import Target
from edge.routing.conditions import always_holds, implies, never_holds
from edge.routing.facts import FACTS
from edge.routing.policy import Escalate, Policy, Rule, Score
from edge.routing.toml_text import Node


def check_sense(policy: Policy, node: Node) -> None:
    """Raise UsageError, with the line, for the first thing that cannot be meant."""
    rules, scores = node.at("rules").tables(), node.at("scores").tables()
    _names_once([*policy.rules, *policy.scores], [*rules, *scores])
    for n, rule in enumerate(policy.rules):
        _rule(rule, policy.rules[:n], rules[n])
    for n, score in enumerate(policy.scores):
        _score(score, policy.scores[:n], scores[n])
        _escalation(score, policy, scores[n])
    if not policy.uses_cloud:
        _without_cloud(policy, node)


def _names_once(parts: Sequence[Rule | Score], nodes: Sequence[Node]) -> None:
    seen: set[str] = set()
    for part, node in zip(parts, nodes, strict=True):
        if part.name in seen:
            raise node.at("name").wrong(f"two are named {part.name!r}", "give each its own name")
        seen.add(part.name)


def _rule(rule: Rule, earlier: Sequence[Rule], node: Node) -> None:
    when = node.at("when")
    for condition in rule.when:
        place = when.at(condition.signal)
        if never_holds(condition):
            raise place.wrong(
                f"rule {rule.name!r} can never hold: no {condition.signal} lies within",
                "turn the bounds round, or use two rules",
            )
        if always_holds(condition):
            raise place.wrong(
                f"rule {rule.name!r}: every {condition.signal} lies within", "leave it out"
            )
    for other in earlier:
        if covers(other, rule):
            raise node.at("name").wrong(
                f"rule {rule.name!r} is never reached: rule {other.name!r} "
                "before it holds wherever it does",
                f"move it above {other.name!r}",
            )


def covers(wide: Rule, narrow: Rule) -> bool:
    """Whether the wide rule holds wherever the narrow one does."""
    ours = {each.signal: each for each in narrow.when}
    return all(w.signal in ours and implies(ours[w.signal], w) for w in wide.when)


def _score(score: Score, earlier: Sequence[Score], node: Node) -> None:
    least, most = _reach(score)
    if most < score.threshold:
        raise node.at("threshold").wrong(
            f"score {score.name!r} never reaches {score.threshold:g}: at most {most:g}",
            f"threshold = {most:g} or less",
        )
    if least >= score.threshold:
        raise node.at("threshold").wrong(
            f"score {score.name!r} always reaches {score.threshold:g}: at least {least:g}",
            f"threshold above {least:g}",
        )
    for other in earlier:
        if set(other.weights) == set(score.weights) and other.threshold <= score.threshold:
            raise node.at("name").wrong(
                f"score {score.name!r} is never reached: {other.name!r} before it "
                "reaches its threshold first",
                f"move it above {other.name!r}",
            )


def _reach(score: Score) -> tuple[float, float]:
    """The least and the most a weighted sum can be."""
    least = most = 0.0
    for signal, weight in score.weights:
        ends = sorted((weight * FACTS[signal].low, weight * FACTS[signal].high))
        least, most = least + ends[0], most + ends[1]
    return (-math.inf if math.isnan(least) else least, math.inf if math.isnan(most) else most)


def _escalation(score: Score, policy: Policy, node: Node) -> None:
    if not score.after_answer:
        return
    if policy.escalate is Escalate.NEVER:
        raise node.wrong(
            f'score {score.name!r} judges answers, and escalate is "never"',
            'escalate = "ask" or escalate = "hold"',
        )
    if score.target is Target.EDGE:
        raise node.at("target").wrong(
            f"score {score.name!r} judges an answer of the device; it can lead to the cloud alone",
            'target = "cloud"',
        )


def _without_cloud(policy: Policy, node: Node) -> None:
    """With `cloud = false`, nothing that leads there can be meant."""
    advice = "cloud = true, or leave it out"
    if policy.default is Target.CLOUD:
        raise node.at("default").wrong("cloud is false, and the default leads there", advice)
    parts: list[Rule | Score] = [*policy.rules, *policy.scores]
    places = [*node.at("rules").tables(), *node.at("scores").tables()]
    for part, place in zip(parts, places, strict=True):
        if part.target is Target.CLOUD:
            message = f"cloud is false, and {part.name!r} leads there"
            raise place.at("target").wrong(message, advice)
    if policy.escalate is not Escalate.NEVER:
        raise node.at("escalate").wrong("cloud is false, and escalate leads there", advice)
