"""What a line of the source is part of: a list, a quote, a table, code, a formula."""

from __future__ import annotations

from edge.cli.page.cell import Cell, cells_of, clipped
from edge.cli.page.code import Code
from edge.cli.page.flow import Flow, Margin, Sink, blanks, within
from edge.cli.page.inline import Inline
from edge.cli.page.opening import Kind, Lists, Opening
from edge.cli.page.table import is_delimiter, laid_out
from edge.cli.page.theme import Style

_RULE_COLUMNS = 20
_LITERAL_INDENT = 4  # where no list is, this far in means "as it is written"
_ENDS_OF_MATH = {"$$": "$$", "\\[": "\\]"}


class Blocks:
    """Opens each line as what it is; `line` is where the rest of an opened line goes."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.line: Flow | Code | None = None
        self.code: Code | None = None
        self.code_indent = 0
        self.depth = 0  # of quotes
        self._lists = Lists()
        self._rows: list[str] = []  # of a table, until it is whole
        self._gap: int | None = None  # a blank line is due, in so many quotes
        self._math = ""  # what ends the formula
        self._written = ""  # of it, on this line

    def open(self, found: Opening, depth: int) -> None:
        """A line begins. A table ends where a line is none of its rows."""
        if found.kind is not Kind.ROW or depth != self.depth:
            self.lay_out()
        if depth != self.depth:
            self._lists.leave()
            self._math = ""
        if found.kind is Kind.BLANK:
            self._gap, self._math = min(depth, self.depth), ""
            self.depth = depth
            return
        self._close_gap(depth)
        self.depth = depth
        self._open(found)

    def feed(self, char: str) -> None:
        """The next character of an opened line."""
        if self.line is not None:
            self.line.feed(char)
        self._written += char if self._math else ""

    def end_line(self) -> None:
        """The line is over."""
        if self.line is not None:
            self.line.end()
            self.line = None
        if self._math and self._math in self._written:
            self._math = ""
        self._written = ""

    def leave_code(self, *, written: bool) -> None:
        """A block of code is over; `written` is whether its closing fence was."""
        if self.code is not None:
            self.code.close(written=written)
            self.code = self.line = None

    def lay_out(self) -> None:
        """Show the rows that were held: as a table, or as the text they are."""
        rows, self._rows = self._rows, []
        if len(rows) < 2:
            for row in rows:
                self._text(Opening(Kind.TEXT, rest=row))
                self.end_line()
            return
        bars = self._bars(self.depth)
        for line in laid_out(rows, self._sink.width - len(bars), self._sink.theme):
            self._sink.put([*bars, *line])

    def _close_gap(self, depth: int) -> None:
        if self._gap is not None and self._sink.is_begun:
            self._sink.put(self._bars(min(self._gap, depth)))
        self._gap = None

    def _open(self, found: Opening) -> None:
        if self._math:
            self._text(found)
            return
        match found.kind:
            case Kind.HEADING:
                self._heading(found)
            case Kind.ITEM:
                self._item(found)
            case Kind.RULE:
                self._rule()
            case Kind.FENCE:
                self.code_indent = found.indent
                margin = self._before(blanks(self._lists.column(found.indent)))
                self.code = Code(self._sink, margin, found.mark, found.rest)
            case Kind.ROW:
                self._row(found.text)
            case _:
                self._text(found)

    def _text(self, found: Opening) -> None:
        """Words; in a formula, and far in where no list is, they stand as they were written."""
        column = self._lists.column(found.indent)
        self._written = found.text if self._math else found.rest
        if found.kind is Kind.MATH and not self._math:
            self._math = _ENDS_OF_MATH[found.mark]
        is_literal = bool(self._math) or (column == found.indent >= _LITERAL_INDENT)
        margin = self._before(blanks(column))
        inline = Inline(self._sink.theme, literal=is_literal)
        self._flow(Margin(margin, margin), inline, found)

    def _rule(self) -> None:
        self._lists.leave()
        bars = self._bars(self.depth)
        rule = cells_of(self._sink.theme.rule * _RULE_COLUMNS, Style.FAINT)
        self._sink.put([*bars, *clipped(rule, self._sink.width - len(bars))])

    def _heading(self, found: Opening) -> None:
        style = Style.HEADING
        style |= {1: Style.TITLE, 2: Style.PLAIN}.get(len(found.mark), Style.ITALIC)
        is_shown = self._sink.theme.shows(Style.HEADING)
        margin = self._before(blanks(self._lists.column(found.indent)))
        sign = [] if is_shown else cells_of(f"{found.mark} ")
        self._flow(Margin(margin, margin), Inline(self._sink.theme, style, sign=sign), found)

    def _item(self, found: Opening) -> None:
        column = self._lists.enter(found.indent, found.mark)
        mark = self._sink.theme.bullet if found.mark in "-*+" else found.mark
        sign = cells_of(f"{mark} ")
        below = self._before(blanks(column + len(sign)))
        margin = Margin(self._before(blanks(column)), below)
        self._flow(margin, Inline(self._sink.theme, sign=sign), found)

    def _row(self, row: str) -> None:
        self._rows.append(row)
        if len(self._rows) == 2 and not is_delimiter(row):
            self._rows.pop()
            self.lay_out()
            self._rows = [row]

    def _flow(self, margin: Margin, inline: Inline, found: Opening) -> None:
        self.line = Flow(self._sink, margin, inline)
        for char in found.text if self._math else found.rest:
            self.line.feed(char)

    def _bars(self, depth: int) -> list[Cell]:
        return within(cells_of(f"{self._sink.theme.bar} " * depth, Style.FAINT), self._sink.width)

    def _before(self, cells: list[Cell]) -> list[Cell]:
        return [*self._bars(self.depth), *cells]
