"""Typed conditions on signals: what holds, what contradicts itself, what follows from what.

A condition on a signal that is not known does not hold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from edge.core.units import Money
from edge.routing.facts import FACTS, MAY_BE_UNKNOWN, Fact, Kind

Bound = int | float | Decimal


@dataclass(frozen=True, slots=True)
class Within:
    """A number between bounds; of money, an amount in that currency."""

    signal: str
    above: Bound | None = None
    at_least: Bound | None = None
    below: Bound | None = None
    at_most: Bound | None = None
    currency: str = ""

    def holds(self, value: Any) -> bool:
        """Whether a value lies within; another currency does not."""
        if isinstance(value, Money):
            value = value.amount if value.currency == self.currency else None
        return (
            value is not None
            and (self.above is None or value > self.above)
            and (self.at_least is None or value >= self.at_least)
            and (self.below is None or value < self.below)
            and (self.at_most is None or value <= self.at_most)
        )

    def bounds(self) -> tuple[tuple[str, Bound], ...]:
        """The bounds that were given, by their names in a policy file."""
        given = {name: getattr(self, name) for name in BOUNDS}
        return tuple((name, bound) for name, bound in given.items() if bound is not None)

    @property
    def lowest(self) -> tuple[Bound, bool]:
        """The lower end, and whether it is left out; minus infinity where there is none."""
        if self.above is not None:
            # Of whole numbers the next one is the first inside.
            is_count = FACTS[self.signal].kind is Kind.COUNT
            return (self.above + 1, False) if is_count else (self.above, True)
        return (-math.inf if self.at_least is None else self.at_least, False)

    @property
    def highest(self) -> tuple[Bound, bool]:
        """The upper end, and whether it is left out; infinity where there is none."""
        if self.below is not None:
            is_count = FACTS[self.signal].kind is Kind.COUNT
            return (self.below - 1, False) if is_count else (self.below, True)
        return (math.inf if self.at_most is None else self.at_most, False)


BOUNDS = ("above", "at_least", "below", "at_most")


@dataclass(frozen=True, slots=True)
class Among:
    """One of these values: words, or yes and no."""

    signal: str
    values: tuple[Any, ...]

    def holds(self, value: Any) -> bool:
        """Whether it is one of them."""
        return value is not None and value in self.values


Condition = Within | Among


def never_holds(condition: Condition) -> bool:
    """Whether no value a rule can see lies within.

    >>> never_holds(Within("edge_wait_s", above=30, below=20))
    True
    """
    if isinstance(condition, Among):
        return not condition.values
    fact = FACTS[condition.signal]
    low, high = condition.lowest, condition.highest
    if low[0] > high[0] or (low[0] == high[0] and (low[1] or high[1])):
        return True
    return (
        high[0] < fact.low
        or (high == (fact.low, True))
        or low[0] > fact.high
        or (low == (fact.high, True))
    )


def always_holds(condition: Condition) -> bool:
    """Whether every value a rule can see lies within; never so where it may be unknown."""
    if condition.signal in MAY_BE_UNKNOWN:
        return False
    fact = FACTS[condition.signal]
    if isinstance(condition, Among):
        return set(visible(fact)) <= set(condition.values) if visible(fact) else False
    above_all = condition.highest[0] > fact.high or condition.highest == (fact.high, False)
    below_all = condition.lowest[0] < fact.low or condition.lowest == (fact.low, False)
    return above_all and below_all


def visible(fact: Fact) -> tuple[Any, ...]:
    """The few values a rule can see of a signal; none where there are many."""
    if fact.kind is Kind.YES_NO:
        return (True, False)
    return tuple(word for word in fact.words() if word not in fact.settled)


def implies(narrow: Condition, wide: Condition) -> bool:
    """Whether the wide one holds wherever the narrow one does; both are on the same signal.

    >>> implies(Within("load", above=3), Within("load", at_least=3))
    True
    """
    if isinstance(narrow, Among) or isinstance(wide, Among):
        both = isinstance(narrow, Among) and isinstance(wide, Among)
        return both and set(narrow.values) <= set(wide.values)  # type: ignore[union-attr]
    if narrow.currency != wide.currency:
        return False
    (low, open_low), (wide_low, wide_open_low) = narrow.lowest, wide.lowest
    (high, open_high), (wide_high, wide_open_high) = narrow.highest, wide.highest
    from_below = low > wide_low or (low == wide_low and (open_low or not wide_open_low))
    from_above = high < wide_high or (high == wide_high and (open_high or not wide_open_high))
    return from_below and from_above
