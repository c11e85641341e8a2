"""A reply as plain text: in a pipe, in a file, on a terminal that only prints.

The answer goes to standard output as it is, all else to standard error. What cannot
be wiped away again is only shown where it can.
"""

from __future__ import annotations

from collections.abc import Mapping
from shutil import get_terminal_size
from typing import TextIO

from edge.cli.page.escape import Escaper, safe
from edge.cli.page.streams import colourless, is_terminal, moves
from edge.cli.page.thinking import Thinking
from edge.core.event import Channel

_DIM, _RESET = "\x1b[2m", "\x1b[0m"
_CLEAR_LINE = "\r\x1b[K"


class Plain:
    """One conversation's way to two streams. `out` None keeps the answer back."""

    def __init__(
        self, out: TextIO | None, err: TextIO | None, environ: Mapping[str, str], *, raw: bool
    ) -> None:
        self.thinking = Thinking.SHOW
        self._out, self._err = out, err
        self._raw = raw
        self._is_one = out is not None and out is err  # then lines of ours end the answer's
        self._moves = moves(err, environ)
        self._dims = self._moves and not colourless(environ)
        self._begin()

    def _begin(self) -> None:
        self._escapers = {channel: Escaper() for channel in Channel}
        self._channel: Channel | None = None
        self._held = ""  # newlines at the answer's end, until more follows
        self._answered = False
        self._waiting = False  # a line is shown that is going to be wiped
        self._mid_line = False  # a terminal's cursor is not at the start of its line

    @property
    def width(self) -> int:
        """Columns of the terminal that may be behind the streams, but one."""
        return max(get_terminal_size().columns - 1, 1)

    def end(self) -> None:
        """The reply is over: one newline, and a clean line."""
        self._wipe()
        self._show(self._escapers[Channel.ANSWER].end())
        if self._answered:
            self._put(self._out, "\n")
        elif self._mid_line:
            self._put(self._err, "\n")
        self._begin()

    def note(self, text: str, *, dim: bool) -> None:
        """Lines beside the answer."""
        self._wipe()
        text = safe(text)
        start = "\n" if self._mid_line else ""
        self._put(self._err, f"{start}{self._dimmed(text) if dim else text}\n")

    def recall(self, reply: str) -> None:
        """A whole reply of before: no answer of now, so it stands beside it."""
        if reply:
            self.note(reply, dim=True)

    def ask(self, question: str) -> None:
        """A question on a line of its own; whoever answers ends that line."""
        self._wipe()
        start = "\n" if self._mid_line else ""
        self._put(self._err, f"{start}{question}")
        self._mid_line = False

    def answer(self, text: str) -> None:
        """A piece of the answer."""
        self._wipe()
        if self._channel is Channel.REASONING:
            self._put(self._err, "\n\n" if self._mid_line else "\n")
        self._channel = Channel.ANSWER
        self._show(text if self._raw else self._escapers[self._channel].feed(text))

    def think(self, text: str) -> None:
        """A piece of what was thought before it."""
        if self.thinking is Thinking.HIDE or not is_terminal(self._err):
            return
        self._wipe()
        self._channel = Channel.REASONING
        self._put(self._err, self._dimmed(self._escapers[self._channel].feed(text)))
        self._mid_line = not text.endswith("\n")

    def wait(self, line: str) -> None:
        """A line that is wiped before the next text."""
        if self._moves and line and not self._mid_line:
            self._put(self._err, f"{_CLEAR_LINE}{line}")
            self._waiting, self._mid_line = True, False

    def _show(self, text: str) -> None:
        text = self._held + text
        shown = text.rstrip("\n")
        self._held = text[len(shown) :]
        self._answered = self._answered or bool(shown)
        self._put(self._out, shown)

    def _wipe(self) -> None:
        if self._waiting:
            self._put(self._err, _CLEAR_LINE)
            self._waiting = self._mid_line = False

    def _dimmed(self, text: str) -> str:
        return f"{_DIM}{text}{_RESET}" if self._dims else text

    def _put(self, stream: TextIO | None, text: str) -> None:
        if stream is None or not text:
            return
        stream.write(text)
        stream.flush()
        if self._is_one or is_terminal(stream):
            self._mid_line = not text.endswith("\n")
