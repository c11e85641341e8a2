"""Who answers a turn: a policy as a value, and the one pure verb that applies it.

In this order: guards, which keep a turn on the device and which no policy can
overrule; what the device cannot do; what the user asked for; what its answer
looks like, once there is one; the policy's rules, its scores, its default.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from edge.core.cloud import Cap
from edge.core.decision import BreakerState, Decision, LinkState, Reason, Signals, Target
from edge.core.message import Label
from edge.routing.conditions import Condition
from edge.routing.facts import FACTS, value_of


class Escalate(StrEnum):
    """What follows a weak answer of the device."""

    NEVER = "never"  # it stands
    ASK = "ask"  # it is shown, and the cloud is offered
    HOLD = "hold"  # nothing is shown until it has passed; else the cloud answers


class Handoff(StrEnum):
    """What becomes of a reply that breaks off after its first words."""

    CONTINUE = "continue"  # the other engine goes on right behind them
    KEEP = "keep"  # it ends there, marked incomplete


class CloudModel(StrEnum):
    """Which of the user's cloud models is meant."""

    USUAL = "usual"
    LONG = "long"


@dataclass(frozen=True, slots=True)
class Rule:
    """A target, when all conditions hold. `cloud_model` None: the policy's."""

    name: str
    target: Target
    when: tuple[Condition, ...]
    cloud_model: CloudModel | None = None

    def holds(self, signals: Signals, bonus_s: float) -> bool:
        """Whether every condition does."""
        return all(each.holds(value_of(each.signal, signals, bonus_s)) for each in self.when)


@dataclass(frozen=True, slots=True)
class Score:
    """A target, when a weighted sum of signals reaches the threshold.

    It says nothing while one of its signals is not known.
    """

    name: str
    target: Target
    weights: tuple[tuple[str, float], ...]
    threshold: float
    cloud_model: CloudModel | None = None

    @property
    def after_answer(self) -> bool:
        """Whether it judges an answer of the device."""
        return any(FACTS[signal].after_answer for signal, _ in self.weights)

    def value(self, signals: Signals, bonus_s: float) -> float | None:
        """The weighted sum; None while one of its signals is not known."""
        total = 0.0
        for signal, weight in self.weights:
            value = value_of(signal, signals, bonus_s)
            if value is None:
                return None
            total += weight * value
        return total


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy as it was written. `text_hash` is that of what the file says, not how.

    `uses_cloud` False: nothing it says ever leads to the cloud. `stay_bonus_s`
    is what staying with the engine of the turn before is worth.
    """

    name: str
    text_hash: str
    rules: tuple[Rule, ...] = ()
    scores: tuple[Score, ...] = ()
    default: Target = Target.EDGE
    uses_cloud: bool = True
    escalate: Escalate = Escalate.NEVER
    handoff: Handoff = Handoff.CONTINUE
    hedge: bool = False
    stay_bonus_s: float = 0.0
    cloud_model: CloudModel = CloudModel.USUAL
    caps: tuple[Cap, ...] = ()
    text: str = field(default="", compare=False, repr=False)


# The built-in of that name, for callers without files; a test holds the two together.
OFFLINE = Policy(
    "offline",
    "46b982454104ff2ff66c72701a1cfffab5a5543051e2c4f6c71dca4f4d2c3c69",
    uses_cloud=False,
    handoff=Handoff.KEEP,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one step says of a turn."""

    target: Target
    reason: Reason
    rule: str = ""
    score: float | None = None
    threshold: float | None = None

    @property
    def name(self) -> str:
        """The rule or score, else the step itself."""
        return self.rule or self.reason.value


def decide(signals: Signals, policy: Policy = OFFLINE) -> Decision:
    """Who answers, and why: pure, the same for the same signals and policy.

    Where a guard holds, `runner_up` is what the policy would have said without.
    """
    steps = verdicts(signals, policy)
    guard = next(guards(signals), None)
    verdict = next(steps) if guard is None else Verdict(Target.EDGE, guard)
    runner_up = next(steps, None)
    return Decision(
        target=verdict.target,
        reason=verdict.reason,
        signals=signals,
        rule=verdict.rule,
        score=verdict.score,
        threshold=verdict.threshold,
        runner_up="" if runner_up is None else runner_up.name,
        asks=_asks(verdict, signals, policy),
        policy=policy.name,
        policy_hash=policy.text_hash,
    )


