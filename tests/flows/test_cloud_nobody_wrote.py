"""A cloud nobody here wrote, with real weights on both sides: the binding's own server."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import edge
import shell
from edge.core.conversation import Outcome
from edge.core.decision import Reason, Target
from edge.core.event import Delta, Done, StopReason, Switched
from edge.routing.policy_file import policy_text
from edge.settings.folders import Folders

CODER = "qwen2.5-coder-0.5b"
CAPITAL = "What is the capital of France? One word."
COUNT = "Count from 1 to 40 in one line, with commas."
_CONFIG = """\
policy = "patient.toml"
[cloud]
mode = "auto"
provider = "neighbour"
[cloud.neighbour]
base_url = "http://127.0.0.1:{port}/v1"
models = ["coder"]
n_ctx = 8192
{price}
[privacy]
new = "public"
"""
_PRICE = 'per_million_in = 1\nper_million_out = 4\ncurrency = "CNY"'
Server = subprocess.Popen[bytes]

pytestmark = pytest.mark.weights


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found: int = free.getsockname()[1]
        return found


@contextmanager
def listening(weights_path: Path, folder: Path) -> Iterator[tuple[int, Server]]:
    """The binding's server with the real weights, and its port; asked only once it listens."""
    pytest.importorskip("fastapi")
    port, log = free_port(), folder / "log"
    command = [sys.executable, "-m", "llama_cpp.server", "--model", str(weights_path)]
    command += ["--host", "127.0.0.1", "--port", str(port), "--n_ctx", "8192"]
    command += ["--chat_format", "chatml", "--n_threads", "2"]
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as server:
        try:
            wait_for(port, server, log)
            yield port, server
        finally:
            server.kill()


@pytest.fixture(scope="module")
def neighbour(weights_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of one that is only asked."""
    with listening(weights_path, tmp_path_factory.mktemp("neighbour")) as (port, _):
        yield port


def wait_for(port: int, server: Server, log: Path) -> None:
    for _ in range(1200):
        assert server.poll() is None, log.read_text()
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server does not listen")


def turn_on(home: Path, port: int, price: str = "") -> None:
    folders = Folders.below(home)
    folders.config.mkdir(parents=True, exist_ok=True)
    folders.config_file.write_text(_CONFIG.format(port=port, price=price))
    # On a busy machine the device would begin the race with this slow cloud, and win it.
    patient = policy_text("cloud-first").replace("hedge = true", "hedge = false")
    (folders.config / "patient.toml").write_text(patient)


def told(*words: str) -> dict[str, Any]:
    """The object that a command prints."""
    ran = shell.edge_here(*words, "--json")
    assert ran.code == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def ask(prompt: str) -> dict[str, Any]:
    return told("ask", "-m", CODER, "--temperature", "0", "--max-tokens", "16", prompt)


def test_its_answer_is_an_answer_and_a_server_without_prices_costs_nothing(weights_home, neighbour):
    turn_on(weights_home, neighbour)
    answer = ask(CAPITAL)
    assert "Paris" in answer["text"]
    assert (answer["target"], answer["model"], answer["stop_reason"]) == ("cloud", "coder", "end")
    (send,) = told("sent")["sends"]
    assert (send["turn_ids"], Decimal(send["reserved"])) == ([answer["turn_id"]], 0)
    caps = told("budget")["caps"]
    assert {Decimal(cap["spent"]) for cap in caps} == {Decimal(0)}
    assert "no price given" in shell.edge_here("sent").out


def test_what_it_does_not_count_stays_booked_at_its_most(weights_home, neighbour):
    turn_on(weights_home, neighbour, _PRICE)
    answer = ask(CAPITAL)
    assert answer["cost"] is None
    (send,) = told("sent")["sends"]
    assert (send["cost"], Decimal(send["reserved"]) > 0) == (None, True)
    (total,) = told("budget")["totals"]
    assert (Decimal(total["cost"]), total["reserved"]) == (0, send["reserved"])


def test_killed_in_the_middle_of_its_answer_it_is_gone_on_with_here(
    weights_home, weights_path, tmp_path
):
    shown, switched = "", []
    with listening(weights_path, tmp_path) as (port, server):
        turn_on(weights_home, port)
        with edge.open(CODER, temperature=0, max_tokens=220, n_ctx=2048) as runtime:
            for event in runtime.session().send(COUNT):
                match event:
                    case Delta(text):
                        shown += text
                        if "5" in shown:
                            server.kill()
                    case Switched():
                        switched.append(event)
                    case Done(stop_reason):
                        assert stop_reason is StopReason.END
            (turn,) = runtime.conversations.latest().turns
    assert [each.target for each in switched] == [Target.EDGE]
    cloud, device = turn.attempts
    assert (cloud.decision.target, device.decision.reason) == (Target.CLOUD, Reason.CLOUD_FAILED)
    assert shown == turn.reply.text == cloud.answer + device.answer
    assert turn.outcome is Outcome.FINISHED
    numbers = [int(digits) for digits in re.findall(r"\d+", shown)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert device.answer.strip(" ,")
