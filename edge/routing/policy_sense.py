"""What a policy says that cannot be meant: what never holds, always holds, or is never reached."""

from __future__ import annotations

import math
from collections.abc import Sequence

from edge.core.decision import Target
from edge.core.say import say
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
            raise node.at("name").wrong(
                say("two are named {name!r}", name=part.name), say("give each its own name")
            )
        seen.add(part.name)


def _rule(rule: Rule, earlier: Sequence[Rule], node: Node) -> None:
    when = node.at("when")
    for condition in rule.when:
        place = when.at(condition.signal)
        if never_holds(condition):
            raise place.wrong(
                say(
                    "rule {name!r} can never hold: no {signal} lies within",
                    name=rule.name,
                    signal=condition.signal,
                ),
                say("turn the bounds round, or use two rules"),
            )
        if always_holds(condition):
            raise place.wrong(
                say(
                    "rule {name!r}: every {signal} lies within",
                    name=rule.name,
                    signal=condition.signal,
                ),
                say("leave it out"),
            )
    for other in earlier:
        if covers(other, rule):
            raise node.at("name").wrong(
                say(
                    "rule {name!r} is never reached: rule {other!r} before it holds wherever it "
                    "does",
                    name=rule.name,
                    other=other.name,
                ),
                say("move it above {other!r}", other=other.name),
            )


def covers(wide: Rule, narrow: Rule) -> bool:
    """Whether the wide rule holds wherever the narrow one does."""
    ours = {each.signal: each for each in narrow.when}
    return all(w.signal in ours and implies(ours[w.signal], w) for w in wide.when)


def _score(score: Score, earlier: Sequence[Score], node: Node) -> None:
    least, most = _reach(score)
    if most < score.threshold:
        raise node.at("threshold").wrong(
            say(
                "score {name!r} never reaches {threshold:g}: at most {most:g}",
                name=score.name,
                threshold=score.threshold,
                most=most,
            ),
            say("threshold = {most:g} or less", most=most),
        )
    if least >= score.threshold:
        raise node.at("threshold").wrong(
            say(
                "score {name!r} always reaches {threshold:g}: at least {least:g}",
                name=score.name,
                threshold=score.threshold,
                least=least,
            ),
            say("threshold above {least:g}", least=least),
        )
    for other in earlier:
        if set(other.weights) == set(score.weights) and other.threshold <= score.threshold:
            raise node.at("name").wrong(
                say(
                    "score {name!r} is never reached: {other!r} before it reaches its threshold "
                    "first",
                    name=score.name,
                    other=other.name,
                ),
                say("move it above {other!r}", other=other.name),
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
            say('score {name!r} judges answers, and escalate is "never"', name=score.name),
            say('escalate = "ask" or escalate = "hold"'),
        )
    if score.target is Target.EDGE:
        raise node.at("target").wrong(
            say(
                "score {name!r} judges an answer of the device; it can lead to the cloud alone",
                name=score.name,
            ),
            'target = "cloud"',
        )


def _without_cloud(policy: Policy, node: Node) -> None:
    """With `cloud = false`, nothing that leads there can be meant."""
    advice = say("cloud = true, or leave it out")
    if policy.default is Target.CLOUD:
        raise node.at("default").wrong(say("cloud is false, and the default leads there"), advice)
    parts: list[Rule | Score] = [*policy.rules, *policy.scores]
    places = [*node.at("rules").tables(), *node.at("scores").tables()]
    for part, place in zip(parts, places, strict=True):
        if part.target is Target.CLOUD:
            message = say("cloud is false, and {name!r} leads there", name=part.name)
            raise place.at("target").wrong(message, advice)
    if policy.escalate is not Escalate.NEVER:
        raise node.at("escalate").wrong(say("cloud is false, and escalate leads there"), advice)
