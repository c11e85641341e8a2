"""`edge demo`: all of it is shown in order, nothing leaves, and nothing of the user is touched."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from edge.cli.demo.scenes import ANSWERS, Stage
from edge.cli.talk.opening import Desk
from edge.cli.talk.wanted import Wanted
from edge.cli.words import demo as words
from edge.core.decision import Reason
from edge.core.errors import EdgeError
from edge.demo.home import passing_home, settings_for_show
from edge.demo.stand_in import Answer, StandIn
from edge.demo.watch import Watch
from edge.routing.policy_file import load_policy
from edge.settings.folders import Folders
from edge.settings.keys import find_key
from shell import EDGE, Ran, environ
from tiny_home import furnish

DEMO = (*EDGE, "demo")
PATIENCE_S = 120
# A network of its own with nobody else in it; loopback is all there is.
_ALONE = ("unshare", "-rn", "sh", "-c", 'ip link set lo up && exec "$@"', "-")
_KEYRING = """\
from pathlib import Path
from keyring.backend import KeyringBackend
class Telling(KeyringBackend):
    priority = 9
    def get_password(self, service, username):
        Path(__file__).with_name("asked").touch()
    set_password = delete_password = get_password
"""
# Whatever of the user's would change what is shown, were it heeded.
_USERS = {"EDGE_CLOUD": "off", "EDGE_POLICY": "offline", "EDGE_OFFLINE": "1", "EDGE_SYSTEM": "Yo"}


@dataclass(frozen=True, slots=True)
class Shown:
    """How a demo ended, and where its passing home was."""

    ran: Ran
    passing: Path

    @property
    def steps(self) -> list[str]:
        """What was typed, in order, and how the captions begin."""
        typed = re.compile(r"[>$] |# [1-9]\.")
        return [line[:26] for line in self.ran.out.splitlines() if typed.match(line)]

    @property
    def reasons(self) -> list[str]:
        """Who answered each turn, and why."""
        return re.findall(r"^The (?:device|cloud) answers: .*$", self.ran.out, flags=re.MULTILINE)


def shown(home: Path, *args: str, before: tuple[str, ...] = (), **more: str) -> Shown:
    """Run the demo to its end, with pipes for its streams."""
    passing = home.parent / "passing"
    passing.mkdir(exist_ok=True)
    done = subprocess.run(
        [*before, *DEMO, *args],
        stdin=subprocess.DEVNULL,
        env=environ(TMPDIR=str(passing), **more),
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in out + err, out + err
    return Shown(Ran(done.returncode, out, err), passing)


def planted(home: Path) -> None:
    """A home as a user has it: a model, settings, a policy, keys and a store."""
    furnish(home)
    folders = Folders.below(home)
    folders.config_file.write_text('system = "You are a pirate."\nsave = false\n')
    (folders.config / "policy.toml").write_text("no policy at all")
    (folders.config / "keys.toml").write_text('dashscope = "sk-not-to-be-touched"\n')
    folders.data.mkdir(exist_ok=True)
    folders.store.write_text("a store nobody may open")


def fingerprints(home: Path) -> dict[str, str]:
    """Every file below a folder, by its bytes; folders too, by nothing."""
    return {
        str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest()
        if path.is_file()
        else ""
        for path in sorted(home.rglob("*"))
    }


def alone() -> tuple[str, ...]:
    """What runs a command where there is no other machine; nothing where that cannot be had."""
    has_parts = shutil.which("unshare") and shutil.which("ip")
    works = has_parts and subprocess.run([*_ALONE, "true"], check=False).returncode == 0
    return _ALONE if works else ()


@contextmanager
def standing(policy: str) -> Iterator[tuple[Stage, StandIn]]:
    """A stage in this process, under another policy than the demo's own."""
    desk = Desk.of(Wanted({"model": "tiny"}))
    model, settings = desk.model(desk.settings), settings_for_show(desk.settings, 4)
    with (
        StandIn(ANSWERS, model="written-beforehand") as cloud,
        passing_home(cloud.base_url, cloud.model, policy) as folders,
    ):
        yield Stage(replace(desk, folders=folders, settings=settings), model, fast=True), cloud


def ask(cloud: StandIn) -> tuple[int, str, bool]:
    """Ask the stand-in something: its status, what it says, and whether that is whole."""
    line = http.client.HTTPConnection(cloud.host)
    question = {"messages": [{"role": "user", "content": "one two three four"}]}
    line.request("POST", "/v1/chat/completions", json.dumps(question))
    answer = line.getresponse()
    try:
        return answer.status, answer.read().decode(), True
    except http.client.IncompleteRead as cut:
        return answer.status, cut.partial.decode(), False
    finally:
        line.close()


def wait_until_alone(name: str) -> None:
    """Return when no thread is left whose name tells that it does this."""
    for thread in threading.enumerate():
        if name in thread.name:
            thread.join(PATIENCE_S)


