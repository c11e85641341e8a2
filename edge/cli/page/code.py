"""A block of code as it is written: every line as it is, coloured, however long.

A line longer than the screen is the terminal's to wrap, so that it is copied as one line.
Until it is over it is shown to the screen's edge.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from edge.cli.page.cell import Cell, cells_of, columns, painted, width_of
from edge.cli.page.flow import Margin, Sink
from edge.cli.page.theme import Style
from edge.cli.page.wrap import wrapped

_TAB_BLANKS = 4
_EDGE_COLUMNS = 2
_LANGUAGE = re.compile(r"\s*\{?\.?([\w+#.-]*)")


class Code:
    """One fenced block. A line of it is only cut where something else was shown amid it."""

    def __init__(self, sink: Sink, margin: list[Cell], fence: str, info: str) -> None:
        self._sink, self._margin = sink, Margin(margin, margin)
        self._end = re.compile(rf"[ \t]*{re.escape(fence)}{re.escape(fence[0])}*[ \t]*")
        # Nothing is tried twice, and the run is bounded: each character costs a look at this.
        self._perhaps_end = re.compile(rf"[ \t]*+{re.escape(fence[0])}{{0,99}}+[ \t]{{0,99}}")
        from edge.cli.page.highlight import Highlighter  # pygments is a moment's reading

        self._fence = fence
        self._highlighter = Highlighter(_language(info))
        self._begin()
        self._edge(info.strip())

    def _begin(self) -> None:
        self._text = ""
        self._finished = 0  # characters of it that are
        self._begin_part()

    def _begin_part(self) -> None:
        self._column = 0  # where the next character stands
        self._fitting = 0  # characters not yet finished that are on the screen
        self._shown_columns = 0  # what these take
        self._looks: str | None = None  # of these, once they were coloured

    def ends_with(self, head: str, *, whole: bool) -> bool | None:
        """Whether a line ends the block; None as long as that is open."""
        if whole:
            return self._end.fullmatch(head) is not None
        return None if self._perhaps_end.fullmatch(head) else False

    @property
    def live(self) -> str:
        """The line that is open."""
        if self._looks is None:
            self._looks = painted([*self._now(), *self._shown()], self._sink.theme)
        return self._looks if self._text else ""

    def feed(self, char: str) -> None:
        """The next character of a line."""
        if char == "\t":
            char = " " * (_TAB_BLANKS - self._column % _TAB_BLANKS)
        self._text += char
        for each in char:
            self._place(each)

    def end(self) -> None:
        """The line is over."""
        cells = _cells(self._highlighter.whole(self._text))
        self._sink.put([*self._now(), *cells[self._finished :]])
        self._begin()

    def part(self) -> None:
        """Finish what is shown of the open line."""
        if self._fitting:
            self._sink.put([*self._now(), *self._shown()])
            self._finished += self._fitting
            self._begin_part()
            for char in self._text[self._finished :]:
                self._place(char)

    def narrowed(self) -> None:
        """The screen became narrower: what is shown of the open line stays as it is."""
        self._looks = None  # the margin may be narrower, too
        if self._shown_columns > self._room:
            self.part()

    def close(self, *, written: bool = True) -> None:
        """The block is over; `written` is whether its closing fence was."""
        if written:
            self._edge("")

    def _edge(self, info: str) -> None:
        theme = self._sink.theme
        is_drawn = theme.shows(Style.FAINT)
        mark = theme.rule * _EDGE_COLUMNS if is_drawn else self._fence
        text = f"{mark} {info}" if info and is_drawn else f"{mark}{info}"
        for line in wrapped(cells_of(text, Style.FAINT), self._room):
            self._sink.put([*self._now(), *line])

    def _now(self) -> list[Cell]:
        return self._margin.now(self._sink.width)

    @property
    def _room(self) -> int:
        return max(self._sink.width - columns(self._now()), 1)

    def _place(self, char: str) -> None:
        """One character more; it is shown if it and all before it are on the screen."""
        width = width_of(char)
        is_whole = self._column == self._shown_columns
        self._column += width
        if is_whole and self._column <= self._room:
            self._fitting += 1
            self._looks = None
            self._shown_columns = self._column

    def _shown(self) -> list[Cell]:
        end = self._finished + self._fitting
        return _cells(self._highlighter.so_far(self._text[:end]))[self._finished :]


def _cells(pieces: Sequence[tuple[str, Style]]) -> list[Cell]:
    """Each character for itself: what combines may come after a line was cut before it."""
    return [Cell(char, width_of(char), style) for text, style in pieces for char in text]


def _language(info: str) -> str:
    found = _LANGUAGE.match(info)
    return found[1] if found else ""
