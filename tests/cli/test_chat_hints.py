"""What a chat says where something failed: words to type there; and the ways out of it."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.cli.page.writer import Writer
from edge.cli.talk.chat import Chat
from edge.cli.talk.commands import BY_NAME
from edge.cli.talk.loop import run
from edge.cli.talk.opening import Talk, opened
from edge.cli.talk.prompt_line import Stream
from edge.cli.talk.slash import parse
from edge.cli.talk.wanted import Wanted
from edge.cli.words import hints
from edge.core.conversation import Outcome
from edge.core.errors import DoesNotFit, EdgeError, StoreDamaged, UnknownName
from shell import PATIENCE_S, edge
from talks import latest, prompts
from terminal import Screen, chatting
from tiny_home import furnish

SHORT = {"max_tokens": 2, "temperature": 0.0, "n_ctx": 1024}
FLAGS = ("--max-tokens", "4", "--temperature", "0")
ENDLESS = ("--temperature", "0", "--ctx", "32768")  # its likeliest words turn in a circle
DUMB = {"TERM": "dumb", "NO_COLOR": "1"}
ONCE_MORE = "Ctrl-C once more leaves"
NO_EDITOR = "there is no editor 'no-such-editor' on this machine; change it here"


@pytest.fixture(autouse=True)
def tiny(edge_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose one model writes random bytes."""
    furnish(edge_home, n_ctx=32_768)
    # Two threads that wait for each other on a busy machine take seconds for nothing.
    monkeypatch.setenv("EDGE_THREADS", "1")
    monkeypatch.delenv("VISUAL", raising=False)
    return edge_home


@pytest.fixture
def talk(tiny: Path) -> Iterator[Talk]:
    with opened(Wanted({"model": "tiny", **SHORT})) as talk:
        yield talk


def told(talk: Talk, *lines: str, attended: bool = False) -> str:
    """What a chat says of these lines beside its replies."""
    said, err = "".join(f"{line}\n" for line in lines), io.StringIO()
    stdin = io.TextIOWrapper(io.BytesIO(said.encode()))
    chat = Chat(talk, Stream(stdin, None), Writer(io.StringIO(), err))
    chat.attended = attended
    run(chat)
    return err.getvalue()


# What to type next.


def test_what_fails_in_a_chat_advises_what_can_be_typed_in_a_chat(talk, tmp_path):
    there = tmp_path / "talk.md"
    there.touch()
    assert told(talk, "/branches 2").endswith("; try: ask something first\n")
    told(talk, "hi")
    (turn_id,) = [each.id for each in talk.runtime.conversations.list(1)]
    advice = {
        "/model nope": "/model",
        f"/model {there}": f"edge import {there} (in a shell)",
        "/retry nope": "/model",
        "/retry qwen2.5-coder-0.5x": "/retry qwen2.5-coder-0.5b, ",
        "/load nope": f"/load {turn_id}",
        "/search": "/search WORDS",
        "/branch 7": "/branch",
        "/edit 7": "/branch",
        "/branches 7": "/branches",
        f"/export {there}": "/export with another PATH",
        f"/export {tmp_path}/no/talk.md": "/export with another PATH",
        "/undo 7": "/undo",
        "/help nope": "/help",
    }
    for line, hint in advice.items():
        (fault,) = told(talk, line).splitlines()
        told_hint = fault.rpartition("; try: ")[2]
        assert told_hint == hint or (told_hint.startswith(hint) and hint.endswith(", ")), line
    assert len(talk.session.turns) == 1


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (StoreDamaged("it is damaged", hint="edge log repair"), "edge log repair (in a shell)"),
        (DoesNotFit("too big", hint="--ctx 1024"), "edge chat --ctx 1024"),
        (UnknownName("there is none", hint="edge chat"), "edge chat"),
        (EdgeError("it is so", hint="/context slide"), "/context slide"),
        (EdgeError("it is so"), ""),
    ],
)
def test_advice_for_a_shell_is_said_to_be_that(error, advice):
    assert hints.in_chat(error) == advice


@pytest.mark.parametrize(
    ("line", "near"),
    [("/exit", "/quit"), ("/bye", "/quit"), ("/clear", "/new"), ("/MODEL", "/model")],
)
def test_what_other_tools_call_a_command_leads_to_ours(line, near):
    with pytest.raises(UnknownName) as refused:
        parse(line, BY_NAME)
    assert refused.value.hint.startswith(f"{near}, or ")


def test_a_long_text_behind_a_slash_is_not_said_again():
    with pytest.raises(UnknownName) as refused:
        parse("/" + "usr/" * 5000, BY_NAME)
    assert len(refused.value.line()) < 200


def test_a_file_goes_along_with_what_one_engine_is_asked(talk, tmp_path):
    notes = tmp_path / "notes.md"
    notes.write_text("Kepler is a dog.")
    told(talk, f"/file {notes}", "/edge whose?", "and now?")
    assert ["Kepler" in turn.prompt.text for turn in talk.session.turns] == [True, False]


