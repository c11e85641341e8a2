"""Keys of the prompt line end, freeze and lose nothing; and what a terminal may be shown."""

from __future__ import annotations

import asyncio
import io
import os
import shlex
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Coroutine
from contextlib import closing
from pathlib import Path

import pytest
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from edge.cli.completion.names import COMPLETERS
from edge.cli.export.formats import Format
from edge.cli.main import run
from edge.cli.page.surface import TerminalSurface
from edge.cli.page.theme import theme
from edge.cli.page.thinking import Thinking
from edge.cli.stage.board import Board
from edge.cli.stage.completing import Names, candidates, offered
from edge.cli.stage.layout import MARK
from edge.cli.stage.prompting import Prompting
from edge.cli.stage.reflow import wraps_anew
from edge.cli.talk.commands import COMMANDS
from edge.cli.talk.interrupt import Presses
from edge.core.conversation import WhenFull
from edge.core.errors import Busy
from edge.settings.folders import Folders
from shell import EDGE, PATIENCE_S, environ
from talks import prompts
from terminal import at_terminal, chatting
from tiny_home import furnish

SHORT = ("--max-tokens", "4", "--temperature", "0")
UP, PASTE, PASTED = "\x1b[A", "\x1b[200~", "\x1b[201~"
TWELVE = "\n".join(f"line {n}" for n in range(12))
# Turned round, isolated, of no width, a separator of lines, a soft hyphen, a tag, a mark.
HIDDEN = "\u202e\u2066\u200b\u2028\u00ad\U000e0041\u061c"


