"""What left the machine is written down before it leaves, without a word, and stays so."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from edge.core.errors import DiskFull, EdgeError
from edge.engine.protocol import SendLog
from edge.store.database import Database, open_database
from edge.store.ledger import Ledger
from edge.store.sent import Send, SendBook
from small_disk import small_disk
from spending import NOON, ledger_of, money, reserve, sent


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(open_database(tmp_path / "edge.db")) as database:
        yield database


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return ledger_of(database)


@pytest.fixture
def book(database: Database) -> SendBook:
    return SendBook(database, lambda: NOON)


def test_the_book_is_what_an_engine_writes_its_sends_in(book: SendBook) -> None:
    log: SendLog = book
    assert log.sending == book.sending


def test_a_send_comes_back_as_it_was_written(book: SendBook, ledger: Ledger) -> None:
    what = sent(reserve(ledger, "0.0123"), "t1", "t2")
    book.sending(what)
    assert book.sends() == (Send(NOON, what, None),)


def test_a_send_is_on_disk_before_it_may_leave(
    database: Database, book: SendBook, ledger: Ledger
) -> None:
    book.sending(sent(reserve(ledger, 1)))
    with closing(sqlite3.connect(database.path)) as another:
        assert another.execute("SELECT count(*) FROM sends").fetchone() == (1,)


def test_sends_show_what_they_did_cost_once_that_is_settled(book: SendBook, ledger: Ledger) -> None:
    open_, settled, released = (reserve(ledger, 1) for _ in range(3))
    for reservation in (open_, settled, released):
        book.sending(sent(reservation))
    ledger.settle(settled, money("0.25"))
    ledger.release(released)
    assert [send.cost for send in book.sends()] == [money(0), money("0.25"), None]


def test_sends_are_newest_first_and_as_many_as_asked(book: SendBook, ledger: Ledger) -> None:
    for n in range(5):
        book.sending(sent(reserve(ledger, 1), n_bytes=n))
    assert [send.sent.n_bytes for send in book.sends(limit=3)] == [4, 3, 2]


def test_the_sends_of_a_turn_are_those_for_it_and_those_with_its_words(
    book: SendBook, ledger: Ledger
) -> None:
    book.sending(sent(reserve(ledger, 1, turn="t1"), "t1", n_bytes=1))
    book.sending(sent(reserve(ledger, 1, turn="t2"), "t1", "t2", n_bytes=2))
    book.sending(sent(reserve(ledger, 1, turn="t11"), "t11", n_bytes=3))
    found = {turn: [s.sent.n_bytes for s in book.sends(turn_id=turn)] for turn in ("t1", "t2", "t")}
    assert found == {"t1": [2, 1], "t2": [2], "t": []}


def test_nothing_may_leave_without_money_set_aside(book: SendBook, ledger: Ledger) -> None:
    with pytest.raises(EdgeError):
        book.sending(replace(sent(reserve(ledger, 1)), reservation_id=99))
    assert book.sends() == ()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM sends",
        "UPDATE sends SET n_bytes = 0",
        "INSERT OR REPLACE INTO sends SELECT id, at_utc, 'elsewhere', provider, model, turn_ids, "
        "n_bytes, sha256, reservation_id, most, currency FROM sends",
    ],
)
def test_a_send_is_neither_forgotten_nor_rewritten(
    database: Database, book: SendBook, ledger: Ledger, statement: str
) -> None:
    book.sending(sent(reserve(ledger, 1)))
    before = book.sends()
    with pytest.raises(EdgeError, match="what was sent"), database.write() as connection:
        connection.execute(statement)
    assert book.sends() == before


def test_a_send_that_cannot_be_written_down_raises(tmp_path: Path) -> None:
    small = small_disk(tmp_path / "disk", 256 * 1024)
    with small as place, closing(open_database(place / "edge.db")) as database:
        reservation = reserve(ledger_of(database), 1)
        filler = place / "filler"
        with pytest.raises(OSError, match="No space"), filler.open("wb") as file:
            file.write(bytes(1024 * 1024))
        with pytest.raises(DiskFull):
            SendBook(database).sending(sent(reservation))
        filler.unlink()
        assert SendBook(database).sends() == ()
