"""Shows a reply as it arrives: the answer on standard output, all else on standard error.

On a terminal both are one surface, and the answer is rendered Markdown. Elsewhere it is
plain text, escaped all the same (a pipe often ends in a terminal too); `raw` leaves it
as the model wrote it. Where a stream is no terminal it gets no colour, no progress and
no reasoning; NO_COLOR and TERM=dumb are heeded.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, TextIO

from edge.cli.page.plain import Plain
from edge.cli.page.streams import forgiving, moves, theme_of
from edge.cli.words import turn as words
from edge.core.event import Channel, Delta, Event, Notice, Progress, Switched

if TYPE_CHECKING:
    from edge.cli.page.drawing import Drawing
    from edge.cli.page.surface import Surface
    from edge.cli.page.thinking import Thinking


class Writer:
    """One conversation's way to the user. `out` None keeps the answer back.

    A `surface` takes everything; without one, standard output's terminal is it.
    """

    def __init__(
        self,
        out: TextIO | None,
        err: TextIO | None,
        environ: Mapping[str, str] = os.environ,
        *,
        raw: bool = False,
        surface: Surface | None = None,
    ) -> None:
        out, err = forgiving(out), forgiving(err)
        self._on: Drawing | Plain
        if surface is not None or (moves(out, environ) and not raw):
            self._on = _drawing(out, environ, surface)
        else:
            self._on = Plain(out, err, environ, raw=raw)

    @property
    def thinking(self) -> Thinking:
        """How the model's thinking is shown; it may be set at any time."""
        return self._on.thinking

    @thinking.setter
    def thinking(self, how: Thinking) -> None:
        self._on.thinking = how

    @property
    def width(self) -> int:
        """Cells a line may take, now."""
        return self._on.width

    def show(self, event: Event) -> None:
        """Show what happened, if it is for the eye."""
        match event:
            case Delta(text, Channel.ANSWER):
                self._on.answer(text)
            case Delta(text, Channel.REASONING):
                self._on.think(text)
            case Progress():
                self._on.wait(words.progress(event))
            case Notice(_, text):
                self.note(text, dim=True)
            case Switched():
                self.note(words.switched(event), dim=True)

    def end(self) -> None:
        """The reply is over, however it ended: one newline, and a clean line."""
        self._on.end()

    def note(self, text: str, *, dim: bool = False) -> None:
        """Lines for the user, beside the answer; names and errors in them may hold anything."""
        self._on.note(text, dim=dim)

    def ask(self, question: str) -> None:
        """A question of ours, answered on its own line; whoever answers ends that line."""
        self._on.ask(question)

    def said(self, prompt: str, reply: str, lacks: str = "") -> None:
        """An earlier turn, to remind of it; `lacks` is what is missing from its reply."""
        self.note(words.earlier_prompt(prompt), dim=True)
        shown = words.in_short(reply)
        self._on.recall(shown)
        if lacks or not shown:
            self.note(f"({lacks or words.nothing_said()})", dim=True)


def standard_writer(
    *, raw: bool = False, answer: bool = True, surface: Surface | None = None
) -> Writer:
    """A writer to this process's own streams; without `answer` standard output stays free."""
    return Writer(sys.stdout if answer else None, sys.stderr, raw=raw, surface=surface)


def _drawing(out: TextIO | None, environ: Mapping[str, str], surface: Surface | None) -> Drawing:
    from edge.cli.page.drawing import Drawing
    from edge.cli.page.surface import TerminalSurface

    if surface is None:
        assert out is not None, "there is something to draw on"
        surface = TerminalSurface(out)
    return Drawing(surface, theme_of(out, environ), time.monotonic)
