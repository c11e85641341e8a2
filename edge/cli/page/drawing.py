"""A reply on a surface: Markdown, with all that is said beside it, in the order it happened."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

from edge.cli.page.cell import cells_of, clipped, painted
from edge.cli.page.drawn import Drawn
from edge.cli.page.escape import safe
from edge.cli.page.page import Page
from edge.cli.page.surface import Surface
from edge.cli.page.theme import Style, Theme
from edge.cli.page.thinking import Thinking
from edge.cli.page.thoughts import Thoughts, thoughts
from edge.cli.page.wrap import hung

_TAB_BLANKS = 4


class Drawing:
    """One conversation's way to a surface. `thinking` may be set at any time."""

    def __init__(self, surface: Surface, theme: Theme, clock: Callable[[], float]) -> None:
        self.thinking = Thinking.FOLD
        self._surface, self._theme, self._clock = surface, theme, clock
        self._page: Page | None = None
        self._thoughts: Thoughts | None = None
        self._live = ""
        self._is_waiting = False  # what is live is a wait, and no part of a text

    @property
    def width(self) -> int:
        """Cells a line may take, now."""
        return self._surface.width

    def end(self) -> None:
        """The reply is over."""
        self._end_thoughts()
        if self._page is not None:
            self._show(self._page.close())
        self._page = None
        self._show(Drawn())

    def note(self, text: str, *, dim: bool) -> None:
        """Lines beside the answer."""
        self._part()
        style = Style.FAINT if dim else Style.PLAIN
        texts = safe(text).expandtabs(_TAB_BLANKS).split("\n")
        lines = chain.from_iterable(hung(cells_of(line, style), self.width) for line in texts)
        self._show(Drawn(tuple(painted(line, self._theme) for line in lines)))

    def recall(self, reply: str) -> None:
        """A whole reply of before."""
        self.answer(reply)
        self.end()

    def ask(self, question: str) -> None:
        """A question; whoever answers ends its line."""
        self._part()
        self._surface.ask(question)
        self._live = ""

    def answer(self, text: str) -> None:
        """A piece of the answer."""
        self._end_thoughts()
        width = self._surface.width
        if self._page is None:
            self._page = Page(width, self._theme)
        self._page.width = width
        self._show(self._page.feed(text))

    def think(self, text: str) -> None:
        """A piece of what was thought before it."""
        if self._thoughts is None:
            self._part()
            self._thoughts = thoughts(self.thinking, self._theme, self._clock)
        self._show(self._thoughts.feed(text, self._surface.width))

    def wait(self, line: str) -> None:
        """A live line, where none is open."""
        if line and (self._is_waiting or not self._live):
            cells = clipped(cells_of(safe(line)), self._surface.width)
            self._show(Drawn(live=painted(cells, self._theme)))
            self._is_waiting = True

    def _part(self) -> None:
        """Something else is shown below what there is of the open line."""
        self._end_thoughts()
        if self._page is not None:
            self._show(self._page.part())

    def _end_thoughts(self) -> None:
        if self._thoughts is not None:
            self._show(self._thoughts.close())
            self._thoughts = None

    def _show(self, drawn: Drawn) -> None:
        if drawn.lines:
            self._surface.commit(drawn.lines)
            self._live = ""
        if drawn.live != self._live:
            self._surface.live(drawn.live)
        self._live, self._is_waiting = drawn.live, False