def guards(signals: Signals) -> Iterator[Reason]:
    """Every guard that keeps this turn on the device, in their order."""
    return (reason for reason, holds in _GUARDS if holds(signals))


def verdicts(signals: Signals, policy: Policy) -> Iterator[Verdict]:
    """What would decide without guards, and what next without that; ends with the default."""
    every = _verdicts(signals, policy)
    return every if policy.uses_cloud else (v for v in every if v.target is Target.EDGE)


def cloud_model(decision: Decision, policy: Policy) -> CloudModel:
    """Which cloud model a decision for the cloud means."""
    parts: tuple[Rule | Score, ...] = (*policy.rules, *policy.scores)
    for each in parts:
        if decision.rule == each.name and each.cloud_model is not None:
            return each.cloud_model
    return policy.cloud_model


def _verdicts(signals: Signals, policy: Policy) -> Iterator[Verdict]:
    cannot = signals.context_free_tokens < 0 or signals.edge_fault is not None
    # Who asked for the device asked that nothing be sent; the engine says what it cannot.
    if cannot and signals.wanted is not Target.EDGE:
        yield Verdict(Target.CLOUD, Reason.EDGE_CANNOT)
    if signals.wanted is not None:
        yield Verdict(signals.wanted, Reason.ASKED)
    if policy.escalate is not Escalate.NEVER:
        if signals.edge_checks:
            yield Verdict(Target.CLOUD, Reason.WEAK_ANSWER, signals.edge_checks[0])
        yield from _scored(signals, policy, after_answer=True)
    for rule in policy.rules:
        if rule.holds(signals, policy.stay_bonus_s):
            yield Verdict(rule.target, Reason.RULE, rule.name)
    yield from _scored(signals, policy, after_answer=False)
    yield Verdict(policy.default if policy.uses_cloud else Target.EDGE, Reason.DEFAULT)


def _scored(signals: Signals, policy: Policy, *, after_answer: bool) -> Iterator[Verdict]:
    reason = Reason.WEAK_ANSWER if after_answer else Reason.SCORE
    for each in policy.scores:
        if each.after_answer is after_answer:
            value = each.value(signals, policy.stay_bonus_s)
            if value is not None and value >= each.threshold:
                yield Verdict(each.target, reason, each.name, value, each.threshold)


def _asks(verdict: Verdict, signals: Signals, policy: Policy) -> bool:
    """Whether the user is asked first: as a habit, or because an answer was shown already."""
    offered = verdict.reason is Reason.WEAK_ANSWER and policy.escalate is Escalate.ASK
    is_cloud = verdict.target is Target.CLOUD
    return is_cloud and (signals.cloud_asks or offered) and signals.consented is not True


def _over_budget(signals: Signals) -> bool:
    """Whether a cap could be exceeded: also by a cost nobody knows, or in other money."""
    cost, left = signals.cloud_cost, signals.budget_left
    if left is None:
        return False
    return cost is None or cost.currency != left.currency or cost.amount > left.amount


_GUARDS: tuple[tuple[Reason, Callable[[Signals], bool]], ...] = (
    (Reason.CLOUD_OFF, lambda s: not s.cloud_allowed),
    (Reason.OFFLINE, lambda s: s.offline),
    (Reason.PRIVATE, lambda s: s.label is not Label.PUBLIC),
    (Reason.DETECTORS_MISSING, lambda s: not s.detectors_ready),
    (Reason.NO_KEY, lambda s: not s.cloud_key),
    (Reason.UNREACHABLE, lambda s: s.cloud_link is LinkState.DOWN),
    (Reason.BREAKER_OPEN, lambda s: s.breaker is BreakerState.OPEN),
    (Reason.CLOUD_FAILED, lambda s: s.cloud_fault is not None),
    (Reason.CLOUD_TOO_SMALL, lambda s: s.cloud_free_tokens < 0),
    (Reason.BUDGET, _over_budget),
    (Reason.NOT_CONSENTED, lambda s: s.consented is False),
)
