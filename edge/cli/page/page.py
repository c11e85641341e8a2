"""Markdown while it streams: finished lines that never change, and one line that is open.

A line of the source shows what it is at its beginning, and its words flow from then on.
Only a table waits until it is whole, for its columns need all rows. How the text was
cut into pieces makes no difference: it is read character by character.
"""

from __future__ import annotations

from edge.cli.page.blocks import Blocks
from edge.cli.page.cell import cells_of, clipped, painted
from edge.cli.page.code import Code
from edge.cli.page.drawn import Drawn
from edge.cli.page.escape import Escaper
from edge.cli.page.flow import Sink
from edge.cli.page.opening import BAR, opening, unquoted
from edge.cli.page.theme import Style, Theme

_NARROWEST = 4  # what a margin and a wide character take
_DEEPEST_QUOTE = 9


class Page:
    """One text on its way to the screen."""

    def __init__(self, width: int, theme: Theme) -> None:
        self._sink = Sink(max(width, _NARROWEST), theme)
        self._blocks = Blocks(self._sink)
        self._escaper = Escaper()
        self._indent = ""  # of a line
        self._head = ""  # what stands behind it, until it is certain what the line is
        self._is_open = False  # it is

    @property
    def width(self) -> int:
        """Columns a line may take; set it when the window changes."""
        return self._sink.width

    @width.setter
    def width(self, width: int) -> None:
        self._sink.width = max(width, _NARROWEST)
        if self._blocks.line is not None:
            self._blocks.line.narrowed()

    def feed(self, text: str) -> Drawn:
        """The next piece of the text."""
        self._take(self._escaper.feed(text))
        return Drawn(self._sink.taken(), self._live())

    def part(self) -> Drawn:
        """Finish what is shown of the open line; something else is going to stand below it."""
        if self._blocks.line is not None:
            self._blocks.line.part()
        return Drawn(self._sink.taken())

    def close(self) -> Drawn:
        """The text is over."""
        self._take(self._escaper.end())
        if self._indent or self._head or self._is_open:
            self._end_line()
        self._blocks.lay_out()
        self._blocks.leave_code(written=False)
        return Drawn(self._sink.taken())

    def _take(self, text: str) -> None:
        for char in text:
            if char == "\n":
                self._end_line()
            elif self._is_open:
                self._blocks.feed(char)
            elif not self._head and char in " \t":
                self._indent += char
            else:
                self._head += char
                if not self._is_row:
                    self._decide(whole=False)

    @property
    def _is_row(self) -> bool:
        """Whether this waits for the end of its line, whatever comes."""
        return self._head[:1] == BAR and self._blocks.code is None

    def _live(self) -> str:
        if self._blocks.line is not None:
            return self._blocks.line.live
        if not self._is_row:
            return ""
        # A row, of a table that comes when it is whole: a sign that something arrives. No
        # more than could fit is looked at, for a row may have no end.
        half = self.width // 2
        row = cells_of(f"{self._indent[:half]}{self._head[:half]}", Style.FAINT)
        return painted(clipped(row, half), self._sink.theme)

    def _end_line(self) -> None:
        if not self._is_open:
            self._decide(whole=True)
        self._blocks.end_line()
        self._indent, self._head, self._is_open = "", "", False

    def _decide(self, *, whole: bool) -> None:
        """Open the line, if it is certain what it is."""
        code = self._blocks.code
        most = _DEEPEST_QUOTE if code is None else self._blocks.depth
        quoted = unquoted(self._indent + self._head, most, whole=whole)
        if quoted is None:
            return
        if code is not None and quoted[0] == self._blocks.depth:
            self._decide_in(code, quoted[1], whole=whole)
            return
        found = opening(quoted[1], whole=whole)
        if found is None:
            return
        self._blocks.leave_code(written=False)  # its quote has ended
        self._blocks.open(found, quoted[0])
        self._is_open = True

    def _decide_in(self, code: Code, head: str, *, whole: bool) -> None:
        ends = code.ends_with(head, whole=whole)
        if ends is None:
            return
        self._is_open = True
        if ends:
            self._blocks.leave_code(written=True)
            return
        self._blocks.line = code
        indent = len(head) - len(head.lstrip(" "))
        for char in head[min(indent, self._blocks.code_indent) :]:
            code.feed(char)
