"""`edge chat`: the loop at a real terminal and over a pipe, its commands and its Ctrl keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.cli.talk.commands import BY_NAME
from edge.cli.talk.slash import Called, Said, parse
from edge.core.conversation import Outcome
from edge.core.errors import UnknownName
from shell import edge, edge_here
from talks import latest, prompts
from terminal import at_terminal, chatting
from tiny_home import furnish

OFFLINE = "offline: nothing leaves this machine"
SHORT = ("--max-tokens", "4", "--temperature", "0")
ENDLESS = ("--temperature", "0", "--ctx", "32768")  # its likeliest words turn in a circle


@pytest.fixture(autouse=True)
def tiny(edge_home: Path) -> Path:
    """A home whose one model writes random bytes."""
    furnish(edge_home, n_ctx=32_768)
    return edge_home


# Lines.


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        (" hi ", Said(" hi ")),
        ("//etc/hosts is what?", Said("/etc/hosts is what?")),
        ("/model  qwen3-0.6b ", Called("model", "qwen3-0.6b")),
        ("/quit", Called("quit", "")),
        ("a /quit", Said("a /quit")),
    ],
)
def test_a_line_is_a_text_or_a_command(line, meant):
    assert parse(line, BY_NAME) == meant


@pytest.mark.parametrize(
    ("line", "near"), [("/modle x", "/model"), ("/stat", "/stats"), ("/", "/help"), ("/q", "/quit")]
)
def test_an_unknown_command_is_answered_with_the_nearest_and_a_way_to_send_it(line, near):
    with pytest.raises(UnknownName) as refused:
        parse(line, BY_NAME)
    assert refused.value.hint == f"{near}, or /{line} to send it as text"


# At a terminal.


def test_two_lines_say_what_answers_and_that_nothing_leaves(tiny):
    with chatting("tiny", *SHORT) as screen:
        header = screen.lines[:2]
        screen.type("hi")
        screen.wait("cut at the limit")
        screen.wait_prompt()
        screen.press("d")
        assert screen.wait_end() == 0
    assert header == [
        f"tiny f32, context 4,096 tokens, {OFFLINE}",
        "a new conversation; /help shows the commands, Ctrl-D leaves",
    ]
    assert f"kept; to go on: edge chat --conversation {latest(tiny).id}" in screen.text
    assert "loading the model" in screen.raw
    assert "loading the model" not in screen.text


def test_control_c_stops_the_reply_and_keeps_it_and_the_chat_goes_on(tiny):
    with chatting("tiny", *ENDLESS) as screen:
        screen.type("hi")
        screen.wait("\\x05")
        screen.press("c")
        screen.wait("stopped; what was shown is kept")
        screen.wait_prompt()
        screen.type("/stats")
        screen.wait("context ")
        screen.wait_prompt()
        screen.press("d")
        assert screen.wait_end() == 0
    (turn,) = latest(tiny).turns
    assert turn.outcome is Outcome.STOPPED
    assert "\x05" in turn.reply.text


def test_control_c_where_nothing_runs_clears_the_line_or_says_how_to_leave(tiny):
    with chatting("tiny") as screen:
        screen.press("c")
        screen.wait_shown("Ctrl-C once more leaves")
        screen.type("half a line", enter=False)
        screen.press("c")
        screen.wait_prompt()
        screen.press("d")
        assert screen.wait_end() == 0
    assert "once more" not in screen.text


def test_every_command_answers_and_a_mistake_is_one_line(tiny):
    furnish(tiny, name="other")
    answers = {
        "/stats": "no turn has been answered yet",
        "/why": "no turn has been answered yet",
        "/retry": "no turn has been answered yet",
        "/edit": "no turn has been answered yet",
        "/undo": "no turn has been answered yet",
        "/branch": "nothing has been said yet",
        "/branches": "nothing has been said yet",
        "/pin": "no turn has been answered yet",
        "/unpin": "no turn has been answered yet",
        "/context": "once it is full the oldest turns are left out (slide)",
        "/file": "no file goes along",
        "/prompt": "/prompt NAME TEXT sends one, filled in",
        "/list": "there is no conversation yet",
        "/rename Talks": "no turn has been answered yet",
        "/search zzz": "zzz",
        "/export": "no turn has been answered yet",
        "/help": "Ctrl-C stops a reply",
        "/cloud hi": "the cloud is off; edge cloud login turns it on",
        "/public hi": "the cloud is off; edge cloud login turns it on",
        "/edge": "every turn is the device's: the cloud is off; edge cloud login turns it on",
        "/private": "this conversation is private from now on; that cannot be taken back",
        "/system be brief": "the system prompt is: be brief",
        '/system ""': "there is no system prompt",
        "/think on": "this model does not think before it answers",
        "/think perhaps": "edge: 'perhaps' is none of on, off, show, fold and hide; try: /think on",
        "/model": "* tiny",
        "/model other": "other answers from now on",
        "/model nope": "edge: no model is called 'nope'; try: /model",
        "/model qwen3-0.6b": "Fetch it now? [Y/n]",
        "/new": "this conversation is new",
        "/load": "there is no conversation yet",
        "/load zzz": "edge: there is no conversation 'zzz'; try: /load",
        "/nwe": "edge: there is no command /nwe; try: /new, or //nwe to send it as text",
    }
    with chatting("tiny") as screen:
        for line, answer in answers.items():
            screen.type(line)
            screen.wait(answer)
            if answer.startswith("Fetch"):
                screen.type("n")
                screen.wait("edge: nothing was fetched")
            screen.wait_prompt()
        screen.type("/quit")
        assert screen.wait_end() == 0
    assert set(BY_NAME) == {line[1:].split()[0] for line in answers} - {"nwe"} | {"quit"}


def test_another_model_goes_on_with_the_same_conversation(tiny):
    furnish(tiny, name="other")
    with chatting("tiny", *SHORT) as screen:
        for line in ("one", "/model other", "two"):
            screen.type(line)
            screen.wait("from now on" if line.startswith("/") else "cut at the limit")
            screen.wait_prompt()
        screen.press("d")
        screen.wait_end()
    conversation = latest(tiny)
    assert conversation.model == "other"
    assert [turn.attempts[0].model for turn in conversation.turns] == ["tiny", "other"]


def test_a_conversation_goes_on_with_the_model_it_had_unless_another_is_named(tiny):
    furnish(tiny, name="other")
    assert edge_here("chat", "other", *SHORT, stdin=b"hi").code == 0
    first = latest(tiny)
    assert edge_here("chat", "tiny", *SHORT, stdin=b"hi").code == 0
    assert edge_here("chat", "--conversation", first.id, *SHORT, stdin=b"hi").code == 0
    assert (latest(tiny).id, latest(tiny).model) == (first.id, "other")
    assert edge_here("chat", "tiny", "--continue", *SHORT, stdin=b"hi").code == 0
    assert (latest(tiny).id, latest(tiny).model) == (first.id, "tiny")
    answered_by = [turn.attempts[0].model for turn in latest(tiny).turns]
    assert answered_by == ["other", "other", "tiny"]


def test_an_old_conversation_shows_its_last_turns_with_their_escapes_spelled_out(tiny):
    said = b"one\ntwo\nthr\x1b[31mee\n"
    assert edge_here("chat", "tiny", *SHORT, stdin=said).code == 0
    with chatting("--continue") as screen:
        assert f"conversation {latest(tiny).id}" in screen.lines[1]
        assert "> two" in screen.lines
        assert "> thr\\x1b[31mee" in screen.lines
        assert "> one" not in screen.lines
        assert screen.lines.count("(cut at the limit of its length)") == 2
        assert "\x1b[31m" not in screen.raw


def test_another_conversation_goes_on_in_the_same_chat_and_begins_warm(tiny):
    furnish(tiny, name="other")
    said = "one 你好\x1b\n".encode() + b"more " * 60
    assert edge_here("chat", "other", *SHORT, stdin=said).code == 0
    old = latest(tiny)
    with chatting("tiny", *SHORT, "--system", "of this chat alone") as screen:
        for line, answer in {
            "hi": "cut at the limit",
            "/model other": "from now on",
            "/load": "TITLE",
            f"/load {old.id[:5]}": "> one 你好\\x1b",
            "go on": "cut at the limit",
            "/stats": f"conversation {old.id}",
        }.items():
            screen.type(line)
            screen.wait(answer)
            screen.wait_prompt()
        screen.press("d")
        screen.wait_end()
    assert f"conversation {old.id} goes on" in screen.text
    assert f"kept; to go on: edge chat --conversation {old.id}" in screen.text
    found = latest(tiny)
    assert (found.id, found.model, found.system) == (old.id, "other", "")
    assert [turn.prompt.text for turn in found.turns][-1] == "go on"
    # Of the three prompts only the last is new; its own tokens are few.
    used = found.turns[-1].attempts[0].usage
    assert used.cached_tokens > 300
    assert used.prompt_tokens - used.cached_tokens < 60


def test_a_dumb_terminal_can_chat_without_a_colour_or_a_moving_line(tiny):
    with at_terminal("chat", "tiny", *SHORT, TERM="dumb", NO_COLOR="1") as screen:
        screen.wait_prompt()
        screen.type("hi")
        screen.wait("cut at the limit")
        screen.wait_prompt()
        screen.press("d")
        assert screen.wait_end() == 0
    assert "loading" not in screen.raw
    assert "\x1b[2m" not in screen.raw


# Over a pipe.


def test_each_piped_line_is_a_prompt_and_nothing_but_replies_is_on_standard_output(tiny):
    ran = edge("chat", "tiny", *SHORT, stdin="//etc\n\n/stats\n你好".encode())
    assert ran.code == 0
    assert prompts(tiny) == ["/etc", "你好"]
    replies = [turn.reply.text for turn in latest(tiny).turns]
    assert ran.out.count("\n") == len(replies) + sum(reply.count("\n") for reply in replies)
    assert OFFLINE not in ran.err


def test_a_line_that_fails_is_told_and_the_next_is_still_answered(tiny):
    long = b"all work and no play " * 2000
    ran = edge("chat", "tiny", *SHORT, stdin=b"\xff\n/nope\n" + long + b"\nhi\n")
    faults = [line for line in ran.err.splitlines() if line.startswith("edge: ")]
    assert len(faults) == 3
    assert "byte 0xff at position 0" in faults[0]
    assert "there is no command /nope" in faults[1]
    assert "tokens" in faults[2]
    assert ran.code == 24  # nobody watched, so the end says that something failed
    assert prompts(tiny)[-1] == "hi"
    assert latest(tiny).turns[-1].reply.text
