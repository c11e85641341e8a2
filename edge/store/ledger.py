"""What the cloud costs: money is set aside before a send, and settled after it.

A reservation is made in one transaction with the sums it is held against, so no
two processes can spend the same rest of a cap. One whose process died, or whose
answer broke off, stays booked at the most it can cost.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from edge.core.cloud import Cap, Reservation, Scope
from edge.core.errors import BudgetSpent, UsageError
from edge.core.say import noted, say, say_noted
from edge.core.units import Money
from edge.store.amounts import as_money, booked
from edge.store.caps import Standing, tightest
from edge.store.clock import utc_now
from edge.store.database import Database

_BOOKED = "SELECT coalesce(sum(coalesce(cost, most)), 0) FROM reservations"
_BOOKED_IN = {
    Scope.TURN: f"{_BOOKED} WHERE currency = :currency AND turn_id = :turn",
    Scope.CONVERSATION: f"{_BOOKED} WHERE currency = :currency AND conversation_id = :conversation",
    Scope.DAY: f"{_BOOKED} WHERE currency = :currency AND month = :month AND day = :day",
    Scope.MONTH: f"{_BOOKED} WHERE currency = :currency AND month = :month",
}
_RESERVE = """
    INSERT INTO reservations (turn_id, conversation_id, provider, model, reason, at_utc, day,
                              month, currency, most, cost, state)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, 'reserved')
"""
_END = "UPDATE reservations SET state = ?, cost = ? WHERE id = ? AND state = 'reserved'"
_TOTALS = """
    SELECT CASE :by WHEN 'day' THEN day WHEN 'month' THEN month WHEN 'model' THEN model
                    WHEN 'reason' THEN reason ELSE provider END AS name,
        currency, count(*) AS sends,
        coalesce(sum(cost), 0) AS settled,
        coalesce(sum(most) FILTER (WHERE state = 'reserved'), 0) AS reserved
    FROM reservations WHERE state <> 'released'
    GROUP BY name, currency
    ORDER BY CASE WHEN :by IN ('day', 'month') THEN name END DESC,
        currency, settled + reserved DESC, name
