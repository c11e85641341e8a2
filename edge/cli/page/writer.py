"""Shows a reply as it arrives: the answer on standard output, all else on standard error.

The answer is escaped wherever it goes (a pipe often ends in a terminal too);
`raw` leaves it as the model wrote it. Where a stream is no terminal it gets no
colour, no progress and no reasoning; NO_COLOR and TERM=dumb are heeded.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping
from typing import TextIO

from edge.cli.page.escape import Escaper, safe
from edge.cli.words import turn as words
from edge.core.event import Channel, Delta, Event, Notice, Progress, Switched

_DIM, _RESET = "\x1b[2m", "\x1b[0m"
_CLEAR_LINE = "\r\x1b[K"


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is there and a person may look at it."""
    return stream is not None and not stream.closed and stream.isatty()


class Writer:
    """One conversation's way to the user. `out` None keeps the answer back."""

    def __init__(
        self,
        out: TextIO | None,
        err: TextIO | None,
        environ: Mapping[str, str] = os.environ,
        *,
        raw: bool = False,
    ) -> None:
        self._out, self._err = _forgiving(out), _forgiving(err)
        self._raw = raw
        self._is_one = out is not None and out is err  # then lines of ours end the answer's
        self._moves = is_terminal(err) and environ.get("TERM") != "dumb"
        self._dims = self._moves and not environ.get("NO_COLOR")
        self._begin()

    def _begin(self) -> None:
        self._escapers = {channel: Escaper() for channel in Channel}
        self._channel: Channel | None = None
        self._held = ""  # newlines at the answer's end, until more follows
        self._answered = False
        self._waiting = False  # a line is shown that is going to be wiped
        self._mid_line = False  # a terminal's cursor is not at the start of its line

    def show(self, event: Event) -> None:
        """Show what happened, if it is for the eye."""
        match event:
            case Delta(text, Channel.ANSWER):
                self._answer(text)
            case Delta(text, Channel.REASONING):
                self._reason(text)
            case Progress():
                self._wait(words.progress(event))
            case Notice(_, text):
                self.note(text)
            case Switched():
                self.note(words.switched(event))

    def end(self) -> None:
        """The reply is over, however it ended: one newline, and a clean line."""
        self._wipe()
        if self._answered:
            self._put(self._out, "\n")
        elif self._mid_line:
            self._put(self._err, "\n")
        self._begin()

    def note(self, text: str, *, dim: bool = False) -> None:
        """Lines for the user, beside the answer; names and errors in them may hold anything."""
        self._wipe()
        text = safe(text)
        start = "\n" if self._mid_line else ""
        self._put(self._err, f"{start}{self._dimmed(text) if dim else text}\n")

    def ask(self, question: str) -> None:
        """A question of ours, answered on its own line; whoever answers ends that line."""
        self._wipe()
        start = "\n" if self._mid_line else ""
        self._put(self._err, f"{start}{question}")
        self._mid_line = False

    def said(self, prompt: str, reply: str) -> None:
        """An earlier turn, to remind of it."""
        self.note(words.earlier_turn(prompt, reply), dim=True)

    def _answer(self, text: str) -> None:
        self._wipe()
        if self._channel is Channel.REASONING:
            self._put(self._err, "\n\n" if self._mid_line else "\n")
        self._channel = Channel.ANSWER
        text = self._held + (text if self._raw else self._escapers[self._channel].feed(text))
        shown = text.rstrip("\n")
        self._held = text[len(shown) :]
        self._answered = self._answered or bool(shown)
        self._put(self._out, shown)

    def _reason(self, text: str) -> None:
        if not is_terminal(self._err):
            return
        self._wipe()
        self._channel = Channel.REASONING
        self._put(self._err, self._dimmed(self._escapers[self._channel].feed(text)))
        self._mid_line = not text.endswith("\n")

    def _wait(self, line: str) -> None:
        if self._moves and line and not self._mid_line:
            self._put(self._err, f"{_CLEAR_LINE}{line}")
            self._waiting, self._mid_line = True, False

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


def standard_writer(*, raw: bool = False, answer: bool = True) -> Writer:
    """A writer to this process's own streams; without `answer` standard output stays free."""
    return Writer(sys.stdout if answer else None, sys.stderr, raw=raw)


def _forgiving(stream: TextIO | None) -> TextIO | None:
    """The stream, set to spell out what its encoding lacks instead of failing."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream
