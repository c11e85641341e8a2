"""Money as whole numbers: thousand-millionths of its currency, so that sums are exact (pure).

Whatever is not a whole number of them is rounded against the spender: what is
booked goes up, what may be spent goes down. A token that costs 0.05 for a
million is 50 of them.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal

from edge.core.units import Money

_PLACES = 9
# Of any currency, for one send, and for one limit: sums of thousands of them fit
# SQLite's integers, whatever a provider says it has counted.
_MOST_BOOKED = Decimal(10**6)
_MOST_ALLOWED = Decimal(10**9)
# Our own: what an app sets for its thread must not round our money.
_EXACT = Context(prec=60)


def booked(money: Money) -> int:
    """What is booked for an amount: rounded up, at least nothing, at most a million."""
    return _whole(money, _MOST_BOOKED, ROUND_CEILING)


def allowed(limit: Money) -> int:
    """What a limit allows: rounded down, at least nothing."""
    return _whole(limit, _MOST_ALLOWED, ROUND_FLOOR)


def as_money(units: int, currency: str) -> Money:
    """The amount that many thousand-millionths are.

    >>> str(as_money(1_500_000_000, "CNY"))
    '1.5 CNY'
    """
    return Money(Decimal(units).scaleb(-_PLACES, _EXACT).normalize(_EXACT), currency)


def _whole(money: Money, most: Decimal, rounding: str) -> int:
    if not money.amount.is_finite():
        raise ValueError(f"{money.amount} is not an amount of {money.currency}")
    bounded = min(max(money.amount, Decimal(0)), most)
    return int(bounded.scaleb(_PLACES, _EXACT).to_integral_value(rounding, _EXACT))