def test_a_branch_says_what_followed_it_where_something_did(talk):
    told(talk, "one", "two")
    assert "/branches has what followed it" not in told(talk, "/branch 2")
    assert "/branches has what followed it" in told(talk, "/branch 1")


def test_branches_that_begin_alike_are_told_apart_by_their_replies(talk):
    told(talk, "one", "/retry", "/edit 1", "two")
    rows = told(talk, "/branches").splitlines()
    assert [" one → " in row for row in rows] == [True, True, False, False]
    assert rows[2] == "*  3 two (1 turn)"


def test_one_command_is_explained_alone(talk):
    assert told(talk, "/help pin") == f"/pin [N]  {BY_NAME['pin'].help()}\n"


def test_a_talk_is_written_out_again_beside_what_was_written_before(talk, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told(talk, "hi", "/export", "/export")
    talk_id = talk.session.conversation_id
    assert {path.name for path in tmp_path.glob("*.md")} == {f"{talk_id}.md", f"{talk_id}-2.md"}


def test_a_title_is_given_and_found_with_or_without_quotes(talk):
    told(talk, "hi", '/rename "A walk"')
    assert [each.title for each in talk.runtime.conversations.list(1)] == ["A walk"]
    assert "goes on" in told(talk, '/load "A walk"')


# Another model.


def test_another_model_is_loaded_before_anything_is_asked_of_it(tiny, talk):
    furnish(tiny, name="other")
    assert "other answers from now on" in told(talk, "/model other", attended=True)
    deadline = time.monotonic() + PATIENCE_S
    while not talk.runtime.engine.ready:
        assert time.monotonic() < deadline, "nobody loads it"
        time.sleep(0.02)


def test_the_model_that_answers_is_not_opened_again(talk):
    told(talk, "hi")
    runtime = talk.runtime
    assert told(talk, "/model tiny") == "tiny is answering already\n"
    told(talk, "/retry tiny")
    assert talk.runtime is runtime
    assert runtime.engine.ready


def test_the_model_is_named_as_ask_has_it_too(tiny):
    furnish(tiny, name="other")
    assert edge("chat", "-m", "other", *FLAGS, stdin=b"hi\n").code == 0
    assert [turn.attempts[0].model for turn in latest(tiny).turns] == ["other"]
    ran = edge("chat", "tiny", "--model", "other", stdin=b"hi\n")
    assert (ran.code, ran.err) == (
        2,
        "edge: tiny and --model other are two models; try: edge chat tiny\n",
    )


# Where no line can be redrawn.


def interrupt(screen: Screen) -> None:
    """Ctrl-C at a prompt. What comes between its mark and its reading Python hears later."""
    screen.wait_prompt()
    time.sleep(0.2)
    screen.press("c")


@pytest.mark.parametrize(("args", "environ"), [((), DUMB), (("--plain",), {})])
def test_control_c_stops_a_reply_and_at_two_prompts_in_a_row_leaves(tiny, args, environ):
    with chatting("tiny", *args, *ENDLESS, **environ) as screen:
        screen.type("hi")
        screen.wait("\\x05")
        screen.press("c")
        screen.wait("stopped; what was shown is kept")
        interrupt(screen)
        screen.wait(ONCE_MORE)
        screen.wait_prompt()
        screen.type("/stats")  # not in a row any more
        screen.wait("context ")
        for _ in range(2):
            interrupt(screen)
            screen.wait("\n")
        assert screen.wait_end() == 0
    assert screen.text.count(ONCE_MORE) == 2
    assert "kept; to go on" in screen.text
    (turn,) = latest(tiny).turns
    assert turn.outcome is Outcome.STOPPED
    assert "\x05" in turn.reply.text


# Without an editor.


def test_without_the_editor_a_prompt_is_changed_in_the_line(tiny):
    with chatting("tiny", *FLAGS, EDITOR="no-such-editor") as screen:
        screen.type("worse")
        screen.wait("cut at the limit")
        screen.wait_prompt()
        screen.send("/edit\r")
        screen.wait_shown(f"{NO_EDITOR}\n> worse")
        screen.send(" still\r")
        screen.wait_shown("cut at the limit", times=2)
        screen.wait_prompt()
        screen.press("d")
        assert screen.wait_end() == 0
    assert prompts(tiny) == ["worse still"]


def test_without_the_editor_and_a_line_to_change_the_old_prompt_is_shown(tiny):
    with chatting("tiny", *FLAGS, **DUMB, EDITOR="no-such-editor") as screen:
        screen.type("worse")
        screen.wait("cut at the limit")
        screen.wait_prompt()
        screen.type("/edit")
        screen.wait(f"{NO_EDITOR}\r\nit was: worse")
        screen.wait_prompt()
        screen.type("better")
        screen.wait("cut at the limit")
        screen.wait_prompt()
        screen.press("d")
        assert screen.wait_end() == 0
    assert prompts(tiny) == ["better"]
