"""`edge ask` with a cloud behind it: who answers, what it says of that, and what it refuses."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cloud_home import KEY_LINE, furnish_cloud
from cloud_server import CloudServer, cut, error, reply
from edge.cli.main import run
from edge.core.message import Label
from edge.settings.folders import Folders
from edge.store.conversations import Conversations
from edge.store.database import open_database
from shell import Ran
from tiny_home import furnish

SAID = "Hello from the cloud!"
SHORT = ("--max-tokens", "4", "--temperature", "0")
Ask = Callable[..., Ran]


@pytest.fixture
def server() -> Iterator[CloudServer]:
    with CloudServer(reply(SAID, usage=(1000, 50))) as running:
        yield running


@pytest.fixture
def home(edge_home: Path, server: CloudServer) -> Path:
    """A home with a tiny model, and a cloud that the policy sends everything to."""
    furnish(edge_home, n_ctx=32_768)
    furnish_cloud(edge_home, server)
    return edge_home


@pytest.fixture
def ask(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    """`edge ask`, in this process; nobody is at a terminal."""

    def asked(*args: str) -> Ran:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
        code = run(["ask", *args])
        return Ran(code, *capsys.readouterr())

    return asked


def test_below_an_answer_stands_who_wrote_it_in_how_long_for_how_much_and_where(ask, server):
    ran = ask("name a river")
    assert (ran.code, ran.out) == (0, f"{SAID}\n")
    # A yuan for a million tokens read and four for those written: 1000 and 50 of them.
    who = rf"cloud qwen-plus · \d+\.\d s · 0\.0012 CNY · 127\.0\.0\.1:{server.port}\n"
    assert re.search(f"^{who}$", ran.err, re.MULTILINE)


def test_stats_are_one_line_with_the_cost_and_a_word_on_the_device(ask):
    (line,) = ask("--stats", "hi").err.splitlines()[-1:]
    assert line.startswith("qwen-plus in the cloud: prompt 1000 tokens, 333 of them cached; ")
    assert line.endswith("; 0.0012 CNY; on the device not measured yet")


def test_stats_of_the_device_say_what_the_cloud_would_have_cost_at_most(ask, server):
    ran = ask("--edge", "--stats", *SHORT, "hi")
    assert re.search(r"; in the cloud (about \d.* s, )?at most 0\.0000\d+ CNY$", ran.err.strip())
    assert server.n_connections == 0


def test_json_tells_the_cost_exactly_and_every_attempt(ask):
    ran = ask("--json", "name a river")
    told = json.loads(ran.out)
    assert (told["text"], told["target"], told["switched"]) == (SAID, "cloud", False)
    assert told["cost"] == {"amount": "0.0012", "currency": "CNY"}
    assert told["attempts"] == [
        {
            "target": "cloud",
            "model": "qwen-plus",
            "shown": True,
            "stop_reason": "end",
            "reason": "default",
            "cost": {"amount": "0.0012", "currency": "CNY"},
        }
    ]
    most = told["decision"]["signals"]["cloud_cost"]
    assert isinstance(most["amount"], str)
    assert most["currency"] == "CNY"
    assert told["confidence"] is None
    assert "qwen-plus" not in ran.err


def test_an_answer_that_is_cut_and_gone_on_with_here_is_one_text_of_two(ask, server):
    server.says(cut(SAID, after=7))
    told = json.loads(ask("--json", *SHORT, "hi").out)
    assert told["text"].startswith(SAID[:7])
    assert told["switched"] is True
    whose = [(each["target"], each["reason"]) for each in told["attempts"]]
    assert whose == [("cloud", "default"), ("edge", "cloud_failed")]
    assert told["cost"] is None  # nobody counted what was cut


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"new": "private"}, 30),
        ({"mode": "ask"}, 30),
        ({"month": "0"}, 31),
        ({"url": "https://cloud.invalid/v1", "key": ""}, 32),
        ({"mode": "off"}, 2),
    ],
    ids=["private", "nobody can be asked", "no budget", "no key", "off"],
)
def test_a_cloud_that_may_not_be_asked_is_an_error_and_nothing_is_sent(
    ask, home, server, config, code
):
    furnish_cloud(home, **{"url": server, **config})
    ran = ask("--cloud", "hi")
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.splitlines()[-1].startswith("edge: the cloud ")
    assert server.n_connections == 0


def test_a_cloud_that_failed_again_and_again_is_not_asked(ask, server):
    server.says(error(401, "InvalidApiKey"))
    assert ask("--cloud", *SHORT, "hi").code == 0  # the device answers
    asked = server.n_connections
    assert ask("--cloud", "hi").code == 33
    assert server.n_connections == asked


def test_private_locks_an_old_public_conversation_for_good(ask, home):
    assert ask("hi").code == 0
    assert ask("--continue", "--private", "--cloud", "hi").code == 30
    assert ask("--continue", "--cloud", "hi").code == 30
    database = open_database(Folders.below(home).store)
    kept = Conversations(database).latest()
    database.close()
    assert kept is not None
    assert kept.label is Label.PRIVATE
    assert {turn.prompt.label for turn in kept.turns} == {Label.PRIVATE}


def test_a_key_in_the_settings_is_shown_nowhere(ask, server):
    shown = [ask("--stats", "hi"), ask("--json", "hi")]
    key = KEY_LINE.split('"')[1]
    assert all(key not in ran.out + ran.err for ran in shown)
    assert server.requests[0].headers["authorization"] == f"Bearer {key}"
