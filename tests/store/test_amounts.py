"""Money in whole numbers, always rounded against the spender; and which caps are in force."""

from __future__ import annotations

import decimal
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.cloud import Scope
from edge.core.units import Money
from edge.store.amounts import allowed, as_money, booked
from edge.store.caps import Standing, effective_caps, tightest
from spending import cap, money

MILLION = 10**6 * 10**9


@pytest.mark.parametrize(
    ("amount", "up", "down"),
    [
        ("0", 0, 0),
        ("1", 10**9, 10**9),
        ("0.000000001", 1, 1),
        ("0.0000000001", 1, 0),
        ("0.0000000011", 2, 1),
        ("-0.5", 0, 0),
        ("-0", 0, 0),
        ("1E-400", 1, 0),
        ("1000000", MILLION, MILLION),
        ("1E+400000", MILLION, 1000 * MILLION),
    ],
)
def test_what_is_booked_goes_up_and_what_is_allowed_goes_down(amount, up, down):
    assert (booked(money(amount)), allowed(money(amount))) == (up, down)


@given(st.integers(0, MILLION))
def test_whole_amounts_come_back_exactly(units):
    assert booked(as_money(units, "CNY")) == allowed(as_money(units, "CNY")) == units


def test_the_precision_an_app_chose_for_its_own_sums_does_not_round_ours():
    with decimal.localcontext(prec=3):
        assert booked(money("1234.567890123")) == 1_234_567_890_123
        assert as_money(1_234_567_890_123, "CNY").amount == Decimal("1234.567890123")


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_amount_is_refused(amount):
    with pytest.raises(ValueError, match="not an amount"):
        booked(money(amount))


def test_the_users_own_caps_take_the_place_of_the_policys():
    policy = [cap(Scope.DAY, 5), cap(Scope.MONTH, 50), cap(Scope.DAY, 1, "USD")]
    own = [cap(Scope.MONTH, 90), cap(Scope.TURN, "0.5")]
    assert effective_caps(policy, own) == (
        cap(Scope.TURN, "0.5"),
        cap(Scope.DAY, 5),
        cap(Scope.MONTH, 90),
        cap(Scope.DAY, 1, "USD"),
    )
    assert effective_caps([], []) == ()


def test_of_two_caps_of_one_kind_the_smaller_holds():
    assert effective_caps([cap(Scope.DAY, 5), cap(Scope.DAY, 3)], []) == (cap(Scope.DAY, 3),)
    assert effective_caps([], [cap(Scope.DAY, 3), cap(Scope.DAY, 5)]) == (cap(Scope.DAY, 3),)


def test_the_tightest_cap_is_the_one_with_least_left():
    roomy, tight = Standing(cap(Scope.DAY, 3), 0), Standing(cap(Scope.MONTH, 50), 49 * 10**9)
    assert tightest([roomy, tight]) == tight
    assert tight.left_over == Money(Decimal(1), "CNY")
    assert tightest([]) is None


def test_a_cap_that_was_exceeded_has_nothing_left():
    over = Standing(cap(Scope.DAY, 3), 4 * 10**9)
    assert over.left == -(10**9)
    assert (over.left_over, over.spent) == (money(0), money(4))
