"""Short ways to say what is spent, for the tests of the ledger."""

from __future__ import annotations

from decimal import Decimal

from edge.core.cloud import Cap, Reservation, Scope, Sent
from edge.core.units import Money
from edge.store.database import Database
from edge.store.ledger import Ledger, Spending

WHAT = Spending("dashscope", "qwen-plus", "rule")
NOON = "2026-11-21T12:00:00.000Z"


def money(amount: str | int | Decimal, currency: str = "CNY") -> Money:
    return Money(Decimal(amount), currency)


def cap(scope: Scope, amount: str | int | Decimal, currency: str = "CNY") -> Cap:
    return Cap(scope, money(amount, currency))


def ledger_of(database: Database, now_utc: str = NOON) -> Ledger:
    """The ledger of a store, at one moment."""
    return Ledger(database, lambda: now_utc)


def reserve(
    ledger: Ledger, most: str | int, *caps: Cap, turn: str = "t1", talk: str = "c1",
    currency: str = "CNY", what: Spending = WHAT,
) -> Reservation:  # fmt: skip
    return ledger.reserve(
        turn_id=turn,
        conversation_id=talk,
        most=money(most, currency),
        caps=caps,
        what=what,
    )


def sent(reservation: Reservation, *turn_ids: str, n_bytes: int = 321) -> Sent:
    """What a send on a reservation may look like."""
    return Sent(
        host="dashscope.aliyuncs.com",
        provider="dashscope",
        model="qwen-plus",
        turn_ids=turn_ids or (reservation.turn_id,),
        n_bytes=n_bytes,
        sha256="ab" * 32,
        reservation_id=reservation.id,
        most=reservation.most,
    )
