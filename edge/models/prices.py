"""What a cloud model costs: afterwards, and at most beforehand (pure).

The whole request is billed at the tier of its input's length. What thinks is billed
at the thinking price, its thoughts counted as output.
"""

from __future__ import annotations

from datetime import date

from edge.core.spec import CloudSpec, Price, PriceTier
from edge.core.units import Money

OLD_AFTER_DAYS = 90
_MILLION_DIGITS = 6


def price_for(spec: CloudSpec, region: str) -> Price | None:
    """The price list of a model in a region; None where nobody published one."""
    return next((price for price in spec.prices if price.region == region), None)


def cost_of(price: Price, input_tokens: int, output_tokens: int, *, thinking: bool) -> Money:
    """What a request of so many tokens costs, to the last digit.

    One that is longer than the last tier is taken to cost what that tier says.

    >>> from decimal import Decimal
    >>> in_, out = Money(Decimal("0.8"), "CNY"), Money(Decimal(2), "CNY")
    >>> price = Price("mainland", (PriceTier(None, in_, out, out),), date(2026, 5, 30), "")
    >>> str(cost_of(price, 10_000, 500, thinking=False))  # 0.008 + 0.001
    '0.009 CNY'
    """
    return _at(_tier(price, input_tokens), input_tokens, output_tokens, thinking=thinking)


def most_it_can_cost(
    price: Price, input_tokens: int, max_output_tokens: int, *, thinking: bool
) -> Money:
    """The most a request can cost whose input is at most, and whose output is cut, so long.

    Nobody promises that a longer input costs more, and a reply that may think need
    not, so the dearest of all that can happen counts.
    """
    costs = [
        _at(tier, tokens, max_output_tokens, thinking=thought)
        for tier, tokens in _reachable(price, input_tokens)
        for thought in {thinking, False}
    ]
    return max(costs, key=lambda cost: cost.amount)


def is_old(price: Price, today: date) -> bool:
    """Whether a price list was made more than OLD_AFTER_DAYS before `today`."""
    return (today - price.as_of).days > OLD_AFTER_DAYS


def _tier(price: Price, input_tokens: int) -> PriceTier:
    holds = (t for t in price.tiers if t.up_to_tokens is None or input_tokens <= t.up_to_tokens)
    return next(holds, price.tiers[-1])


def _reachable(price: Price, input_tokens: int) -> list[tuple[PriceTier, int]]:
    """The tiers an input of at most so many tokens can fall in, each with its longest input."""
    last = _tier(price, input_tokens)
    below = price.tiers[: price.tiers.index(last)]
    return [*((tier, tier.up_to_tokens or 0) for tier in below), (last, input_tokens)]


def _at(tier: PriceTier, input_tokens: int, output_tokens: int, *, thinking: bool) -> Money:
    if input_tokens < 0 or output_tokens < 0:
        raise ValueError(f"no request has {input_tokens} and {output_tokens} tokens")
    per_out = tier.per_million_out_thinking if thinking else tier.per_million_out
    millionths = tier.per_million_in.amount * input_tokens + per_out.amount * output_tokens
    return Money(millionths.scaleb(-_MILLION_DIGITS), per_out.currency)
