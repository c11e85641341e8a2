"""What a request costs is exact, and what it can cost at most is never less."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.spec import CloudSpec, Price, PriceTier
from edge.core.units import Money
from edge.models.catalog import load_catalog
from edge.models.prices import cost_of, is_old, most_it_can_cost, price_for


def cny(amount: str) -> Money:
    return Money(Decimal(amount), "CNY")


def tier(up_to: int | None, in_: str, out: str, deep: str | None = None) -> PriceTier:
    return PriceTier(up_to, cny(in_), cny(out), cny(deep or out))


# qwen-plus on the mainland, as of 2026-05-30.
PLUS = Price(
    "mainland",
    (
        tier(131_072, "0.8", "2", "8"),
        tier(262_144, "2.4", "20", "24"),
        tier(1_000_000, "4.8", "48", "64"),
    ),
    date(2026, 5, 30),
    "a page",
)


@pytest.mark.parametrize(
    ("input_tokens", "output_tokens", "thinking", "cost"),
    [
        (0, 0, False, "0"),
        (1, 0, False, "0.0000008"),
        (1000, 500, False, "0.0018"),  # 0.0008 + 0.001
        (1000, 500, True, "0.0048"),  # 0.0008 + 0.004
        (131_072, 0, False, "0.1048576"),
        # One token more, and the whole request is billed at the next tier.
        (131_073, 0, False, "0.3145752"),
        (131_073, 1000, True, "0.3385752"),
        (1_000_000, 1000, False, "4.848"),
        (1_000_001, 0, False, "4.8000048"),
    ],
)
def test_the_whole_request_is_billed_at_the_tier_of_its_input(
    input_tokens, output_tokens, thinking, cost
):
    assert cost_of(PLUS, input_tokens, output_tokens, thinking=thinking) == cny(cost)


@pytest.mark.parametrize("tokens", [(-1, 0), (0, -1)])
def test_fewer_than_no_tokens_are_refused(tokens):
    with pytest.raises(ValueError, match="-1"):
        cost_of(PLUS, *tokens, thinking=False)


AMOUNTS = st.decimals(0, 100, places=3, allow_nan=False).map(str)
LIMITS = st.lists(st.integers(1, 300), unique=True, max_size=3).map(sorted)


@st.composite
def prices(draw: st.DrawFn) -> Price:
    """Price lists of every shape, also such that fall as the input grows."""
    limits = [*draw(LIMITS), draw(st.none() | st.integers(301, 400))]
    tiers = [tier(limit, *draw(st.tuples(AMOUNTS, AMOUNTS, AMOUNTS))) for limit in limits]
    return Price("", tuple(tiers), date(2026, 1, 1), "")


@given(prices(), st.integers(0, 500), st.integers(0, 50), st.booleans(), st.data())
def test_nothing_that_can_happen_costs_more_than_the_most(price, bound, longest, thinking, data):
    most = most_it_can_cost(price, bound, longest, thinking=thinking)
    input_tokens = data.draw(st.integers(0, bound))
    output_tokens = data.draw(st.integers(0, longest))
    thought = data.draw(st.booleans()) if thinking else False
    cost = cost_of(price, input_tokens, output_tokens, thinking=thought)
    assert cost.amount <= most.amount


@given(prices(), st.integers(0, 500), st.integers(0, 50), st.booleans())
def test_the_most_is_what_some_request_costs(price, bound, longest, thinking):
    most = most_it_can_cost(price, bound, longest, thinking=thinking)
    limits = [t.up_to_tokens for t in price.tiers if t.up_to_tokens and t.up_to_tokens < bound]
    assert most in [
        cost_of(price, tokens, longest, thinking=thought)
        for tokens in (*limits, bound)
        for thought in (False, thinking)
    ]


def test_a_price_is_old_after_ninety_days():
    assert not is_old(PLUS, date(2026, 8, 28))
    assert is_old(PLUS, date(2026, 8, 29))
    assert not is_old(PLUS, date(2020, 1, 1))


def test_a_region_without_a_price_has_none():
    spec = CloudSpec("qwen-plus", 1000, 100, (PLUS,))
    assert price_for(spec, "mainland") is PLUS
    assert price_for(spec, "us") is None


def test_every_price_of_the_catalog_has_a_source_with_its_status():
    for spec in load_catalog().clouds.values():
        assert len({price.region for price in spec.prices}) == len(spec.prices)
        for price in spec.prices:
            assert price.source.endswith(("(verified)", "(single source)"))
            assert {money.currency for t in price.tiers for money in amounts(t)} == {
                {"mainland": "CNY", "international": "USD"}[price.region]
            }


def amounts(t: PriceTier) -> tuple[Money, ...]:
    return (t.per_million_in, t.per_million_out, t.per_million_out_thinking)
