"""What a model thinks before it answers: hidden, shown, or folded into one line (pure)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from edge.cli.page.cell import cells_of, clipped, painted
from edge.cli.page.drawn import Drawn
from edge.cli.page.escape import Escaper
from edge.cli.page.flow import Flow, Margin, Sink
from edge.cli.page.inline import Inline
from edge.cli.page.theme import Style, Theme
from edge.cli.page.thinking import Thinking
from edge.cli.page.wrap import wrapped
from edge.cli.words import page as words


class Thoughts(Protocol):
    """One stretch of thinking on its way to the screen."""

    def feed(self, text: str, width: int) -> Drawn:
        """The next piece of it, on a screen of this width."""
        ...

    def close(self) -> Drawn:
        """It is over."""
        ...


def thoughts(how: Thinking, theme: Theme, clock: Callable[[], float]) -> Thoughts:
    """What shows a stretch of thinking that begins now."""
    match how:
        case Thinking.SHOW:
            return _Shown(theme)
        case Thinking.FOLD:
            return _Folded(theme, clock)
        case Thinking.HIDE:
            return _Hidden()


class _Hidden:
    def feed(self, text: str, width: int) -> Drawn:
        return Drawn()

    def close(self) -> Drawn:
        return Drawn()


class _Folded:
    """One line that counts the seconds, and stays behind with their sum."""

    def __init__(self, theme: Theme, clock: Callable[[], float]) -> None:
        self._theme, self._clock = theme, clock
        self._began_s = clock()
        self._width = 0

    def feed(self, text: str, width: int) -> Drawn:
        self._width = width
        cells = cells_of(words.thinking(self._passed_s), Style.FAINT)
        return Drawn(live=painted(clipped(cells, width), self._theme))

    def close(self) -> Drawn:
        cells = cells_of(words.thought(self._passed_s), Style.FAINT)
        return Drawn(tuple(painted(line, self._theme) for line in wrapped(cells, self._width)))

    @property
    def _passed_s(self) -> int:
        return int(self._clock() - self._began_s)


class _Shown:
    """Every word, faint; its marks are left as they are."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._sink = Sink(0, theme)
        self._escaper = Escaper()
        self._begin()

    def _begin(self) -> None:
        inline = Inline(self._theme, Style.FAINT, literal=True)
        self._line = Flow(self._sink, Margin(), inline)
        self._is_begun = False

    def feed(self, text: str, width: int) -> Drawn:
        self._sink.width = width
        self._line.narrowed()
        self._take(self._escaper.feed(text))
        return Drawn(self._sink.taken(), self._line.live)

    def close(self) -> Drawn:
        self._take(self._escaper.end())
        if self._is_begun:
            self._end_line()
        lines = self._sink.taken()
        return Drawn((*lines, "") if self._sink.is_begun else ())

    def _take(self, text: str) -> None:
        for char in text:
            if char == "\n":
                self._end_line()
            else:
                self._line.feed(char)
                self._is_begun = True

    def _end_line(self) -> None:
        if self._is_begun or self._sink.is_begun:  # no blank lines before the first words
            self._line.end()
        self._begin()
