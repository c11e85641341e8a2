"""Which smallest change of a single signal would have changed who answers (pure).

A decision changes only where some condition, score or guard begins or ceases to
hold. Each such point is found exactly, by halving down to neighbouring numbers, and
each is then decided anew: a flip that is told is one that happens.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum
from typing import Any

from edge.core.decision import BreakerState, LinkState, Reason, Signals, Target
from edge.core.message import Label
from edge.core.units import Money
from edge.routing.conditions import Condition, Within, visible
from edge.routing.facts import FACTS, NUMERIC, Kind, value_of
from edge.routing.policy import Policy, decide, guards

_FAR = 10**9  # as far as anybody measures tokens or seconds
_LEAST_TPS = 1e-9  # a speed of nothing would be one that is not known
_LEAST_MONEY = Decimal("1e-9")  # the ledger's unit

Holds = Callable[[Signals], bool]


@dataclass(frozen=True, slots=True)
class Flip:
    """With `to` for `now` in this one signal, the target would have been this one."""

    signal: str
    now: Any
    to: Any
    target: Target

    @property
    def change(self) -> int | float | None:
        """How far it is, signed; None where it is no number."""
        now, to = _amount(self.now), _amount(self.to)
        return None if now is None or to is None else to - now

    @property
    def distance(self) -> float:
        """How far it is beside the numbers themselves, to compare unlike signals; 0 to 2."""
        now, to = _amount(self.now), _amount(self.to)
        if now is None or to is None:
            return 2.0
        return abs(to - now) / max(abs(now), abs(to)) if now != to else 0.0


def flips(signals: Signals, policy: Policy) -> tuple[Flip, ...]:
    """The nearest flip of every signal that has one, nearest first."""
    target = decide(signals, policy).target
    nearest: dict[str, Flip] = {}
    for name, to in _turning_points(signals, policy):
        changed = decide(_with(signals, name, to), policy).target
        found = Flip(name, getattr(signals, name), to, changed)
        if changed is not target and (
            name not in nearest or abs(found.change or 0) < abs(nearest[name].change or 0)
        ):
            nearest[name] = found
    return tuple(sorted(nearest.values(), key=lambda flip: (flip.distance, flip.signal)))


def _turning_points(signals: Signals, policy: Policy) -> Iterator[tuple[str, Any]]:
    """Every signal with a value at which something begins or ceases to hold."""
    yield from ((name, to) for name, to in _releases(signals).items())
    yield from _fixed(signals)
    bonus_s = policy.stay_bonus_s
    for rule in policy.rules:
        for condition in rule.when:
            yield from _of_condition(condition, signals, bonus_s)
    for score in policy.scores:
        for name in {base for signal, _ in score.weights for base in _bases(signal)}:

            def reached(s: Signals, score: Any = score) -> bool:
                value = score.value(s, bonus_s)
                return value is not None and value >= score.threshold

            yield from _around(name, signals, reached)


def _releases(signals: Signals) -> Mapping[str, Any]:
    """For every guard that holds, the signal and the value with which it would not."""
    free = {
        Reason.CLOUD_OFF: ("cloud_allowed", True),
        Reason.OFFLINE: ("offline", False),
        Reason.PRIVATE: ("label", Label.PUBLIC),
        Reason.DETECTORS_MISSING: ("detectors_ready", True),
        Reason.NO_KEY: ("cloud_key", True),
        Reason.UNREACHABLE: ("cloud_link", LinkState.UP),
        Reason.BREAKER_OPEN: ("breaker", BreakerState.CLOSED),
        Reason.CLOUD_FAILED: ("cloud_fault", None),
        Reason.NOT_CONSENTED: ("consented", None),
    }
    return dict(free[reason] for reason in guards(signals) if reason in free)


def _fixed(signals: Signals) -> Iterator[tuple[str, Any]]:
    """Where the two contexts and the budget begin to be too small."""
    for name in ("context_free_tokens", "cloud_free_tokens"):
        yield name, -1
        yield name, 0
    cost = signals.cloud_cost
    if cost is not None and signals.budget_left is not None:
        yield "budget_left", cost
        if cost.amount >= _LEAST_MONEY:
            yield "budget_left", Money(cost.amount - _LEAST_MONEY, cost.currency)


def _of_condition(
    condition: Condition, signals: Signals, bonus_s: float
) -> Iterator[tuple[str, Any]]:
    fact = FACTS[condition.signal]
    if isinstance(condition, Within):
        for half in _halves(condition):
            if fact.kind is Kind.MONEY:
                yield from _money_around(half, signals)
                continue

            def holds(s: Signals, half: Within = half) -> bool:
                return half.holds(value_of(half.signal, s, bonus_s))

            for name in _bases(condition.signal):
                yield from _around(name, signals, holds)
        return
    kinds = fact.choices
    others = visible(fact) or condition.values
    yield from ((condition.signal, kinds(value) if kinds else value) for value in others)


def _halves(condition: Within) -> Iterator[Within]:
    """A condition per bound: each changes at one point alone."""
    for name, bound in condition.bounds():
        half: dict[str, Any] = {name: bound}
        yield Within(condition.signal, **half, currency=condition.currency)


def _bases(signal: str) -> tuple[str, ...]:
    """The measured numbers a signal follows from: itself, unless it is derived."""
    made_of = FACTS[signal].made_of or (signal,)
    return tuple(name for name in made_of if FACTS[name].kind in NUMERIC)


def _around(name: str, signals: Signals, holds: Holds) -> Iterator[tuple[str, Any]]:
    """The nearest values, up and down, at which `holds` changes; it does so once each way."""
    now, fact = getattr(signals, name), FACTS[name]
    if now is None or not math.isfinite(now):
        return

    def at(value: float) -> bool:
        return holds(_with(signals, name, value))

    low = -1 if name.endswith("_free_tokens") else _LEAST_TPS if fact.unit == "tok/s" else fact.low
    is_count = fact.kind is Kind.COUNT
    for limit in (max(low, -_FAR), min(fact.high, _FAR)):
        end = int(limit) if is_count else float(limit)
        if at(end) is not at(now):
            yield name, _first_other(at, now, end, is_count=is_count)


def _first_other(at: Callable[[float], bool], now: float, end: float, *, is_count: bool) -> float:
    """The value nearest to `now`, on the way to `end`, where `at` is as at the end."""
    same, other = now, end
    as_now = at(now)
    while True:
        middle = (same + other) // 2 if is_count else (same + other) / 2
        if middle in (same, other):
            return other
        same, other = (middle, other) if at(middle) is as_now else (same, middle)


def _money_around(half: Within, signals: Signals) -> Iterator[tuple[str, Any]]:
    now: Money | None = getattr(signals, half.signal)
    if now is None or now.currency != half.currency:
        return
    ((_, bound),) = half.bounds()
    for step in (-_LEAST_MONEY, Decimal(0), _LEAST_MONEY):
        amount = Decimal(bound) + step
        if amount >= 0:
            yield half.signal, Money(amount, now.currency)


def _with(signals: Signals, name: str, value: Any) -> Signals:
    return replace(signals, **{name: value})


def _amount(value: Any) -> int | float | None:
    if isinstance(value, Money):
        return float(value.amount)
    is_number = isinstance(value, int | float) and not isinstance(value, bool | Enum)
    return value if is_number else None
