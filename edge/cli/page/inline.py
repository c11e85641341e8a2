"""Marks within a line, as they arrive: bold, italic, struck out, code, links (pure).

A mark takes effect where it opens, before anybody knows whether it will be closed: a
line that is finished is never changed, and waiting for the end would hold words back.
Where it turns out that a mark was none, it is shown as it was written: in its place
while its line is open, and where that became known if its line is finished. LaTeX is
left as text, for its signs are marks too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.cli.page.cell import Cell, cells_of, columns, put, trimmed
from edge.cli.page.link import Link
from edge.cli.page.theme import Style, Theme

_STYLES = {"**": Style.BOLD, "__": Style.BOLD, "*": Style.ITALIC, "_": Style.ITALIC}
_STYLES |= {"~~": Style.STRIKE, "`": Style.CODE}
_RUNS = frozenset("*_~`$")  # characters whose number counts
_ESCAPABLE = frozenset("*_~`#|")  # not brackets and parentheses: with those LaTeX begins
_ENDS_OF_MATH = {"\\(": "\\)", "\\[": "\\]", "$": "$", "$$": "$$"}


@dataclass(slots=True)
class _Mark:
    """A mark that is open. `at` is its place in the open line, None behind a finished one."""

    text: str
    style: Style
    at: int | None
    hidden: bool


class Inline:
    """One line of the source on its way to one or more lines of the screen.

    `sign` is what stands before its first word, as a number; `literal` heeds no marks.
    """

    def __init__(
        self,
        theme: Theme,
        style: Style = Style.PLAIN,
        *,
        sign: Sequence[Cell] = (),
        literal: bool = False,
    ) -> None:
        self.cells: list[Cell] = list(sign)
        self.width = columns(sign)
        self._filled = columns(trimmed(sign))  # of it, without the blanks at its end
        self._n_sign = len(sign)
        self._theme = theme
        self._style = self._base = style
        self._literal = literal
        self._open: list[_Mark] = []
        self._link = Link(theme)
        self._run = ""  # marks of which more may follow, or a backslash
        self._before = ""  # the character before them
        self._math = ""  # what ends it

    @property
    def is_empty(self) -> bool:
        """Whether nothing came since the open line began, but what it begins with."""
        return len(self.cells) == self._n_sign and not self._run

    def feed(self, char: str) -> None:
        """The next character; a tab is a space here."""
        char = " " if char == "\t" else char
        if self._run and (self._run == "\\" or char != self._run[0]) and self._settle(char):
            return
        if not self._literal and self._begins_run(char):
            self._run += char
            return
        self._put(char)

    def end(self) -> None:
        """The source line is over: what is open now was no mark."""
        if self._run:
            self._settle("")
        while self._open:
            self._give_up(self._open.pop())

    def overflows(self, limit: int) -> bool:
        """Whether this is more than a line; blanks at its end do not count."""
        return self._filled > limit and len(self.cells) > 1

    def is_full(self, limit: int) -> bool:
        """Whether this ends with blanks beyond the line; more of them would change nothing."""
        return self.width > limit >= self._filled and not self._run

    def cut(self, taken: int, begin: int) -> list[Cell]:
        """Take the first cells off as a finished line; the open one begins at `begin`."""
        line = self.cells[:taken]
        gone = columns(self.cells[:begin])
        del self.cells[:begin]
        self._n_sign = 0
        self.width -= gone
        self._filled = max(self._filled - gone, 0)
        for mark in self._open:
            mark.at = None if mark.at is None or mark.at < taken else max(mark.at - begin, 0)
        self._link.forget()
        return line

    def _begins_run(self, char: str) -> bool:
        if self._is_code():
            return char == "`"
        if self._link.in_address:
            return False
        return char in _RUNS or char == "\\"

    def _is_code(self) -> bool:
        return bool(self._open) and self._open[-1].style is Style.CODE

    def _put(self, char: str) -> None:
        self.width += put(self.cells, char, self._style)
        self._before = char
        if not (self._literal or self._math or self._is_code()):
            self._link_up()
        if self.cells[-1].text != " ":
            self._filled = self.width

    def _link_up(self) -> None:
        """A link that is whole now stands there as text and address."""
        if narrower := self._link.take(self.cells):
            self.width -= narrower
            begin = self._link.begin
            for mark in self._open:
                if mark.at is not None and mark.at > begin:
                    mark.at -= 1

    def _show(self, text: str) -> None:
        for char in text:
            self._put(char)

    def _settle(self, following: str) -> bool:
        """Decide what a run is, now that it is over; whether it took what follows too."""
        run, self._run = self._run, ""
        if run == "\\":
            return self._settle_escape(following)
        if self._math or run[0] == "$":
            self._settle_math(run, following)
        elif run[0] == "`":
            self._settle_code(run)
        else:
            self._settle_emphasis(run, following)
        self._before = run[-1]
        return False

    def _settle_escape(self, following: str) -> bool:
        pair = "\\" + following
        if not self._math and following in _ESCAPABLE and following:
            self._put(following)
            return True
        if following == "\\" or pair == self._math or (not self._math and pair in _ENDS_OF_MATH):
            self._math = "" if self._math == pair else self._math or _ENDS_OF_MATH.get(pair, "")
            self._show(pair)
            return True
        self._show("\\")
        return False

    def _settle_math(self, run: str, following: str) -> None:
        if self._math:
            self._math = "" if self._math == run else self._math
        elif run == "$$" or (run == "$" and following.strip() and not following.isdigit()):
            self._math = run
        self._show(run)

    def _settle_code(self, run: str) -> None:
        if not self._is_code():
            self._begin(run, Style.CODE)
        elif self._open[-1].text == run:
            self._finish(self._open[-1])
        else:
            self._show(run)

    def _settle_emphasis(self, run: str, following: str) -> None:
        marks = [run[:2], run[2:]] if len(run) == 3 and run[0] != "~" else [run]
        still = {mark.text for mark in self._open}
        if not all(mark in _STYLES for mark in marks):
            self._show(run)
        elif self._may_close(run, following) and still.issuperset(marks):
            for mark in [each for each in reversed(self._open) if each.text in marks]:
                self._finish(mark)
        elif self._may_open(run, following) and still.isdisjoint(marks):
            for text in marks:
                self._begin(text, _STYLES[text])
        else:
            self._show(run)

    def _may_open(self, run: str, following: str) -> bool:
        if not following.strip():
            return False
        inside_word = self._before.isalnum() and following.isalnum()
        if run[0] == "_":
            return not self._before.isalnum()
        return not (run == "*" and inside_word and (self._before + following).isascii())

    def _may_close(self, run: str, following: str) -> bool:
        # More generous than the rules of Markdown, which take no mark behind Chinese punctuation.
        return bool(self._before.strip()) and not (run[0] == "_" and following.isalnum())

    def _begin(self, text: str, style: Style) -> None:
        hidden = self._theme.shows(style)
        if not hidden:
            self._show(text)
        self._open.append(_Mark(text, style, len(self.cells), hidden))
        self._style |= style

    def _finish(self, mark: _Mark) -> None:
        """Close a mark; what was opened within it and is open still was no mark."""
        while (last := self._open.pop()) is not mark:
            self._give_up(last)
        self._restyle()
        if not mark.hidden:
            self._show(mark.text)

    def _restyle(self) -> None:
        self._style = self._base
        for mark in self._open:
            self._style |= mark.style

    def _give_up(self, mark: _Mark) -> None:
        """Show a mark that was none."""
        self._restyle()
        if not mark.hidden:
            return
        at = len(self.cells) if mark.at is None else mark.at
        gone = mark.style & ~self._style
        for n in range(mark.at or 0, len(self.cells)):
            self.cells[n] = self.cells[n]._replace(style=self.cells[n].style & ~gone)
        shown = cells_of(mark.text, self._style)
        self.cells[at:at] = shown
        self.width += columns(shown)
        self._filled = self.width - (len(self.cells) - len(trimmed(self.cells)))
        self._link.forget()
