"""What left the machine: a row for every send, written before it leaves.

A row holds no text, and the tables refuse to change or forget one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from edge.core.cloud import Sent
from edge.core.units import Money
from edge.store.amounts import as_money, booked
from edge.store.clock import utc_now
from edge.store.database import Database

_SENDING = """
    INSERT INTO sends (at_utc, host, provider, model, turn_ids, n_bytes, sha256,
                       reservation_id, most, currency)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_SENDS = """
    SELECT sends.*, reservations.cost
    FROM sends JOIN reservations ON reservations.id = sends.reservation_id
    WHERE :turn IS NULL OR reservations.turn_id = :turn
        OR instr(' ' || sends.turn_ids || ' ', ' ' || :turn || ' ')
    ORDER BY sends.id DESC LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class Send:
    """A send as it was written down. `cost` is None while it is booked at `sent.most`."""

    at_utc: str
    sent: Sent
    cost: Money | None


class SendBook:
    """The sends of one store; append only. Any thread may call."""

    def __init__(self, database: Database, now_utc: Callable[[], str] = utc_now) -> None:
        self._database = database
        self._now_utc = now_utc

    def sending(self, sent: Sent) -> None:
        """Write a send down; it is on disk when this returns.

        Raises an EdgeError where it cannot be, or where no money was reserved
        for it; then it must not leave.
        """
        # Ids hold no space (see edge.store.ids).
        what = (sent.host, sent.provider, sent.model, " ".join(sent.turn_ids))
        size = (sent.n_bytes, sent.sha256, sent.reservation_id)
        with self._database.write() as connection:
            money = (booked(sent.most), sent.most.currency)
            connection.execute(_SENDING, (self._now_utc(), *what, *size, *money))

    def sends(self, limit: int = 20, turn_id: str | None = None) -> tuple[Send, ...]:
        """What was sent, newest first: all of it, or for a turn and with its words."""
        with self._database.read() as connection:
            rows = connection.execute(_SENDS, {"turn": turn_id, "limit": limit}).fetchall()
        return tuple(_send(row) for row in rows)


def _send(row: sqlite3.Row) -> Send:
    cost, currency = row["cost"], row["currency"]
    sent = Sent(
        host=row["host"],
        provider=row["provider"],
        model=row["model"],
        turn_ids=tuple(row["turn_ids"].split()),
        n_bytes=row["n_bytes"],
        sha256=row["sha256"],
        reservation_id=row["reservation_id"],
        most=as_money(row["most"], currency),
    )
    return Send(row["at_utc"], sent, None if cost is None else as_money(cost, currency))
