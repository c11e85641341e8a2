"""`edge chat` with a cloud behind it: what the header says, what is asked, what never leaves."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud_home import furnish_cloud
from cloud_server import CloudServer, reply
from edge.cli.main import run
from edge.core.conversation import Outcome
from edge.core.decision import Target
from edge.core.message import Label
from talks import latest, prompts
from terminal import Screen, at_terminal
from tiny_home import furnish

SAID = "Hello from the cloud!"
CHAT = ("chat", "tiny", "--max-tokens", "4", "--temperature", "0")


@pytest.fixture
def server() -> Iterator[CloudServer]:
    with CloudServer(reply(SAID)) as running:
        yield running


@pytest.fixture
def home(edge_home: Path, server: CloudServer) -> Path:
    """A home with a tiny model, and a cloud that the policy sends everything to."""
    furnish(edge_home, n_ctx=32_768)
    furnish_cloud(edge_home, server)
    return edge_home


@pytest.fixture
def piped(home, capsys, monkeypatch):
    """A chat over a pipe, in this process: its exit code, replies, and all it says beside."""

    def chat(*lines: str) -> tuple[int, str, str]:
        told = io.TextIOWrapper(io.BytesIO("\n".join(lines).encode()))
        monkeypatch.setattr(sys, "stdin", told)
        return run([*CHAT]), *capsys.readouterr()

    return chat


def told(server: CloudServer) -> list[list[str]]:
    """The texts of every request."""
    return [[each["content"] for each in seen.json["messages"]] for seen in server.requests]


def say(screen: Screen, line: str, *answers: str) -> None:
    """Type a line, then each answer when it is asked for: "question -> key"."""
    screen.type(line)
    for answer in answers:
        question, _, key = answer.partition(" -> ")
        screen.wait(question)
        if key == "^C":
            screen.press("c")
        elif key:
            screen.type(key if key != "Enter" else "", enter=True)
    screen.wait_prompt()


# At a terminal.


def test_where_the_cloud_asks_first_a_no_an_enter_and_a_control_c_all_keep_a_turn_here(
    home, server
):
    furnish_cloud(home, server, mode="ask")
    with at_terminal(*CHAT) as screen:
        screen.wait_prompt()
        header = screen.text
        say(screen, "one", "[y/N, v to see it all] -> n", "nothing is sent", "device · ")
        say(screen, "two", "[y/N, v to see it all] -> Enter", "nothing is sent", "device · ")
        say(screen, "/cloud three", "v to see it all] -> ^C", "nothing is sent", "did not agree")
        assert server.n_connections == 0
        say(
            screen, "/cloud four", "v to see it all] -> v", "four", "[y/N] -> y", SAID, "cloud qwen"
        )
        screen.press("d")
        assert screen.wait_end() == 0
    said = header.replace("\n", "")
    assert f"; cloud qwen-plus at 127.0.0.1:{server.port}, mode ask, policy cloud-first" in said
    assert "this conversation is public: what is not found private may be sent" in said
    assert "offline" not in said
    assert told(server)[0][-1] == "four"
    targets = [turn.attempts[-1].decision.target for turn in latest(home).turns]
    assert targets == [Target.EDGE, Target.EDGE, Target.EDGE, Target.CLOUD]
    assert latest(home).turns[2].outcome is Outcome.FAILED


def test_one_turn_is_lifted_out_of_a_private_talk_once_all_of_it_was_seen(home, server):
    furnish_cloud(home, server, new="private", policy="edge-first")
    with at_terminal(*CHAT) as screen:
        screen.wait_prompt()
        assert "this conversation is private: nothing of it leaves" in screen.text
        say(screen, "/public a dull secret", "[y/N] -> n", "nothing is sent", "did not agree")
        assert server.n_connections == 0
        say(screen, "/public name a river", "[y/N] -> y", SAID, "cloud qwen-plus · ")
        say(screen, "/cloud", "edge: the cloud was not asked: it is private")
        say(screen, "/public mail john.smith@example.com", "the cloud was not asked: it is private")
        screen.press("d")
        assert screen.wait_end() == 0
    shown = screen.text
    assert f"to 127.0.0.1:{server.port}, model qwen-plus: 1 message, 12 B, at most 0.00" in shown
    assert "1. user:\n    name a river\nSend it? [y/N] y" in shown
    assert shown.count("Send it?") == 2  # nobody is asked about what is found private
    assert told(server) == [["name a river"]]
    talk = latest(home)
    assert talk.label is Label.PRIVATE
    labels = [turn.prompt.label for turn in talk.turns]
    assert labels[1:] == [Label.PUBLIC, Label.PRIVATE, Label.PRIVATE]


# Over a pipe.


def test_nothing_is_lifted_where_nobody_can_be_asked(piped, home, server):
    furnish_cloud(home, server, new="private")
    code, out, said = piped("/public name a river")
    assert (code, out) == (30, "")
    assert said.splitlines()[-1] == (
        "edge: /public asks before it sends, and nobody can be asked here; nothing was sent; "
        "try: edge chat at a terminal"
    )
    assert server.n_connections == 0


def test_a_locked_talk_asks_no_cloud_and_its_words_are_never_told_again(piped, server):
    code, _, said = piped("a public word", "/private", "/cloud and now?", "/new", "and here?")
    assert code == 30
    assert "this conversation is private from now on; that cannot be taken back" in said
    assert "edge: the cloud was not asked: it is private; nothing was sent" in said
    assert told(server) == [["a public word"], ["and here?"]]


def test_one_turn_goes_to_the_engine_asked_for_and_alone_it_is_the_last_prompt_again(
    piped, home, server
):
    code, out, said = piped("/edge one", "/cloud", "/cloud two")
    assert code == 0
    assert out.count(SAID) == 2
    assert prompts(home) == ["one", "one", "two"]
    assert [texts[-1] for texts in told(server)] == ["one", "two"]
    assert [line.split()[0] for line in said.splitlines() if " · " in line] == [
        "device",
        "cloud",
        "cloud",
    ]


def test_why_and_stats_tell_of_the_last_turn(piped, server):
    code, out, said = piped("hi", "/why", "/stats")
    assert (code, out) == (0, f"{SAID}\n")
    assert "The cloud answers: no rule or score says otherwise." in said
    assert "Left this machine: 20" in said
    assert f" to 127.0.0.1:{server.port} (qwen-plus), " in said
    assert "qwen-plus in the cloud: prompt 12 tokens, 4 of them cached; reply 4 tokens" in said


def test_a_talk_locked_before_its_first_word_stays_so_under_another_model(piped, home, server):
    furnish(home, name="other")
    code, _, _ = piped("/private", "/model other", "/cloud hi")
    assert code == 30
    assert server.n_connections == 0
    assert latest(home).label is Label.PRIVATE


def test_a_prompt_that_was_made_from_a_private_one_stays_private_when_it_is_asked_again(
    home, server, piped
):
    piped(
        "call me at +86 138 0013 8000 about it",
        "/edit",
        "is it curable?",
        "/edge",
        "/cloud",
    )
    assert [turn.prompt.label for turn in latest(home).turns] == [Label.PRIVATE] * 2
    assert server.requests == []
