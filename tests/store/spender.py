"""A process that spends against one cap: python spender.py STORE SEED N_THREADS N_SENDS LIMIT.

It says `ready` and begins at a line on its standard input, so that many begin at
once. Each thread reserves, writes the send down and settles, again and again, and
says what was acknowledged once it was. It imports no test tools: it starts fast.
"""

from __future__ import annotations

import random
import sys
import threading
from contextlib import closing
from decimal import Decimal
from pathlib import Path

from edge.core.cloud import Cap, Scope, Sent
from edge.core.errors import BudgetSpent, Busy
from edge.core.units import Money
from edge.store.database import open_database
from edge.store.ledger import Ledger, Spending
from edge.store.sent import SendBook

NOON = "2026-11-21T12:00:00.000Z"
MOST = (100, 250, 400)  # thousandths


def money(thousandths: int) -> Money:
    return Money(Decimal(thousandths).scaleb(-3), "CNY")


class Spender:
    """One thread's spending; what it was told goes to standard output at once."""

    def __init__(self, ledger: Ledger, book: SendBook, seed: str, limit: int) -> None:
        self.ledger, self.book, self.dice = ledger, book, random.Random(seed)
        self.caps = [Cap(Scope.DAY, money(limit)), Cap(Scope.MONTH, money(2 * limit))]

    def spend(self, n_sends: int) -> None:
        for n in range(n_sends):
            try:
                self.send(f"turn{n}")
            except BudgetSpent:
                say("refused")
            except Busy:  # how long one queues is a matter of the disk
                say("busy")

    def send(self, turn_id: str) -> None:
        most = self.dice.choice(MOST)
        reservation = self.ledger.reserve(
            turn_id=turn_id,
            conversation_id="talk",
            most=money(most),
            caps=self.caps,
            what=Spending("p", "m", "rule"),
        )
        say("reserved", reservation.id, most)
        sent = Sent("host", "p", "m", (turn_id,), 1, "", reservation.id, reservation.most)
        self.book.sending(sent)
        say("sending", reservation.id)
        match self.dice.randrange(4):
            case 0:
                pass  # cut off: stays booked
            case 1:
                self.ledger.release(reservation)
                say("ended", reservation.id, 0)
            case _:
                cost = self.dice.randrange(most + 1)
                self.ledger.settle(reservation, money(cost))
                say("ended", reservation.id, cost)


def say(*words: object) -> None:
    # One write for a line: two threads do not mix, and a kill cuts none in half.
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def main(path: Path, seed: int, n_threads: int, n_sends: int, limit: int) -> None:
    with closing(open_database(path)) as database:
        ledger, book = Ledger(database, lambda: NOON), SendBook(database)
        spenders = [Spender(ledger, book, f"{seed}/{n}", limit) for n in range(n_threads)]
        threads = [threading.Thread(target=each.spend, args=(n_sends,)) for each in spenders]
        say("ready")
        sys.stdin.readline()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
