"""The ledger against a plain list of what was booked, over days, restarts and odd amounts."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from edge.core.cloud import Reservation, Scope
from edge.core.errors import BudgetSpent
from edge.core.units import Money
from edge.store.database import open_database
from edge.store.ledger import By, Ledger
from spending import cap, reserve

UNIT = Decimal("1E-9")
# A tenth of a unit among them: what is booked for it is a whole one.
AMOUNTS = st.sampled_from([Decimal(a) for a in ("0", "1E-10", "0.1", "0.25", "0.3333333333", "1")])
CURRENCIES = st.sampled_from(["CNY", "USD"])
CAPS = (
    cap(Scope.TURN, "0.6"),
    cap(Scope.CONVERSATION, "1.5"),
    cap(Scope.DAY, 2),
    cap(Scope.MONTH, "2.9"),
    cap(Scope.MONTH, "0.7", "USD"),
)


@dataclass
class Booked:
    """A reservation as the model knows it."""

    turn: str
    talk: str
    day: str
    amount: Money

    def counts(self, scope: Scope, other: Booked) -> bool:
        same = {
            Scope.TURN: self.turn == other.turn,
            Scope.CONVERSATION: self.talk == other.talk,
            Scope.DAY: self.day == other.day,
            Scope.MONTH: self.day[:7] == other.day[:7],
        }
        return same[scope] and self.amount.currency == other.amount.currency


class LedgerModel(RuleBasedStateMachine):
    """Every step is taken by the ledger and by a list, and both must say the same."""

    open_reservations = Bundle("open_reservations")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.now = datetime(2026, 11, 28, 23, tzinfo=UTC)
        self.books: dict[int, Booked] = {}
        self.open()

    def open(self) -> None:
        self.database = open_database(Path(self.folder.name) / "edge.db")
        self.ledger = Ledger(self.database, self.time_utc)

    def time_utc(self) -> str:
        return self.now.isoformat()

    def teardown(self) -> None:
        self.database.close()
        self.folder.cleanup()

    @rule(
        target=open_reservations,
        turn=st.sampled_from(["t1", "t2"]),
        talk=st.sampled_from(["c1", "c2"]),
        amount=AMOUNTS,
        currency=CURRENCIES,
    )
    def reserve(self, turn: str, talk: str, amount: Decimal, currency: str) -> Reservation | None:
        whole = amount.quantize(UNIT, ROUND_CEILING)
        wanted = Booked(turn, talk, f"{self.now:%Y-%m-%d}", Money(whole, currency))
        fits = all(
            self.sum_in(each.scope, wanted) + whole <= each.limit.amount
            for each in CAPS
            if each.limit.currency == currency
        )
        try:
            made = reserve(self.ledger, amount, *CAPS, turn=turn, talk=talk, currency=currency)
        except BudgetSpent:
            assert not fits
            return None
        assert fits
        assert made.most == wanted.amount
        self.books[made.id] = wanted
        return made

    @rule(reservation=consumes(open_reservations), cost=AMOUNTS)
    def settle(self, reservation: Reservation | None, cost: Decimal) -> None:
        if reservation is not None:
            currency = reservation.most.currency
            self.ledger.settle(reservation, Money(cost, currency))
            whole = Money(cost.quantize(UNIT, ROUND_CEILING), currency)
            self.books[reservation.id].amount = whole

    @rule(reservation=consumes(open_reservations))
    def release(self, reservation: Reservation | None) -> None:
        if reservation is not None:
            self.ledger.release(reservation)
            del self.books[reservation.id]

    @rule(hours=st.sampled_from([-24, 1, 24]))
    def let_time_pass(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def restart(self) -> None:
        self.database.close()
        self.open()

    @invariant()
    def what_is_left_is_what_the_list_says(self) -> None:
        fresh = Booked("another", "c1", f"{self.now:%Y-%m-%d}", Money(Decimal(0), "CNY"))
        left = min(
            each.limit.amount - self.sum_in(each.scope, fresh)
            for each in CAPS
            if each.limit.currency == "CNY"
        )
        assert self.ledger.left(CAPS, "CNY", "c1") == Money(max(left, Decimal(0)), "CNY")

    @invariant()
    def every_day_comes_to_what_the_list_says(self) -> None:
        for total in self.ledger.totals(By.DAY):
            key = total.name, total.settled.currency
            booked = [b.amount.amount for b in self.books.values() if self.key(b) == key]
            assert total.n_sends == len(booked)
            assert total.settled.amount + total.reserved.amount == sum(booked)
        days = {self.key(b) for b in self.books.values()}
        assert len(self.ledger.totals(By.DAY)) == len(days)

    def key(self, book: Booked) -> tuple[str, str]:
        return book.day, book.amount.currency

    def sum_in(self, scope: Scope, wanted: Booked) -> Decimal:
        inside = [b.amount.amount for b in self.books.values() if b.counts(scope, wanted)]
        return sum(inside, Decimal(0))


few = settings(max_examples=25, stateful_step_count=25, deadline=None, derandomize=True)
TestLedger = LedgerModel.TestCase
TestLedger.settings = few


@pytest.mark.campaign
class TestLedgerAtLength(LedgerModel.TestCase):  # type: ignore[name-defined, misc]
    settings = settings(max_examples=300, stateful_step_count=60, deadline=None)
