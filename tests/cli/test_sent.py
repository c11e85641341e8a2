"""`edge sent`: what left this machine, and no word of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import typer

from edge.cli.sent import app
from edge.core.conversation import Outcome, Turn
from edge.core.errors import UnknownName
from edge.core.message import Message, Role
from edge.settings.folders import Folders
from edge.store.conversations import Conversations
from edge.store.database import Database, open_database
from edge.store.ledger import Ledger
from edge.store.sent import SendBook
from spending import NOON, money, reserve
from spending import sent as a_send

SECRET = "the heron flies at nine"


@pytest.fixture
def database(edge_home: Path) -> Iterator[Database]:
    with closing(open_database(Folders.below(edge_home).store)) as database:
        yield database


@pytest.fixture
def book(database: Database) -> SendBook:
    return SendBook(database, lambda: NOON)


@pytest.fixture
def turns(database: Database) -> tuple[Turn, Turn]:
    """Two turns of one conversation."""
    ids = iter(["talk0000", "aaaa1111", "bbbb2222"])
    conversations = Conversations(database, new_id=lambda: next(ids))
    talk = conversations.start("toy", "")
    first, second = (
        conversations.begin_turn(talk.id, None, Message(Role.USER, SECRET)) for _ in range(2)
    )
    for turn in (first, second):
        conversations.end_turn(turn.id, [], Outcome.FAILED)
    return first, second


def sent(*args: str) -> None:
    typer.main.get_command(app)(list(args), prog_name="edge sent", standalone_mode=False)


def test_where_nothing_was_sent_it_says_so_and_makes_nothing(edge_home, capsys):
    sent()
    assert capsys.readouterr().out == "nothing has been sent\n"
    sent("--json")
    assert json.loads(capsys.readouterr().out) == {"schema_version": 1, "sends": []}
    assert not edge_home.exists()


def test_a_send_is_a_row_with_its_time_host_turns_bytes_and_cost(database, book, turns, capsys):
    ledger = Ledger(database)
    settled = reserve(ledger, "0.5", turn="aaaa1111")
    book.sending(a_send(settled, "aaaa1111", n_bytes=12_345))
    ledger.settle(settled, money("0.125"))
    book.sending(a_send(reserve(ledger, "0.5"), "aaaa1111", "bbbb2222"))
    sent()
    out = capsys.readouterr().out
    assert [line.split("\t") for line in out.splitlines()] == [
        ["TIME", "HOST", "MODEL", "TURNS", "BYTES", "COST"],
        [
            NOON, "dashscope.aliyuncs.com", "qwen-plus", "bbbb2222 and 1 before", "321",
            "at most 0.5 CNY",
        ],
        [NOON, "dashscope.aliyuncs.com", "qwen-plus", "aaaa1111", "12,345", "0.125 CNY"],
    ]  # fmt: skip


def test_a_turn_is_named_by_the_start_of_its_id(database, book, turns, capsys):
    ledger = Ledger(database)
    book.sending(a_send(reserve(ledger, 1, turn="aaaa1111"), "aaaa1111"))
    sent("AAAA")
    assert "aaaa1111" in capsys.readouterr().out
    sent("bbbb")
    assert capsys.readouterr().out == "nothing has been sent with turn bbbb2222\n"
    with pytest.raises(UnknownName) as caught:
        sent("cccc")
    assert caught.value.hint == "bbbb2222 or aaaa1111"


def test_that_a_turn_was_sent_is_known_after_it_was_deleted(database, book, turns, capsys):
    book.sending(a_send(reserve(Ledger(database), 1, turn="aaaa1111"), "aaaa1111"))
    Conversations(database).delete("talk0000")
    sent("aaaa1111", "--json")
    (entry,) = json.loads(capsys.readouterr().out)["sends"]
    assert entry["turn_ids"] == ["aaaa1111"]


def test_a_limit_takes_the_newest(database, book, capsys):
    ledger = Ledger(database)
    for n in range(3):
        book.sending(a_send(reserve(ledger, 1), n_bytes=n))
    sent("--limit", "2", "--json")
    document = json.loads(capsys.readouterr().out)
    assert [entry["n_bytes"] for entry in document["sends"]] == [2, 1]


def test_json_holds_the_row_as_it_is_kept_and_not_a_word(database, book, turns, capsys):
    reservation = reserve(Ledger(database), "0.5", turn="aaaa1111")
    book.sending(a_send(reservation, "aaaa1111"))
    sent("--json")
    out = capsys.readouterr().out
    assert SECRET not in out
    assert json.loads(out)["sends"] == [
        {
            "at_utc": NOON,
            "host": "dashscope.aliyuncs.com",
            "provider": "dashscope",
            "model": "qwen-plus",
            "turn_ids": ["aaaa1111"],
            "n_bytes": 321,
            "sha256": "ab" * 32,
            "currency": "CNY",
            "reserved": "0.5",
            "cost": None,
        }
    ]