@pytest.fixture
def tiny(edge_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose one model writes random bytes."""
    furnish(edge_home, n_ctx=32_768)
    monkeypatch.setenv("EDGE_THREADS", "1")
    for name in ("VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)
    return edge_home


class Alone:
    """A stage with nothing on it but the prompt line."""

    def next(self) -> None: ...

    def leave_to(self, errand: Callable[[], None]) -> None: ...

    def end(self, how: BaseException) -> None: ...


class Typist:
    """Presses keys at a prompt line, until something holds."""

    def __init__(self, keyboard: PipeInput) -> None:
        self._keyboard = keyboard
        board = Board(TerminalSurface(io.StringIO()), theme(colours=False))
        self.prompting = Prompting((keyboard, DummyOutput()), board, Alone())
        self.line = self.prompting.line
        self.drafts: list[list[str]] = []
        self.prompting.keep_draft = lambda texts: self.drafts.append(list(texts))

    async def press(self, keys: str, until: Callable[[], bool]) -> None:
        self._keyboard.send_text(keys)
        async with asyncio.timeout(PATIENCE_S):
            while not until():
                await asyncio.sleep(0.01)

    async def go_up_to(self, text: str) -> None:
        """Press Up until this stands there, the oldest: prompts of before come when they do."""
        async with asyncio.timeout(PATIENCE_S):
            while self.line.typed != text:
                self._keyboard.send_text(UP)
                await asyncio.sleep(0.05)


def typing(work: Callable[[Typist], Coroutine[None, None, None]]) -> None:
    """Do this at an open prompt line."""

    async def act() -> None:
        with create_pipe_input() as keyboard:
            typist = Typist(keyboard)
            editing = asyncio.create_task(typist.line.edit())
            await typist.press("", lambda: typist.line.is_open)
            await work(typist)
            typist.line.close()
            await editing

    asyncio.run(act())


# What was typed.


def test_lines_typed_before_the_stage_has_opened_are_each_a_prompt(tiny):
    with at_terminal("chat", "tiny", *SHORT) as screen:
        screen.send("one\rtwo\r")
        screen.wait_shown("cut at the limit", times=2)
    assert prompts(tiny) == ["one", "two"]


def test_what_was_typed_comes_back_as_it_was_typed_to_be_changed():
    async def act(typist: Typist) -> None:
        typist.line.put(TWELVE)
        assert typist.line.typed == TWELVE
        typist.line.clear()
        typist.line.give_back([TWELVE])
        assert typist.line.typed == TWELVE
        typist.line.recall([TWELVE])
        assert typist.line.prompts.get_strings()[0] == TWELVE
        typist.line.clear()
        typist.line.insert(TWELVE)
        assert len(typist.line.typed) == 1  # a paste
        typist.line.put("x" * 10_000)
        assert len(typist.line.typed) == 1

    typing(act)


def test_a_prompt_too_long_for_the_line_is_changed_in_an_editor_that_nobody_named(tiny, tmp_path):
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nprintf "in short" > "$1"\n')
    editor.chmod(0o755)
    with chatting("tiny", *SHORT, PATH=f"{tmp_path}:{os.environ['PATH']}") as screen:
        screen.send(f"{PASTE}{'x' * 40_000}{PASTED}\r")
        screen.wait_shown("edge: ")  # no context holds it
        screen.wait_prompt()
        screen.send("/edit\r")
        screen.wait_shown("> in short")
        screen.wait_shown("cut at the limit")
    assert prompts(tiny) == ["in short"]


def test_control_c_gives_up_the_line_and_no_other_prompt_that_was_not_sent():
    async def act(typist: Typist) -> None:
        typist.prompting.replying(lambda: None, Presses())
        await typist.press("one\rtwo\r", lambda: typist.drafts[-1:] == [["one", "two"]])
        # Of the reply: both come back, `two` into the line.
        await typist.press("\x03", lambda: typist.line.typed == "two")
        typist.prompting.replying(None, Presses())
        await typist.go_up_to("one")
        assert typist.drafts[-1] == ["two", "one"]
        await typist.press("\x03", lambda: not typist.line.typed)
        assert typist.drafts[-1] == ["two"]
        assert typist.line.prompts.get_strings()[-2:] == ["two", "one"]

    typing(act)


@pytest.mark.parametrize(
    "keys",
    ["\x0f", "\x1b#", "\x11", "\x18(\x18)\x18e", "\x1b9\x1b9\x1b9"],
    ids=["Ctrl-O", "Alt-#", "Ctrl-Q", "a macro", "Alt-9"],
)
def test_keys_that_cannot_do_right_do_nothing(keys):
    async def act(typist: Typist) -> None:
        await typist.press(f"precious{keys}\x7f!", lambda: typist.line.typed.endswith("!"))
        assert typist.line.typed == "preciou!"

    typing(act)


# Tab.


def test_tab_offers_what_cannot_be_looked_at_and_nothing_for_what_cannot_be_looked_for(tmp_path):
    def busy() -> list[str]:
        raise Busy("another process has the store", hint="later")

    (tmp_path / "notes").symlink_to("x" * 300)  # no file system takes a name so long
    names = Names(COMMANDS, models=busy)
    assert [each.text for each in offered(f"/file {tmp_path}/", names)] == ["notes"]
    assert offered("/file \0/", names) == []
    assert offered("/model ", names) == []


def test_a_store_that_another_process_holds_keeps_no_key_after_tab_waiting(tiny):
    with chatting("tiny", *SHORT) as screen:
        store = Folders.below(tiny).store
        with closing(sqlite3.connect(store, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            screen.send("/load \tabc")
            screen.wait_shown("> /load abc")


def test_words_a_command_takes_are_offered_and_taken(tmp_path, monkeypatch):
    def after(typed: str) -> list[str]:
        return [each.text for each in candidates(typed, Names(COMMANDS))]

    monkeypatch.chdir(tmp_path)
    Path("papers").mkdir()
    assert after("/context ") == list(WhenFull)
    assert after("/context s") == ["slide", "summarise", "stop"]
    assert set(after("/think ")) == {"on", "off", *Thinking}
    assert after("/export ") == [*Format, "papers/"]
    assert after("/export md pa") == ["papers/"]
    assert after("/file md pa") == []


@pytest.mark.usefixtures("edge_home")
def test_a_shell_is_offered_what_the_command_takes(capsys):
    def words(of: str) -> list[str]:
        return [offer.value for offer in COMPLETERS[of](Folders.find())]

    for word in words("budget by"):
        assert run(["budget", "--by", word]) == 0
    assert run(["budget", "--by", "what"]) == 2
    refused = capsys.readouterr().err
    assert all(word in refused for word in words("budget by"))
    assert words("cloud login mode") == ["ask", "auto"]


# What the terminal is shown.


def test_what_turns_a_text_round_or_hides_it_is_seen_in_the_line_and_in_its_menu(tiny, tmp_path):
    family, chinese = "\U0001f469\u200d\U0001f4bb", "你好"
    for name in (f"invoice{HIDDEN}gpj.exe", "inward"):
        (tmp_path / name).write_text("")
    with chatting("tiny", *SHORT) as screen:
        screen.send(f"/file {tmp_path}/\t")
        screen.wait_shown("inward")
        screen.wait_shown("invoice\\u202e")
        screen.send("\x15")
        screen.send(f"{PASTE}rm {HIDDEN} {family} {chinese}{PASTED}")
        screen.wait(chinese)
        screen.wait_shown("> rm \\u202e\\u2066")
    assert not {*HIDDEN} & {*screen.raw}
    assert family in screen.raw


@pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")
def test_a_narrowed_window_of_a_terminal_that_wraps_anew_has_the_line_once(tiny, tmp_path):
    line = "a line that is longer than the window is going to be when it is made narrower"
    tmux = ["tmux", "-S", str(tmp_path / "socket"), "-f", "/dev/null"]

    def shown(*until: str) -> str:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            pane = subprocess.check_output([*tmux, "capture-pane", "-p", "-S", "-"], text=True)
            if all(words in pane for words in until):
                return pane
            time.sleep(0.05)
        raise AssertionError(f"waited for {until}:\n{pane}")

    command = f"seq 12; {shlex.join(EDGE)} chat tiny {shlex.join(SHORT)}"
    window = ["new-session", "-d", "-x", "90", "-y", "24", command]
    subprocess.run([*tmux, *window], env=environ(), check=True)
    try:
        shown("offline\n")
        subprocess.run([*tmux, "send-keys", "-l", line], check=True)
        shown(f"> {line}\n")
        for columns in (50, 30):
            subprocess.run([*tmux, "resize-window", "-x", f"{columns}", "-y", "24"], check=True)
            in_a_row = columns - len(MARK)
            pane = shown(f"  {line[len(line) // in_a_row * in_a_row :]}\n")
        assert pane.count("> a line") == 1
        assert "opening the model" not in pane
    finally:
        subprocess.run([*tmux, "kill-server"], check=True)


def test_only_terminals_known_to_wrap_anew_are_believed_to():
    assert wraps_anew({"TMUX": "/tmp/tmux-0/default,1,0", "STY": "1.pts"})
    assert wraps_anew({"VTE_VERSION": "7600"})
    assert not wraps_anew({"VTE_VERSION": "7600", "STY": "1.pts"})
    assert not wraps_anew({"TERM": "xterm-256color"})