"""


@dataclass(frozen=True, slots=True)
class Spending:
    """What money is reserved for: whom, which model, and why the turn went there (a Reason)."""

    provider: str
    model: str
    reason: str


class By(StrEnum):
    """What totals are summed over; days and months are those of UTC."""

    DAY = "day"
    MONTH = "month"
    MODEL = "model"
    REASON = "reason"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class Total:
    """What one day, month, model, reason or provider came to, in one currency.

    `settled` is what its sends cost, `reserved` the most that those may which
    are not settled; `n_sends` counts both.
    """

    name: str
    n_sends: int
    settled: Money
    reserved: Money


class Ledger:
    """The money of one store. Any thread may call; each call is one transaction."""

    def __init__(self, database: Database, now_utc: Callable[[], str] = utc_now) -> None:
        self._database = database
        self._now_utc = now_utc

    def reserve(
        self,
        *,
        turn_id: str,
        conversation_id: str,
        most: Money,
        caps: Sequence[Cap],
        what: Spending,
    ) -> Reservation:
        """Set aside the most a send can cost; it is on disk when this returns.

        Rounded up to a thousand-millionth. Only caps of its own currency count.
        Raises BudgetSpent where one of them would be exceeded; then nothing is set aside.
        """
        units = booked(most)
        with self._database.write() as connection:
            when = self._now_utc()
            place = _Place(most.currency, turn_id, conversation_id, when)
            least = tightest(_standings(connection, caps, place))
            if least is not None and least.left < units:
                raise _spent(least, as_money(units, most.currency))
            row = (turn_id, conversation_id, what.provider, what.model, what.reason)
            keys = (when, place.day, place.month, most.currency, units)
            done = connection.execute(_RESERVE, (*row, *keys))
        assert done.lastrowid is not None
        return Reservation(done.lastrowid, turn_id, as_money(units, most.currency))

    def settle(self, reservation: Reservation, cost: Money) -> None:
        """Book what a send did cost in place of what was set aside, also where that is more.

        A reservation ends once: the same again does nothing, anything else raises
        UsageError.
        """
        if cost.currency != reservation.most.currency:
            raise UsageError(
                say(
                    "{most} was reserved, and {cost} is another currency",
                    most=reservation.most,
                    cost=cost,
                ),
                hint=say("one currency in the prices of a model"),
            )
        self._end(reservation, "settled", booked(cost))

    def release(self, reservation: Reservation) -> None:
        """Give back what was set aside for a send that never left; ends it as `settle` does."""
        self._end(reservation, "released", 0)

    def left(self, caps: Sequence[Cap], currency: str, conversation_id: str | None) -> Money | None:
        """What a new turn may still cost under the tightest cap; None where no cap holds it."""
        least = tightest(self.standings(caps, currency, conversation_id))
        return None if least is None else least.left_over

    def standings(
        self, caps: Sequence[Cap], currency: str, conversation_id: str | None
    ) -> tuple[Standing, ...]:
        """Each cap of a currency with what is booked under it, for a new turn.

        Without a conversation a new one is meant.
        """
        place = _Place(currency, None, conversation_id, self._now_utc())  # NULL equals nothing
        with self._database.read() as connection:
            return _standings(connection, caps, place)

    def totals(self, by: By) -> tuple[Total, ...]:
        """What was booked: days and months newest first, others by what they came to."""
        with self._database.read() as connection:
            rows = connection.execute(_TOTALS, {"by": by}).fetchall()
        return tuple(
            Total(
                row["name"],
                row["sends"],
                as_money(row["settled"], row["currency"]),
                as_money(row["reserved"], row["currency"]),
            )
            for row in rows
        )

    def _end(self, reservation: Reservation, state: str, cost: int) -> None:
        with self._database.write() as connection:
            ended = connection.execute(_END, (state, cost, reservation.id))
            if ended.rowcount == 0:
                _require_same(connection, reservation, (state, cost))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a send stands: what its scopes are summed over."""

    currency: str
    turn: str | None
    conversation: str | None
    when_utc: str

    @property
    def day(self) -> str:
        return self.when_utc[: len("2026-11-21")]

    @property
    def month(self) -> str:
        return self.when_utc[: len("2026-11")]

    def keys(self) -> dict[str, str | None]:
        return {
            "currency": self.currency,
            "turn": self.turn,
            "conversation": self.conversation,
            "day": self.day,
            "month": self.month,
        }


def _standings(
    connection: sqlite3.Connection, caps: Sequence[Cap], place: _Place
) -> tuple[Standing, ...]:
    keys = place.keys()
    return tuple(
        Standing(cap, connection.execute(_BOOKED_IN[cap.scope], keys).fetchone()[0])
        for cap in caps
        if cap.limit.currency == place.currency
    )


_PER = {
    Scope.TURN: noted("a turn"),
    Scope.CONVERSATION: noted("a conversation"),
    Scope.DAY: noted("a day"),
    Scope.MONTH: noted("a month"),
}


def _spent(cap: Standing, wanted: Money) -> BudgetSpent:
    scope, limit = cap.cap.scope, cap.cap.limit
    return BudgetSpent(
        say(
            "this could cost {wanted}, and of {limit} {per} {left} is left "
            "({spent} spent or reserved)",
            wanted=wanted,
            limit=limit,
            per=say_noted(_PER[scope]),
            left=cap.left_over,
            spent=cap.spent,
        ),
        kept=say("nothing was sent"),
        hint=f'edge budget set --{scope} "AMOUNT {limit.currency}"',
    )


def _require_same(
    connection: sqlite3.Connection, reservation: Reservation, end: tuple[str, int]
) -> None:
    row = connection.execute(
        "SELECT state, cost FROM reservations WHERE id = ?", (reservation.id,)
    ).fetchone()
    if row is None or (row["state"], row["cost"]) != end:
        was = (
            say("not of this ledger") if row is None else say("{state} already", state=row["state"])
        )
        raise UsageError(say("reservation {id} is {was}", id=reservation.id, was=was))
