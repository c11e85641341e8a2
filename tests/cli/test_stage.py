"""The prompt line at a real terminal, while everything else goes on."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.core.conversation import Outcome
from edge.core.message import Message, Role
from edge.settings.folders import Folders
from edge.store.conversations import Conversations
from edge.store.database import open_database
from edge.store.drafts import Drafts
from shell import EDGE
from talks import latest, prompts
from terminal import Screen, at_shell, at_terminal, chatting
from tiny_home import furnish

SHORT = ("--max-tokens", "4", "--temperature", "0")
ENDLESS = ("--temperature", "0", "--ctx", "32768")  # its likeliest words turn in a circle
UP, PASTE, PASTED = "\x1b[A", "\x1b[200~", "\x1b[201~"


@pytest.fixture(autouse=True)
def tiny(edge_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose one model writes random bytes."""
    furnish(edge_home, n_ctx=32_768)
    for name in ("VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)
    return edge_home


@contextmanager
def replying(**environ: str) -> Iterator[Screen]:
    """A chat in the middle of a reply that does not end by itself."""
    with chatting("tiny", *ENDLESS, **environ) as screen:
        screen.type("hi")
        screen.wait("\\x05")
        yield screen


def remember(home: Path, *said: str) -> str:
    """A talk of before in which this was said; its id."""
    database = open_database(Folders.below(home).store)
    talks, parent = Conversations(database), None
    talk_id = talks.start("tiny", "").id
    for text in said:
        turn = talks.begin_turn(talk_id, parent, Message(Role.USER, text))
        talks.end_turn(turn.id, (), Outcome.FINISHED)
        parent = turn.id
    database.close()
    return talk_id


def draft(home: Path, key: str) -> str:
    database = open_database(Folders.below(home).store)
    text = Drafts(database).get(key)
    database.close()
    return text


def leave(screen: Screen) -> None:
    screen.press("d")
    assert screen.wait_end() == 0


# While a reply streams.


def test_what_is_entered_while_a_reply_streams_is_sent_when_it_has_ended(tiny):
    with chatting("tiny", "--temperature", "0", "--max-tokens", "60") as screen:
        screen.send("one\rtwo\rthree\r")  # pressed before the first reply has begun
        screen.wait_shown("cut at the limit", times=3)
        screen.wait_prompt()
        leave(screen)
    assert prompts(tiny) == ["one", "two", "three"]
    said = [line for line in screen.lines if line.startswith("> ")]
    assert said == ["> one", "> two", "> three"]
    assert draft(tiny, latest(tiny).id) == ""


def test_what_waits_is_shown_and_stopping_the_reply_gives_it_back_behind_what_is_typed(tiny):
    with replying() as screen:
        screen.send("wait for me\rand half a li")
        screen.wait_shown("next: wait for me")
        screen.wait_shown("> and half a li")
        screen.wait_shown("Enter queues · tiny · ")
        screen.press("c")
        screen.wait_shown("stopped; what was shown is kept")
        screen.wait_gone("next: ")
        screen.wait_gone("Enter queues")
        screen.wait_shown("> and half a li\nUp brings back 1 unsent prompt · tiny")
        screen.send(UP)
        screen.wait_shown("> wait for me\ntiny · ")
        screen.press("c")  # now it clears the line
        screen.wait_prompt()
        leave(screen)
    assert prompts(tiny) == ["hi"]
    assert latest(tiny).turns[0].outcome is Outcome.STOPPED


def test_prompts_that_waited_for_a_stopped_reply_come_back_one_by_one(tiny):
    with replying() as screen:
        screen.send("/undo\rAnd then?\r")
        screen.wait_shown("next: /undo\nnext: And then?")
        screen.press("c")
        screen.wait_shown("> And then?\nUp brings back 1 unsent prompt")
        screen.send(UP)
        screen.wait_shown("> /undo\ntiny")
        screen.press("c")
        screen.wait_prompt()
        leave(screen)
    assert prompts(tiny) == ["hi"]
    assert draft(tiny, latest(tiny).id) == "And then?"  # which nobody has given up


def test_a_reply_that_streams_above_what_is_typed_looks_as_without_it_each_line_once(tiny):
    replies = []
    for keys in ("", "a line that is typed meanwhile"):
        with chatting("tiny", "--temperature", "0", "--max-tokens", "200") as screen:
            screen.type("hi")
            for key in keys:
                screen.send(key)
            screen.wait_shown("cut at the limit")
            screen.wait_shown(f"> {keys}" if keys else "tok/s")
            said = screen.text.partition("> hi\n")[2]
            replies.append(said.partition("the reply was cut")[0])
    without, beside = replies
    assert without.count("\n") > 3
    assert beside == without


def test_what_is_pasted_while_a_reply_streams_is_one_prompt(tiny):
    with replying() as screen:
        # The terminal was told to say where a paste begins and ends, though no line is shown.
        assert screen.raw.rfind("\x1b[?2004h") > screen.raw.rfind("\x1b[?2004l")
        screen.send(f"{PASTE}one\rtwo\r{PASTED}")
        screen.wait_shown("> one\n  two")
        assert "next: " not in screen.text
        screen.press("c")
        screen.wait_shown("stopped; what was shown is kept")
        screen.press("c")
        screen.wait_prompt()
        leave(screen)


def test_a_window_that_changes_while_a_reply_streams_stops_nothing(tiny):
    with replying() as screen:
        screen.resize(40)
        screen.send("half a line")
        screen.wait_shown("> half a line")
        for columns in (130, 20, 100):
            screen.resize(columns)
        screen.press("c")
        screen.wait_shown("stopped; what was shown is kept")
        screen.wait_shown("> half a line")
        screen.press("c")
        screen.wait_prompt()
        leave(screen)


# Keys.


def test_enter_sends_alone_and_other_ways_to_say_it_begin_a_new_line(tiny):
    with chatting("tiny", *SHORT) as screen:
        screen.send("one\x1b\rtwo\nthree\x1b[13;2ufour\x1b[27;2;13~five\r")
        screen.wait_shown("cut at the limit")
        screen.wait_prompt()
        screen.send(f"{PASTE}a\r\nb\rc{PASTED} {PASTE}{'x' * 5000}{PASTED}")
        screen.wait_shown("  c [pasted 5,000 characters]")
        screen.send("\x7f\x7f")  # a long paste goes at once
        screen.wait_gone("[pasted")
        screen.send("\r")
        screen.wait_shown("cut at the limit", times=2)
        screen.wait_prompt()
        leave(screen)
    assert prompts(tiny) == ["one\ntwo\nthree\nfour\nfive", "a\nb\nc"]
    assert "> one\n  two\n  three\n  four\n  five" in screen.text


def test_a_paste_of_a_megabyte_is_shown_in_a_few_words_and_kept_whole(tiny):
    text = "all work and no play\n" * 50_000 + "the end"
    with chatting("tiny", *SHORT) as screen:
        screen.send(f"read this: {PASTE}{text}{PASTED} please")
        screen.wait_shown("> read this: [pasted 50,001 lines] please")
        screen.send("\r")
        screen.wait_shown("edge: ")  # no context holds it
        screen.wait_prompt()
        assert screen.text.count("all work") == 0
        screen.send(UP)
        screen.wait_shown("> read this: [pasted 50,001 lines] please", times=2)
        screen.press("c")
        screen.wait_prompt()
        leave(screen)
    assert prompts(tiny) == [f"read this: {text} please"]


def test_control_c_clears_a_line_that_up_brings_back_and_twice_at_an_empty_one_leaves(tiny):
    with chatting("tiny", *SHORT) as screen:
        screen.send("not to be lost")
        screen.wait_shown("> not to be lost")
        screen.press("c")
        screen.wait_gone("not to be lost")
        screen.send(UP)
        screen.wait_shown("> not to be lost")
        screen.press("c")
        screen.wait_prompt()
        screen.press("c")
        screen.wait_shown("Ctrl-C once more leaves")
        screen.send("x\x7f")  # any other key, and it is forgotten
        screen.wait_gone("once more")
        screen.wait_prompt()
        screen.press("c")
        screen.wait_shown("Ctrl-C once more leaves")
        screen.press("c")
        assert screen.wait_end() == 0


def test_prompts_of_earlier_sessions_come_back_with_up_and_are_found_with_control_r(tiny):
    remember(tiny, "the first one", "the second")
    with chatting("tiny", *SHORT) as screen:
        screen.send(UP)
        screen.wait_shown("> the second")
        screen.press("c")
        screen.wait_prompt()
        screen.press("r")
        screen.send("first")
        screen.wait_shown("> the first one")
        screen.send("\r\r")
        screen.wait_shown("cut at the limit")
        screen.wait_prompt()
        leave(screen)
    assert prompts(tiny) == ["the first one"]


def test_a_search_that_is_open_when_the_line_closes_leaves_the_keys_to_the_line(tiny):
    with at_shell() as screen:
        screen.send(f"{shlex.join(EDGE)} chat tiny {shlex.join(SHORT)}\n")
        screen.wait_prompt()
        screen.press("r")
        screen.wait_shown("I-search")
        screen.send("sought")
        screen.wait_shown("sought")
        screen.press("z")
        screen.wait("Stopped")
        screen.send("fg\n")
        screen.wait_gone("I-search")
        screen.wait_prompt()
        screen.type("heard")
        screen.wait("cut at the limit")
        screen.wait_prompt()
        screen.press("r")
        screen.wait_shown("I-search")
        assert "sought" not in screen.lines[-1]
        screen.press("c")
        screen.wait_gone("I-search")
        screen.press("d")
        screen.wait("kept; to go on")
        screen.wait("$ ")
    assert prompts(tiny) == ["heard"]


def test_a_search_that_is_open_when_what_waited_is_sent_leaves_the_keys_to_the_line(tiny):
    with chatting("tiny", "--temperature", "0", "--max-tokens", "400") as screen:
        screen.send("one\rtwo\r")
        screen.wait_shown("next: two")
        screen.press("r")
        screen.wait_shown("I-search")
        screen.wait_shown("cut at the limit", times=2)
        screen.wait_prompt()
        screen.send("/undo\r")
        screen.wait_shown("> /undo")
        screen.wait_prompt()
        leave(screen)
    assert prompts(tiny) == ["one"]


def test_a_colour_that_is_pasted_ends_nothing_and_writes_nothing(tiny):
    with chatting("tiny", *SHORT) as screen:
        screen.send("\x1b[31mred\x1b[0m \x1b[<1m\x1b[24;80Rand\x1b[M!!! white\r")
        screen.wait_shown("> red and white")
        screen.wait_shown("cut at the limit")
        screen.wait_prompt()
        leave(screen)
    assert prompts(tiny) == ["red and white"]


@pytest.mark.campaign
def test_a_prompt_of_a_deleted_talk_is_in_no_history(tiny):
    talk_id = remember(tiny, "forget me")
    database = open_database(Folders.below(tiny).store)
    Conversations(database).delete(talk_id)
    database.close()
    with chatting("tiny", *SHORT) as screen:
        screen.send(f"{UP}{UP}x")
        screen.wait_shown("> x")
        screen.send("\x7f")
        leave(screen)
    assert "forget me" not in screen.raw


def test_tab_completes_commands_and_what_follows_them(tiny):
    furnish(tiny, name="another")
    with chatting("tiny", *SHORT) as screen:
        screen.send("/mod\t")
        screen.wait_shown("> /model")
        screen.send("ano\t")
        screen.wait_shown("> /model another")
        screen.send("\r")
        screen.wait_shown("another answers from now on")
        screen.wait_prompt()
        leave(screen)


def test_the_bottom_line_says_what_answers_how_full_it_is_and_how_it_went(tiny):
    with chatting("tiny", *SHORT) as screen:
        assert "tiny · context 0 of 4,096 (0 %) · offline" in screen.lines
        screen.type("hi")
        screen.wait("cut at the limit")
        screen.wait_prompt()
        (bottom,) = [line for line in screen.lines if " · offline · " in line]
        leave(screen)
    (attempt,) = latest(tiny).turns[0].attempts
    held = attempt.usage.prompt_tokens + attempt.usage.completion_tokens
    assert bottom.startswith(f"tiny · context {held} of 4,096 (")
    assert " tok/s" in bottom


def test_a_narrow_window_shows_how_full_the_context_is_before_what_answers(tiny):
    furnish(tiny, name="a-model-with-a-long-name")
    with chatting("a-model-with-a-long-name", *SHORT) as screen:
        screen.resize(40)
        screen.wait_shown("\ncontext 0 % · a-model-with-a-long-name")
        screen.resize(20)
        screen.wait_gone("a-model-with-a-long-name\n")
        leave(screen)


# Leaving the terminal to others.


def test_control_z_and_back_works_while_a_reply_streams_and_while_one_types(tiny):
    with at_shell() as screen:
        screen.send(f"{shlex.join(EDGE)} chat tiny {shlex.join(ENDLESS)}\n")
        screen.wait_prompt()
        screen.type("hi")
        screen.wait("\\x05")
        for typed in ("", "half a line"):
            screen.send(typed)
            screen.wait_shown(typed)
            screen.press("z")
            screen.wait("Stopped")
            screen.send("stty -a | grep -c ' icanon'; echo in the shell\n")
            screen.wait("1\r\nin the shell\r\n")
            screen.send("fg\n")
            screen.wait("\\x05")
        screen.press("c")
        screen.wait_shown("stopped; what was shown is kept")
        screen.wait_shown("> half a line")
        screen.press("c")
        screen.wait_prompt()
        screen.press("d")
        screen.wait("kept; to go on")
        screen.wait("$ ")
    assert [turn.outcome for turn in latest(tiny).turns] == [Outcome.STOPPED]


def test_an_editor_has_an_ordinary_terminal_and_what_it_wrote_is_asked(tiny, tmp_path):
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nstty -a < /dev/tty | grep " icanon"\nprintf "better" > "$1"\n')
    editor.chmod(0o755)
    with chatting("tiny", *SHORT, EDITOR=str(editor)) as screen:
        screen.type("worse")
        screen.wait("cut at the limit")
        screen.wait_prompt()
        screen.send("/edit\r")
        screen.wait(" icanon")
        screen.wait_shown("> better")
        screen.wait_shown("cut at the limit", times=2)
        screen.wait_prompt()
        leave(screen)
    assert prompts(tiny) == ["better"]


def test_a_prompt_is_changed_in_the_line_itself_and_emptied_it_stays(tiny):
    with chatting("tiny", *SHORT) as screen:
        screen.type("worse")
        screen.wait("cut at the limit")
        screen.wait_prompt()
        screen.send("/edit\r")
        screen.wait_shown("> /edit\n> worse")
        screen.send("\x7f" * 5 + "\r")
        screen.wait_prompt()
        assert prompts(tiny) == ["worse"]
        screen.send("/edit\r")
        screen.wait_shown("> /edit\n> worse", times=1)
        screen.send(" still\r")
        screen.wait_shown("cut at the limit", times=2)
        screen.wait_prompt()
        leave(screen)
    assert prompts(tiny) == ["worse still"]


# The end of a terminal.


@pytest.mark.parametrize(
    "end",
    [
        "closed",
        pytest.param("SIGHUP", marks=pytest.mark.campaign),
        pytest.param("SIGTERM", marks=pytest.mark.campaign),
    ],
)
def test_a_terminal_that_ends_in_a_reply_keeps_the_turn_and_what_was_typed(tiny, end):
    with replying() as screen:
        screen.send("not sent yet\rnor this")
        screen.wait_shown("> nor this")
        if end == "closed":
            screen.hang_up()
        else:
            screen.signal(getattr(signal, end))
            assert screen.wait_end() == 128 + getattr(signal, end)
    talk = latest(tiny)
    (turn,) = talk.turns
    assert turn.outcome is Outcome.STOPPED
    assert turn.reply.text
    with at_terminal("chat", "--continue") as screen:
        screen.wait_shown("> nor this\nyour draft is back · Up brings back 1 unsent prompt")
        screen.send(UP)
        screen.wait_shown("> not sent yet\ntiny")


def test_a_draft_is_for_its_talk_alone_and_gone_once_it_was_sent(tiny):
    with chatting("tiny", *SHORT) as screen:
        screen.send("begun")
        screen.wait_shown("> begun")
        screen.signal(signal.SIGTERM)
        screen.wait_end()
    assert draft(tiny, "new") == "begun"
    with at_terminal("chat", "tiny", *SHORT) as screen:
        screen.wait_shown("> begun\nyour draft is back · tiny")
        screen.send(" and ended\r")
        screen.wait_shown("cut at the limit")
        screen.wait_prompt()
        leave(screen)
    assert prompts(tiny) == ["begun and ended"]
    assert (draft(tiny, "new"), draft(tiny, latest(tiny).id)) == ("", "")


def test_plain_lines_are_drawn_by_nobody(tiny):
    with at_terminal("chat", "tiny", "--plain", *SHORT) as screen:
        screen.wait("> ")
        screen.type("hi")
        screen.wait("cut at the limit")
        screen.wait("> ")
        leave(screen)
    assert " · offline" not in screen.raw
    assert "\x1b[?2004h" not in screen.raw
