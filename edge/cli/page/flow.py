"""A line of the source as lines of the screen: the finished ones, and the one still open."""

from __future__ import annotations

from collections.abc import Sequence

from edge.cli.page.cell import Cell, cells_of, columns, painted, trimmed
from edge.cli.page.inline import Inline
from edge.cli.page.theme import Theme
from edge.cli.page.wrap import first_line


class Sink:
    """Takes finished lines, and knows how wide one may be now."""

    def __init__(self, width: int, theme: Theme) -> None:
        self.width = width
        self.theme = theme
        self.lines: list[str] = []
        self.is_begun = False  # a line was put

    def put(self, cells: Sequence[Cell]) -> None:
        """One finished line."""
        self.lines.append(painted(cells, self.theme))
        self.is_begun = True

    def taken(self) -> tuple[str, ...]:
        """The lines finished since this was last asked."""
        lines = tuple(self.lines)
        self.lines.clear()
        return lines


class Margin:
    """What stands before a line's text, on the first line and below it; half the width at most."""

    def __init__(self, first: Sequence[Cell] = (), below: Sequence[Cell] = ()) -> None:
        self._first, self._below = list(first), list(below)

    def now(self, width: int) -> list[Cell]:
        """The margin of the line that is open."""
        return within(self._first, width)

    def next_line(self) -> None:
        """The first line is finished."""
        self._first = self._below


def within(cells: list[Cell], width: int) -> list[Cell]:
    """A margin that leaves half of the width to the text, at least."""
    room, begin = width // 2, len(cells)
    while begin and cells[begin - 1].width <= room:
        begin -= 1
        room -= cells[begin].width
    return cells[begin:]


def blanks(n: int) -> list[Cell]:
    """So many blank columns."""
    return n * cells_of(" ")


class Flow:
    """One line of prose, wrapped at words; Markdown's marks within it are heeded."""

    def __init__(self, sink: Sink, margin: Margin, inline: Inline) -> None:
        self._sink, self._margin, self._inline = sink, margin, inline
        self._is_begun = False  # a line of it is finished

    @property
    def live(self) -> str:
        """The line that is open."""
        cells = self._inline.cells
        if self._inline.is_empty or not trimmed(cells):
            return ""
        return painted([*self._margin.now(self._sink.width), *cells], self._sink.theme)

    def feed(self, char: str) -> None:
        """The next character of the line; blanks before its first word are its mark's."""
        if char in " \t" and (self._inline.is_empty or self._inline.is_full(self._room)):
            return
        self._inline.feed(char)
        if self._inline.width > self._room:
            self._wrap()

    def end(self) -> None:
        """The line is over."""
        self._inline.end()
        self._wrap()
        if self._inline.cells or not self._is_begun:
            self._put(self._inline.cells)

    def narrowed(self) -> None:
        """The screen became narrower: what is shown of the open line stays as it is."""
        if self._inline.overflows(self._room):
            self.part()

    def part(self) -> None:
        """Finish what is shown of the open line."""
        if not self._inline.is_empty:
            n = len(self._inline.cells)
            self._put(self._inline.cut(n, n))

    @property
    def _room(self) -> int:
        return max(self._sink.width - columns(self._margin.now(self._sink.width)), 1)

    def _wrap(self) -> None:
        while self._inline.overflows(self._room):
            self._put(self._inline.cut(*first_line(self._inline.cells, self._room)))

    def _put(self, cells: Sequence[Cell]) -> None:
        self._sink.put([*self._margin.now(self._sink.width), *cells])
        self._margin.next_line()
        self._is_begun = True
