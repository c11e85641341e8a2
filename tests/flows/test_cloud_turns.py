"""Somebody turns the cloud on, talks through all it can do and may not, and turns it off."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import edge
import shell
from cloud_server import MODEL, CloudServer, cut, error, reply
from edge.core.decision import Reason, Target
from edge.core.errors import CloudUnavailable
from edge.settings.edit import write_settings
from edge.settings.folders import Folders
from shell import Ran, given
from tiny_home import furnish

KEY = "sk-loopback-0123456789"
SAID = "Hello from the cloud!"
N_CTX = 2048
# A tiny model takes every byte for a token, so this is too long for its context.
LONG = "Tell me about rivers, and so on. " * 400
ASK = (
    "ask", "-m", "tiny", "--json", "--temperature", "0", "--max-tokens", "4", "--ctx", str(N_CTX)
)  # fmt: skip


@pytest.fixture
def server() -> Iterator[CloudServer]:
    with CloudServer(reply(SAID, usage=(1000, 50))) as running:
        yield running


@pytest.fixture
def home(edge_home: Path) -> Path:
    """A home with a tiny model, and the cloud off."""
    furnish(edge_home, n_ctx=32_768)
    return edge_home


def log_in(server: CloudServer, key: str = KEY) -> Ran:
    """As a script does it: the key comes by a pipe."""
    where = ("--base-url", server.base_url, "--model", MODEL)
    words = ("cloud", "login", "loopback", *where, "--new", "public", "--mode", "auto", "--yes")
    return shell.edge(*words, stdin=f"{key}\n".encode())


def write_prices(home: Path) -> None:
    """What this cloud costs: nobody publishes prices of a server of one's own."""
    here = ("cloud", "loopback")
    price = {"per_million_in": 1, "per_million_out": 4, "currency": "CNY"}
    facts = {"dialect": "dashscope", "n_ctx": 100_000, **price}
    write_settings(Folders.below(home), {(*here, name): value for name, value in facts.items()})


def ask(*words: str, **more: str) -> dict[str, Any]:
    """The object that `ask --json` prints; run here, since a process costs more."""
    ran = shell.edge_here(*ASK, *words, **more)
    assert ran.code == 0, ran.err
    told: dict[str, Any] = json.loads(ran.out)
    return told


def told(*words: str) -> dict[str, Any]:
    """The object that a command prints."""
    ran = shell.edge_here(*words, "--json")
    assert ran.code == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def whose(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """Who answered each share of a turn, and why."""
    return [(each["target"], each["reason"]) for each in answer["attempts"]]


def month(currency: str = "CNY") -> dict[str, str]:
    """The cap of the month, and what is booked under it."""
    caps = told("budget")["caps"]
    return next(cap for cap in caps if (cap["scope"], cap["currency"]) == ("month", currency))


def test_a_day_with_the_cloud(home: Path, server: CloudServer) -> None:
    # The cloud is off.
    assert whose(ask("hello")) == [("edge", "cloud_off")]
    assert shell.edge(*ASK, "--cloud", "hello").code == 2

    ran = log_in(server)
    assert ran.code == 0, ran.err
    assert KEY not in ran.out + ran.err
    assert server.n_connections == 0
    write_prices(home)

    stays = ask("name a river")
    assert whose(stays) == [("edge", "default")]
    assert server.n_connections == 0

    goes = ask(LONG)
    assert (goes["text"], whose(goes)) == (SAID, [("cloud", "edge_cannot")])
    assert goes["cost"] == {"amount": "0.0012", "currency": "CNY"}  # 1,000 x 1 + 50 x 4
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"

    refused = shell.edge(*ASK, "--cloud", "Call me at +86 138 0013 8000.")
    assert refused.code == 30
    assert "138" not in refused.err
    assert whose(told("why")) == [("edge", "private")]
    assert len(server.requests) == 1

    server.says(cut(SAID, after=9))
    broken = ask("--cloud", "name another river")
    assert whose(broken) == [("cloud", "asked"), ("edge", "cloud_failed")]
    assert broken["text"].startswith(SAID[:9])
    assert len(broken["text"]) > len(SAID[:9])

    # Why, for each.
    for turn, n_sent in ((stays, 0), (goes, 1), (broken, 1)):
        account = told("why", turn["turn_id"])
        assert whose(account) == whose(turn)
        assert len(account["sends"]) == n_sent

    # What left, and what it cost: the broken answer stays booked at its most.
    sends = told("sent")["sends"][::-1]
    assert [send["turn_ids"][-1] for send in sends] == [goes["turn_id"], broken["turn_id"]]
    for send, seen in zip(sends, server.requests, strict=True):
        assert send["n_bytes"] == len(seen.body)
        assert send["sha256"] == hashlib.sha256(seen.body).hexdigest()
    assert Decimal(month()["spent"]) == Decimal("0.0012") + Decimal(sends[1]["reserved"])

    # A cap of the month stops the cloud and not the chat.
    given("budget", "set", "--month", "0.001 CNY")
    assert shell.edge(*ASK, "--cloud", "name a third").code == 31
    assert whose(ask("name a third", EDGE_POLICY="cloud-first")) == [("edge", "budget")]
    assert len(server.requests) == 2

    # Every decision of the day, made again.
    replayed = told("policy", "replay")
    assert replayed["decisions"] >= 7
    assert (replayed["changed"], replayed["older"]) == ([], 0)
    moved = told("policy", "replay", "cloud-first")["changed"]
    assert stays["turn_id"] in [each["turn_id"] for each in moved]

    given("cloud", "logout")
    assert told("cloud", "status")["mode"] == "off"
    assert not any(KEY.encode() in path.read_bytes() for path in files_below(home))
    assert whose(ask(LONG[:40])) == [("edge", "cloud_off")]
    assert len(server.requests) == 2


def files_below(home: Path) -> Iterator[Path]:
    return (path for path in home.rglob("*") if path.is_file() and path.suffix != ".gguf")


def say(text: str) -> tuple[str, list[Reason]]:
    """A turn for the cloud, through the embedder's door: the answer, and why each engine spoke."""
    with edge.open("tiny", temperature=0, max_tokens=4, n_ctx=N_CTX) as runtime:
        session = runtime.session()
        list(session.send(text, wanted=Target.CLOUD))
        turn = session.turns[-1]
        return turn.reply.text, [attempt.decision.reason for attempt in turn.attempts]


def test_a_refused_key_is_tried_once_and_another_one_at_once(
    home: Path, server: CloudServer
) -> None:
    server.says(error(401, "InvalidApiKey"))
    assert log_in(server).code == 0
    assert say("hello")[1] == [Reason.ASKED, Reason.CLOUD_FAILED]
    with pytest.raises(CloudUnavailable):
        say("hello")
    assert len(server.requests) == 1
    server.says(reply(SAID))
    assert log_in(server, "sk-loopback-another-one").code == 0
    assert say("hello") == (SAID, [Reason.ASKED])


def test_a_cloud_with_a_small_context_is_asked_what_fits_into_it(
    home: Path, server: CloudServer
) -> None:
    assert log_in(server).code == 0
    write_settings(Folders.below(home), {("cloud", "loopback", "n_ctx"): 4096})
    assert say("name a river") == (SAID, [Reason.ASKED])
