"""Money is set aside before a send and settled after it, and no cap is exceeded."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge.core.cloud import Reservation, Scope
from edge.core.conversation import Outcome
from edge.core.errors import BudgetSpent, EdgeError, UsageError
from edge.core.message import Message, Role
from edge.store.conversations import Conversations
from edge.store.database import Database, open_database
from edge.store.ledger import By, Ledger, Spending, Total
from edge.store.sent import SendBook
from spending import NOON, cap, ledger_of, money, reserve, sent


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(open_database(tmp_path / "edge.db")) as database:
        yield database


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return ledger_of(database)


def day(database: Database, text: str) -> Ledger:
    """The ledger at noon of a day."""
    return ledger_of(database, f"{text}T12:00:00.000Z")


def test_a_cap_can_be_spent_to_the_last_unit_and_not_one_beyond(ledger: Ledger) -> None:
    limit = cap(Scope.MONTH, 1)
    reserve(ledger, "0.4", limit)
    reserve(ledger, "0.599999999", limit)
    reserve(ledger, "0.000000001", limit)
    with pytest.raises(BudgetSpent):
        reserve(ledger, "0.000000001", limit)


def test_a_part_of_a_unit_is_a_unit(ledger: Ledger) -> None:
    reservation = reserve(ledger, "0.00000000001")
    assert reservation.most == money("0.000000001")
    with pytest.raises(BudgetSpent):
        reserve(ledger, "0.9999999991", cap(Scope.DAY, 1))


def test_a_refusal_says_what_is_left_what_was_wanted_and_what_to_type(ledger: Ledger) -> None:
    reserve(ledger, "19.75", cap(Scope.MONTH, 20))
    with pytest.raises(BudgetSpent) as caught:
        reserve(ledger, "0.5", cap(Scope.MONTH, 20), cap(Scope.TURN, 40))
    assert caught.value.exit_code == 31
    assert caught.value.line() == (
        "this could cost 0.5 CNY, and of 20 CNY a month 0.25 CNY is left "
        "(19.75 CNY spent or reserved); nothing was sent; "
        'try: edge budget set --month "AMOUNT CNY"'
    )


def test_a_refusal_sets_nothing_aside(ledger: Ledger) -> None:
    with pytest.raises(BudgetSpent):
        reserve(ledger, 2, cap(Scope.DAY, 5), cap(Scope.TURN, 1))
    assert ledger.totals(By.DAY) == ()


@pytest.mark.parametrize(
    ("scope", "same", "other"),
    [
        (Scope.TURN, {"turn": "t1", "talk": "c1"}, {"turn": "t2", "talk": "c1"}),
        (Scope.CONVERSATION, {"turn": "t2", "talk": "c1"}, {"turn": "t3", "talk": "c2"}),
    ],
)
def test_a_cap_holds_what_is_in_its_scope_alone(
    ledger: Ledger, scope: Scope, same: dict[str, str], other: dict[str, str]
) -> None:
    limit = cap(scope, 1)
    reserve(ledger, 1, limit)
    with pytest.raises(BudgetSpent):
        reserve(ledger, 1, limit, **same)
    reserve(ledger, 1, limit, **other)


@pytest.mark.parametrize(
    ("scope", "same", "other"),
    [(Scope.DAY, "2026-11-21", "2026-11-22"), (Scope.MONTH, "2026-11-30", "2026-12-01")],
)
def test_days_and_months_are_those_of_utc(
    database: Database, scope: Scope, same: str, other: str
) -> None:
    limit = cap(scope, 1)
    reserve(day(database, "2026-11-21"), 1, limit)
    with pytest.raises(BudgetSpent):
        reserve(day(database, same), 1, limit, turn="t2", talk="c2")
    reserve(day(database, other), 1, limit)


def test_the_same_day_of_another_month_is_another_day(database: Database) -> None:
    reserve(day(database, "2026-10-21"), 1, cap(Scope.DAY, 1))
    reserve(day(database, "2026-11-21"), 1, cap(Scope.DAY, 1))


def test_a_currency_is_held_by_its_own_caps_alone(ledger: Ledger) -> None:
    limits = cap(Scope.DAY, 1), cap(Scope.DAY, 1, "USD")
    reserve(ledger, 1, *limits)
    reserve(ledger, 1, *limits, currency="USD")
    reserve(ledger, 1000, *limits, currency="EUR")
    for currency in ("CNY", "USD"):
        with pytest.raises(BudgetSpent, match=currency):
            reserve(ledger, "0.1", *limits, currency=currency)


def test_what_is_settled_counts_in_place_of_what_was_set_aside(ledger: Ledger) -> None:
    limit = cap(Scope.DAY, 1)
    ledger.settle(reserve(ledger, 1, limit), money("0.25"))
    reserve(ledger, "0.75", limit)
    with pytest.raises(BudgetSpent):
        reserve(ledger, "0.1", limit)


def test_a_cost_above_what_was_set_aside_is_booked_as_it_is(ledger: Ledger) -> None:
    ledger.settle(reserve(ledger, 1), money("2.5"))
    assert ledger.totals(By.DAY)[0].settled == money("2.5")
    assert ledger.left([cap(Scope.DAY, 3)], "CNY", "c1") == money("0.5")
    assert ledger.left([cap(Scope.DAY, 2)], "CNY", "c1") == money(0)


def test_what_is_released_counts_no_more(ledger: Ledger) -> None:
    limit = cap(Scope.DAY, 1)
    ledger.release(reserve(ledger, 1, limit))
    reserve(ledger, 1, limit)
    assert ledger.totals(By.DAY) == (Total("2026-11-21", 1, money(0), money(1)),)


def test_a_reservation_ends_once_and_the_same_end_again_is_nothing(ledger: Ledger) -> None:
    settled, released = reserve(ledger, 1), reserve(ledger, 1)
    for _ in range(2):
        ledger.settle(settled, money("0.5"))
        ledger.release(released)
    with pytest.raises(UsageError, match="settled already"):
        ledger.settle(settled, money("0.4"))
    with pytest.raises(UsageError, match="settled already"):
        ledger.release(settled)
    with pytest.raises(UsageError, match="released already"):
        ledger.settle(released, money("0.4"))
    with pytest.raises(UsageError, match="not of this ledger"):
        ledger.settle(Reservation(99, "t1", money(1)), money(1))
    assert ledger.totals(By.DAY) == (Total("2026-11-21", 1, money("0.5"), money(0)),)


def test_a_cost_in_another_currency_is_refused(ledger: Ledger) -> None:
    with pytest.raises(UsageError, match="1 CNY was reserved"):
        ledger.settle(reserve(ledger, 1), money(1, "USD"))


def test_what_no_provider_can_have_counted_overflows_no_sum(ledger: Ledger) -> None:
    for _ in range(20):
        ledger.settle(reserve(ledger, 1), money("1E+30"))
    assert ledger.totals(By.DAY)[0].settled == money(20_000_000)
    with pytest.raises(BudgetSpent):
        reserve(ledger, 1, cap(Scope.MONTH, 10_000_000))


def test_a_reservation_outlives_its_process_and_stays_booked_until_settled(
    tmp_path: Path,
) -> None:
    path = tmp_path / "edge.db"
    with closing(open_database(path)) as database:
        cut_off = reserve(ledger_of(database), 1, cap(Scope.DAY, 1))
    with closing(open_database(path)) as database:
        ledger = ledger_of(database)
        with pytest.raises(BudgetSpent):
            reserve(ledger, "0.1", cap(Scope.DAY, 1))
        ledger.settle(cut_off, money("0.1"))
        reserve(ledger, "0.9", cap(Scope.DAY, 1))


def test_a_clock_that_goes_back_counts_nothing_twice_and_loses_nothing(
    database: Database,
) -> None:
    first = reserve(day(database, "2026-12-01"), 1)
    day(database, "2026-11-30").settle(first, money("0.5"))  # settled "before" it was reserved
    reserve(day(database, "2026-11-30"), 2)
    reserve(day(database, "1970-01-01"), 4)
    totals = day(database, "2026-11-30").totals(By.MONTH)
    assert [(t.name, t.settled, t.reserved) for t in totals] == [
        ("2026-12", money("0.5"), money(0)),
        ("2026-11", money(0), money(2)),
        ("1970-01", money(0), money(4)),
    ]


def test_what_is_left_is_least_over_all_caps_of_the_currency(ledger: Ledger) -> None:
    caps = [cap(Scope.TURN, 3), cap(Scope.CONVERSATION, 4), cap(Scope.MONTH, 9, "USD")]
    reserve(ledger, 3, talk="c1")
    assert ledger.left(caps, "CNY", "c1") == money(1)
    assert ledger.left(caps, "CNY", "c2") == money(3)
    assert ledger.left(caps, "CNY", None) == money(3)  # a new turn of a new conversation
    assert ledger.left(caps, "USD", "c1") == money(9, "USD")
    assert ledger.left(caps, "EUR", "c1") is None
    assert ledger.left([], "CNY", "c1") is None


def test_totals_are_summed_by_what_is_asked_and_kept_apart_by_currency(
    database: Database,
) -> None:
    today, earlier = day(database, "2026-11-21"), day(database, "2026-10-01")
    plus, long = Spending("bailian", "qwen-plus", "rule"), Spending("mine", "qwen-long", "asked")
    earlier.settle(reserve(earlier, 9, what=plus), money(4))
    today.settle(reserve(today, 2, what=plus), money(1))
    reserve(today, 3, what=long)
    reserve(today, 5, what=long, currency="USD")
    today.release(reserve(today, 7, what=long))
    four, nine = Total("rule", 2, money(5), money(0)), Total("asked", 1, money(0), money(3))
    usd = Total("asked", 1, money(0, "USD"), money(5, "USD"))
    assert today.totals(By.REASON) == (four, nine, usd)
    names = {by: [(t.name, t.settled.currency) for t in today.totals(by)] for by in By}
    assert names == {
        By.DAY: [("2026-11-21", "CNY"), ("2026-11-21", "USD"), ("2026-10-01", "CNY")],
        By.MONTH: [("2026-11", "CNY"), ("2026-11", "USD"), ("2026-10", "CNY")],
        By.MODEL: [("qwen-plus", "CNY"), ("qwen-long", "CNY"), ("qwen-long", "USD")],
        By.REASON: [("rule", "CNY"), ("asked", "CNY"), ("asked", "USD")],
        By.PROVIDER: [("bailian", "CNY"), ("mine", "CNY"), ("mine", "USD")],
    }


def test_money_and_sends_stay_when_their_conversation_is_deleted(
    database: Database, ledger: Ledger
) -> None:
    conversations = Conversations(database)
    talk = conversations.start("toy", "")
    turn = conversations.begin_turn(talk.id, None, Message(Role.USER, "a secret"))
    reservation = reserve(ledger, 1, turn=turn.id, talk=talk.id)
    SendBook(database).sending(sent(reservation))
    conversations.end_turn(turn.id, [], Outcome.FAILED)
    conversations.delete(talk.id)
    assert [send.sent.turn_ids for send in SendBook(database).sends()] == [(turn.id,)]
    assert ledger.left([cap(Scope.DAY, 5)], "CNY", None) == money(4)
    ledger.settle(reservation, money(2))
    assert b"a secret" not in database.path.read_bytes()


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM reservations", "UPDATE reservations SET cost = 0, state = 'settled'"],
)
def test_the_table_itself_refuses_to_lose_money(
    database: Database, ledger: Ledger, statement: str
) -> None:
    ledger.settle(reserve(ledger, 1), money(1))
    with pytest.raises(EdgeError, match="rule of the store"), database.write() as connection:
        connection.execute(statement)
    assert ledger.totals(By.DAY)[0].settled == money(1)


def test_a_ledger_tells_the_time_itself_when_it_is_given_none(database: Database) -> None:
    reserve(Ledger(database), 1)
    with database.read() as connection:
        row = connection.execute("SELECT at_utc, day, month FROM reservations").fetchone()
    assert (row["day"], row["month"]) == (row["at_utc"][:10], row["at_utc"][:7])
    assert len(row["at_utc"]) == len(NOON)
    assert isinstance(row, sqlite3.Row)
