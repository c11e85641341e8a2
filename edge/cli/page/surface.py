"""Where finished lines and the one open line of a talk are shown.

A surface only grows: what was committed is never written again, and the live line is
the only one that changes. So the terminal's own scrollback holds the talk, each line once.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Protocol, TextIO

from edge.cli.page.redraw import redrawn

_USUAL_COLUMNS = 80


class Surface(Protocol):
    """A place for lines. They are safe to show; ANSI styles are in them.

    A live one fits the width. A finished line of code may be longer, and a long word in a
    note: where a terminal wraps them, they can still be copied whole.
    """

    @property
    def width(self) -> int:
        """Cells a line may take, now; it changes when a window does."""
        ...

    def commit(self, lines: Sequence[str]) -> None:
        """Finished lines, above everything live; the live line is gone until it is given again."""
        ...

    def live(self, line: str) -> None:
        """Show this as the live line, in the place of what it was; "" removes it."""
        ...

    def ask(self, question: str) -> None:
        """A question in the place of the live line; whoever answers ends its line."""
        ...


class TerminalSurface:
    """The bottom of an ordinary terminal, written frugally: what is there already stays."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown = ""  # the live line; the cursor stands behind it

    @property
    def width(self) -> int:
        """Columns but one: behind a full line each terminal's cursor stands elsewhere."""
        try:
            columns = os.get_terminal_size(self._stream.fileno()).columns
        except (OSError, ValueError):
            columns = 0
        return max((columns or _USUAL_COLUMNS) - 1, 1)

    def commit(self, lines: Sequence[str]) -> None:
        """Finished lines; a first one that grew from the live line only gets the rest of it."""
        if not lines:
            return
        first, *others = lines
        self._write("\n".join([redrawn(self._shown, first), *others, ""]))
        self._shown = ""

    def live(self, line: str) -> None:
        """Make the live line this one."""
        self._write(redrawn(self._shown, line))
        self._shown = line

    def ask(self, question: str) -> None:
        """A question, the cursor behind it; the line after it is believed to be empty."""
        self._write(redrawn(self._shown, question))
        self._shown = ""

    def _write(self, text: str) -> None:
        if text:
            self._stream.write(text)
            self._stream.flush()
