"""Nothing private leaves by `ask`, `chat` or `Runtime`, whatever fails behind them."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from doors import CASES, CLOUDS, DOORS, SOUND, Case, books_of, codes_of
from forms import canary, holds

from cloud_home import furnish_cloud
from cloud_server import CloudServer
from edge.cli.main import run
from shell import edge
from tiny_home import furnish

ACCOUNTS = (["sent"], ["sent", "--json"], ["why", "--json"], ["budget", "--json"], ["why"])


def drawn(seed: int) -> list[Case]:
    """A case of every door."""
    dice = random.Random(seed)
    return [dice.choice([case for case in CASES if case.door == door]) for door in DOORS]


@pytest.fixture(autouse=True)
def linux() -> None:
    if sys.platform != "linux":
        pytest.skip("finds the engine's process in /proc")


@pytest.fixture
def server() -> Iterator[CloudServer]:
    with CloudServer() as running:
        yield running


@pytest.fixture
def home(edge_home: Path, server: CloudServer) -> Path:
    """A home with a tiny model, and a cloud that the policy sends everything to."""
    furnish(edge_home, n_ctx=32_768)
    furnish_cloud(edge_home, server)
    return edge_home


def insist_that_nothing_leaves(
    case: Case, home: Path, server: CloudServer, told: pytest.CaptureFixture[str]
) -> None:
    secret = canary()
    server.says(CLOUDS[case.cloud])
    ran = DOORS[case.door](case, secret)
    assert ran.code in codes_of(case), ran
    assert not holds(server.heard, secret)
    assert not holds(ran.err.encode(), secret)
    may_ask = case.door == "system"
    assert (len(server.requests) > 0) == may_ask
    assert not holds(books_of(home), secret)
    told.readouterr()
    assert [run(words) for words in ACCOUNTS] == [0] * len(ACCOUNTS)
    accounts = "".join(told.readouterr())
    assert accounts
    assert not holds(accounts.encode(), secret)


@pytest.mark.parametrize("case", drawn(12), ids=str)
def test_nothing_private_leaves_by_this_door(case, home, server, capsys):
    insist_that_nothing_leaves(case, home, server, capsys)


@pytest.mark.campaign
@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("seed", range(2))
def test_nothing_private_leaves_by_any_door(case, seed, home, server, capsys):
    insist_that_nothing_leaves(case, home, server, capsys)


def test_what_is_public_does_leave_by_the_same_door(home, server):
    server.says(CLOUDS["up"])
    words = canary()
    assert edge("ask", "-m", "tiny", *Case("ask", device=SOUND).flags, words).code == 0
    assert holds(server.heard, words)
