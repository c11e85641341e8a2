"""Runs `edge` as a person does: in a process of its own at a real terminal."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from signal import SIGKILL

import pexpect
import pyte
from pyte.screens import Char

from faulty_server import FaultyServer
from shell import EDGE, PATIENCE_S, environ

_COLUMNS, _ROWS, _SCROLLBACK = 100, 30, 3000
_OPENING = "opening the model"  # the bottom line until then


class Screen:
    """A program at a real terminal, and what a person sees there."""

    def __init__(self, process: pexpect.spawn) -> None:
        self._process = process
        self._screen = pyte.HistoryScreen(_COLUMNS, _ROWS, history=_SCROLLBACK, ratio=1)
        self._stream = pyte.Stream(self._screen)
        self.raw = ""  # every character the program sent
        self._seen = 0

    @property
    def lines(self) -> list[str]:
        """All lines, those scrolled away included, without trailing blanks."""
        return [*map(_shown, self._screen.history.top), *self._display]

    @property
    def text(self) -> str:
        """All lines as one text."""
        return "\n".join(self.lines).rstrip()

    def type(self, text: str, *, enter: bool = True) -> None:
        """Type at the keyboard, and press Enter once the letters are on the screen."""
        self._seen = len(self.raw)
        self._process.send(text)
        self.wait(text[-10:])
        self._seen = len(self.raw)
        if enter:
            self._process.send("\r")

    def press(self, key: str) -> None:
        """Press Ctrl and a key."""
        self._seen = len(self.raw)
        self._process.sendcontrol(key)

    def send(self, keys: str) -> None:
        """Press keys, and wait for nothing."""
        self._seen = len(self.raw)
        self._process.send(keys)

    def resize(self, columns: int) -> None:
        """Make the window narrower, or wider."""
        self._screen.resize(_ROWS, columns)
        self._process.setwinsize(_ROWS, columns)

    def signal(self, number: int) -> None:
        """Send the program a signal."""
        self._process.kill(number)

    def hang_up(self) -> None:
        """Close the window with the program in it, and wait until that has ended."""
        self._process.ptyproc.fileobj.close()
        self._process.wait()

    def wait_shown(self, words: str, times: int = 1) -> None:
        """Wait until these words stand on the screen, or above it, so many times."""
        self._until(lambda: self.text.count(words) >= times, words)

    def wait_gone(self, words: str) -> None:
        """Wait until these words stand nowhere."""
        self._until(lambda: words not in self.text, f"the end of {words}")

    def wait(self, words: str) -> None:
        """Wait until these words came since the last key."""
        self._until(lambda: words in _plain(self.raw[self._seen :]), words)

    def wait_prompt(self) -> None:
        """Wait until the chat asks for a line, and knows who is going to answer it."""
        self._until(lambda: self._cursor_line() == ">" and not self._is_opening(), "the prompt")

    def _is_opening(self) -> bool:
        return any(_OPENING in line for line in self._display)

    def wait_end(self) -> int:
        """Wait until the program ends; its exit code."""
        self._until(lambda: self._process.flag_eof, "the end")
        code: int = self._process.wait()
        assert "Traceback" not in self.raw, self.text
        return code

    @property
    def _display(self) -> list[str]:
        return [_shown(self._screen.buffer[y]) for y in range(_ROWS)]

    def _cursor_line(self) -> str:
        return self._display[self._screen.cursor.y].strip()

    def _until(self, holds, what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert not self._process.flag_eof, (
                f"it ended without {what!r}; the screen:\n{self.text}"
            )
            assert time.monotonic() < deadline, f"waited for {what!r}; the screen:\n{self.text}"
            self._read()

    def _read(self) -> None:
        try:
            came = self._process.read_nonblocking(4096, timeout=0.05)
        except pexpect.TIMEOUT:
            return
        except pexpect.EOF:
            return
        self.raw += came
        self._stream.feed(came)


@contextmanager
def at_terminal(
    *args: str | Path, hub: FaultyServer | None = None, **more: str
) -> Iterator[Screen]:
    """`edge` at a terminal of its own, ended when the test is done with it; see `shell.edge`."""
    with _spawned([*EDGE, *map(str, args)], environ(hub, **more)) as screen:
        yield screen


@contextmanager
def chatting(*args: str, **more: str) -> Iterator[Screen]:
    """`edge chat`, once it waits for its first line."""
    with at_terminal("chat", *args, **more) as screen:
        screen.wait_prompt()
        yield screen


@contextmanager
def at_shell(**more: str) -> Iterator[Screen]:
    """A shell with job control; its mark is `$ `."""
    with _spawned(["bash", "--norc", "--noprofile", "-i"], environ(PS1="$ ", **more)) as screen:
        yield screen


@contextmanager
def _spawned(command: Sequence[str], variables: Mapping[str, str]) -> Iterator[Screen]:
    process = pexpect.spawn(
        command[0],
        list(command[1:]),
        env={"TERM": "xterm-256color"} | dict(variables),
        encoding="utf-8",
        codec_errors="surrogateescape",
        dimensions=(_ROWS, _COLUMNS),
        echo=True,
    )
    process.delaybeforesend = None
    process.ptyproc.delayafterclose = 0  # its end is waited for
    screen = Screen(process)
    try:
        yield screen
        screen.hang_up()
    finally:
        process.kill(SIGKILL)
        process.wait()
        process.close()


def _shown(cells: Mapping[int, Char]) -> str:
    """A line without trailing blanks; the cells nobody wrote to are not in the mapping."""
    return "".join(cells[x].data for x in range(max(cells, default=-1) + 1)).rstrip()


def _plain(raw: str) -> str:
    """Without the sequences that move and colour."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", raw)