def events(answer: tuple[int, str, bool]) -> list[dict[str, Any]]:
    """The events of an answer, less the mark of its end."""
    told = re.findall(r"^data: ({.*})$", answer[1], flags=re.MULTILINE)
    return [json.loads(each) for each in told]


def said(answer: tuple[int, str, bool]) -> str:
    """The text of a whole answer."""
    status, body, is_whole = answer
    assert (status, is_whole) == (200, True)
    assert body.endswith("data: [DONE]\n\n")
    choices = [choice for each in events(answer) for choice in each["choices"]]
    assert [choice["finish_reason"] for choice in choices][-1] == "stop"
    return "".join(choice["delta"].get("content", "") for choice in choices)


# The whole of it.


def test_the_demo_shows_all_of_it_in_order_and_touches_nothing_of_the_user(edge_home, tmp_path):
    planted(edge_home)
    (tmp_path / "telling.py").write_text(_KEYRING)
    before, path = fingerprints(edge_home), f"{tmp_path}{os.pathsep}{environ()['PYTHONPATH']}"
    more = _USERS | {"PYTHON_KEYRING_BACKEND": "telling.Telling", "PYTHONPATH": path}
    seen = shown(edge_home, "tiny", "--fast", before=alone(), **more)
    assert (seen.ran.code, seen.ran.err) == (0, "")
    assert seen.steps == [
        "$ edge policy show",
        "$ edge chat",
        "# 1. A short question. No ",
        "> What is the capital of F",
        "$ edge why",
        "# 2. A long text is pasted",
        "> What does this speech as",
        "$ edge why",
        "# 3. The talk is long, so ",
        "> For a library card: my r",
        "$ edge why",
        "> /cloud",
        "$ edge sent",
        "# 4. The cloud is asked ag",
        "> How does the speech end?",
        "$ edge why",
        "# 5. What it would have co",
        "$ edge budget",
        "$ edge budget set --month ",
        "$ edge chat --continue",
        "> And how does it begin? Q",
        "$ edge why",
    ]
    assert seen.reasons == [
        "The device answers: no rule or score says otherwise.",
        "The cloud answers: rule long-talks holds.",
        "The device answers: it is private.",
        "The cloud answers: rule long-talks holds.",
        "The device answers: the cloud failed in this turn.",
        "The device answers: what it could cost exceeds the budget.",
    ]
    assert "Connections to other machines: 0. To the stand-in on this one: 2.\n" in seen.ran.out
    assert seen.ran.out.endswith("edge cloud login\n")
    assert fingerprints(edge_home) == before
    assert not (tmp_path / "asked").exists()
    assert list(seen.passing.iterdir()) == []


def test_what_is_shown_is_what_was_asked_and_answered(edge_home):
    furnish(edge_home)
    out = shown(edge_home, "--fast").ran.out  # the only model here is taken without its name
    assert words.POLICY in out
    assert f"{words.LONG_ANSWER}\ncloud written-beforehand · " in out
    assert words.CUT_ANSWER in out
    sent = out[out.index("$ edge sent") : out.index("# 4.")]
    assert sent.count("written-beforehand") == 1  # the long turn; not the private one
    assert "edge: the cloud was not asked: it is private; nothing was sent" in out
    assert "not told to the cloud: 1 private turn" in out
    assert "the device goes on (the cloud failed)" in out
    assert "at most 0.003 CNY a month" in out
    assert "\x1b" not in out


@pytest.mark.weights
def test_a_real_model_answers_and_finishes_what_the_cloud_began(weights_home):
    out = shown(weights_home, "qwen2.5-coder-0.5b", "--fast").ran.out
    assert "Paris" in out[out.index("# 1.") : out.index("# 2.")]
    cut = out[out.index("# 4.") :]
    assert "shall not perish from the earth" in cut[: cut.index("$ edge why")]
    assert "Connections to other machines: 0." in out


# Other ends.


@pytest.mark.parametrize(
    ("number", "moment", "code"),
    [
        (signal.SIGINT, b"# 2.", 130),
        (signal.SIGINT, b"It asks the living", 130),  # the cloud is in the middle of its answer
        (signal.SIGTERM, b"It asks the living", 143),
    ],
)
def test_whoever_leaves_in_the_middle_leaves_nothing_behind(edge_home, number, moment, code):
    furnish(edge_home)
    passing = edge_home.parent / "passing"
    passing.mkdir()
    variables = environ(TMPDIR=str(passing))
    with subprocess.Popen([*DEMO, "tiny"], stdout=subprocess.PIPE, env=variables) as process:
        assert process.stdout is not None
        seen = b""
        while moment not in seen:
            seen += (piece := os.read(process.stdout.fileno(), 1000))
            assert piece, seen
        process.send_signal(number)
        rest = process.stdout.read()
    assert process.returncode == code
    assert b"Connections to other machines" not in rest
    assert list(passing.iterdir()) == []


