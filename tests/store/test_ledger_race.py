"""No cap is exceeded by company or by kill -9: real processes (spender.py) on one store."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from decimal import Decimal
from pathlib import Path

import pytest

from edge.core.cloud import Scope
from edge.core.errors import BudgetSpent
from edge.store.database import open_database
from spending import cap, ledger_of, reserve

CHECKOUT = Path(__file__).parents[2]
SPENDER = Path(__file__).with_name("spender.py")
THOUSANDTH = 10**6  # in the units of the ledger
BOOKED = "SELECT coalesce(sum(coalesce(cost, most)), 0) FROM reservations"
SEED = 20261121


@contextmanager
def spenders(path: Path, *argument_lists: list[int]) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that begin at once to spend under one cap; killed at the end if they still live."""
    environ = os.environ | {"PYTHONPATH": str(CHECKOUT)}
    running = [
        subprocess.Popen(
            [sys.executable, str(SPENDER), str(path), *map(str, arguments)],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for arguments in argument_lists
    ]
    try:
        for each in running:
            assert each.stdout
            assert each.stdout.readline() == "ready\n"
        for each in running:
            assert each.stdin
            each.stdin.write("go\n")
            each.stdin.flush()
        yield running
    finally:
        for each in running:
            each.kill()
            each.communicate()


class Watcher(threading.Thread):
    """Looks at the sum again and again: an excess that is settled away would not be seen after."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path, self.highest, self._over = path, 0, threading.Event()

    def run(self) -> None:
        with closing(open_database(self.path)) as database:
            while not self._over.wait(0.002):
                with database.read() as connection:
                    self.highest = max(self.highest, connection.execute(BOOKED).fetchone()[0])

    def __enter__(self) -> Watcher:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()


def booked(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute(BOOKED).fetchone()[0])


def check_against(path: Path, said: Iterable[str]) -> None:
    """Whatever a spender was told is in the store, and what it was not told is booked in full."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT id, most, cost FROM reservations").fetchall()
        sends = {row[0] for row in connection.execute("SELECT reservation_id FROM sends")}
    most, cost = {row[0]: row[1] for row in rows}, {row[0]: row[2] for row in rows}
    for what, *numbers in (line.split() for line in said):
        match what, [int(number) for number in numbers]:
            case "reserved", [id_, amount]:
                assert most[id_] == amount * THOUSANDTH
            case "sending", [id_]:
                assert id_ in sends
            case "ended", [id_, amount]:
                assert cost[id_] == amount * THOUSANDTH
    assert sends <= set(most)
    assert all(cost[id_] is None or cost[id_] <= most[id_] for id_ in most)


@pytest.mark.parametrize(
    ("n_processes", "n_threads", "n_sends"),
    [(4, 16, 6), pytest.param(64, 1, 20, marks=pytest.mark.campaign)],
)
def test_64_workers_spend_one_cap_and_not_a_unit_more(
    tmp_path: Path, n_processes: int, n_threads: int, n_sends: int
) -> None:
    path, limit = tmp_path / "edge.db", 200 * n_threads * n_processes
    open_database(path).close()
    workers = [[n, n_threads, n_sends, limit] for n in range(n_processes)]
    with Watcher(path) as watcher, spenders(path, *workers) as running:
        ends = [(*each.communicate(timeout=240), each.returncode) for each in running]
    assert [(errors, code) for _, errors, code in ends] == [("", 0)] * n_processes
    said = [line for output, _, _ in ends for line in output.splitlines()]
    assert {"reserved", "sending", "ended", "refused"} <= {line.split()[0] for line in said}
    assert 0 < watcher.highest <= limit * THOUSANDTH
    assert booked(path) <= limit * THOUSANDTH
    check_against(path, said)


def said_until_killed(path: Path, chance: random.Random, limit: int) -> list[str]:
    """Two processes spend for a while and are killed at one random moment; what they had said."""
    workers = [[chance.getrandbits(32), 4, 10_000, limit] for _ in range(2)]
    with spenders(path, *workers) as running:
        first, second = (each.stdout for each in running)
        assert first
        assert second
        said = [first.readline() for _ in range(chance.randint(1, 40))]
        # Not to wait for anything: to fall somewhere into the next transaction.
        time.sleep(chance.uniform(0, 0.01))
        for each in running:
            each.send_signal(signal.SIGKILL)
        said += [*first.readlines(), *second.readlines()]
        assert [each.wait() for each in running] == [-signal.SIGKILL] * 2
    return [line for line in said if line.endswith("\n")]


@pytest.mark.parametrize(
    "round_",
    [0, *(pytest.param(n, marks=pytest.mark.campaign) for n in range(1, 100))],
)
def test_kill_9_at_any_moment_spends_nothing_beyond_the_cap(tmp_path: Path, round_: int) -> None:
    path, limit, chance = tmp_path / "edge.db", 6_000, random.Random(SEED + round_)
    said = []
    for _ in range(5):  # of two processes each
        said += said_until_killed(path, chance, limit)
        with closing(open_database(path)) as database:
            database.check()
        assert booked(path) <= limit * THOUSANDTH
    check_against(path, said)
    assert any(line.startswith("reserved") for line in said)
    fill_up(path, limit)
    assert limit - 100 < booked(path) / THOUSANDTH <= limit


def fill_up(path: Path, limit: int) -> None:
    """Reserve tenths until no more of them fit under the cap."""
    month = cap(Scope.MONTH, Decimal(limit).scaleb(-3))
    with closing(open_database(path)) as database, suppress(BudgetSpent):
        while True:
            reserve(ledger_of(database), "0.1", month)