def test_without_a_model_it_says_how_to_get_one_and_fetches_none(edge_home):
    seen = shown(edge_home, "--fast")
    assert (seen.ran.code, seen.ran.out) == (2, "")
    assert "edge pull" in seen.ran.err
    assert fingerprints(edge_home) == {}


def test_it_stops_where_an_engine_answers_for_another_reason_than_it_says(edge_home):
    furnish(edge_home)
    contrary = words.POLICY.replace('"edge" ', '"cloud"')
    with (
        standing(contrary) as (stage, asked),
        stage.chat() as talk,
        pytest.raises(EdgeError, match="default was to come, and rule came"),
    ):
        stage.ask(talk, words.LONG_PROMPT, Reason.DEFAULT)
    assert asked.take() == ANSWERS[1]


# Its parts.


def test_within_the_passing_home_nothing_of_the_users_is_seen(edge_home, monkeypatch):
    monkeypatch.setenv("EDGE_POLICY", "offline")
    before = dict(os.environ)
    with passing_home("http://127.0.0.1:1/v1", "written-beforehand", words.POLICY) as folders:
        home = Folders.find().home
        assert home == folders.home != edge_home
        assert folders.models == edge_home / "models"
        assert "EDGE_POLICY" not in os.environ
        assert (home.stat().st_mode & 0o77, folders.config_file.stat().st_mode & 0o77) == (0, 0)
        assert find_key("stand-in", folders) is not None
    assert dict(os.environ) == before
    assert not home.exists()


def test_the_stand_in_gives_its_answers_in_turn_and_then_is_out_of_service():
    with StandIn([Answer("Good day to you."), Answer("And good")], model="m") as cloud:
        first, second = ask(cloud), ask(cloud)
        assert (said(first), said(second)) == ("Good day to you.", "And good")
        assert ask(cloud)[0] == 503
    pieces = [choice["delta"] for each in events(first) for choice in each["choices"]]
    assert [piece.get("content") for piece in pieces] == ["Good", " day", " to", " you.", None]
    # Four tokens for three words, rounded up: "one two three four" and "Good day to you.".
    assert events(first)[-1]["usage"] == {
        "prompt_tokens": 6,
        "completion_tokens": 6,
        "total_tokens": 12,
    }


def test_an_answer_that_is_cut_has_no_end():
    with StandIn([Answer("By the people,", is_cut=True)], model="m") as cloud:
        _, body, is_whole = ask(cloud)
    assert not is_whole
    assert "".join(re.findall(r'"content": "(.*?)"', body)) == "By the people,"
    assert '"stop"' not in body
    assert "[DONE]" not in body


def test_the_stand_in_says_nothing_of_a_client_that_leaves(capfd):
    long = Answer("word " * 20_000)  # more than fits between the two
    with StandIn([long, Answer("Next.")], model="m") as cloud:
        line = http.client.HTTPConnection(cloud.host)
        line.request("POST", "/v1/chat/completions", "{}")
        line.getresponse()  # the first answer is its own; the next client gets the next
        line.close()
        assert said(ask(cloud)) == "Next."
        wait_until_alone("process_request_thread")
    assert capfd.readouterr().err == ""


def test_the_stand_in_listens_on_this_machine_alone():
    with StandIn([], model="m") as cloud:
        assert cloud.host.startswith("127.0.0.1:")
        assert cloud.base_url == f"http://{cloud.host}/v1"


@pytest.mark.parametrize(
    ("event", "args", "counted"),
    [
        ("socket.connect", (None, ("127.0.0.1", 80)), (1, 0)),
        ("socket.connect", (None, ("::1", 80, 0, 0)), (1, 0)),
        ("socket.connect", (None, "/run/bus"), (0, 0)),
        ("socket.connect", (None, ("192.0.2.1", 443)), (0, 1)),
        ("socket.connect", (None, ("2001:db8::1", 443, 0, 0)), (0, 1)),
        ("socket.sendto", (None, ("192.0.2.1", 53)), (0, 1)),
        ("socket.sendmsg", (None, None), (0, 0)),
        ("socket.getaddrinfo", ("example.com", 443, 0, 0, 0), (0, 1)),
        ("socket.getaddrinfo", (b"example.com", 443, 0, 0, 0), (0, 1)),
        ("socket.getaddrinfo", (None, 443, 0, 0, 0), (0, 0)),
        ("socket.getaddrinfo", ("localhost", 443, 0, 0, 0), (0, 0)),
        ("open", ("example.com", "r", 0), (0, 0)),
    ],
)
def test_what_goes_to_another_machine_is_counted_apart(event, args, counted):
    watch = Watch()
    watch.hear(event, args)
    assert (watch.here, watch.elsewhere) == counted


def test_the_policy_that_is_shown_has_one_rule():
    policy = load_policy(words.POLICY, "policy.toml")
    assert [rule.name for rule in policy.rules] == ["long-talks"]
    assert policy.scores == ()
