"""What is shown above the prompt line: finished lines and the live one, by one thread alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from edge.cli.page.surface import Surface
from edge.cli.page.theme import Style, Theme

if TYPE_CHECKING:
    from edge.cli.stage.line import Line

# Below an open prompt line each drawing costs milliseconds, which the model needs more than
# the eye does; fifteen in a second are seen as writing.
_REST_S = 1 / 15


class Board:
    """While the prompt line is closed text is appended to the terminal; else drawn above it."""

    def __init__(self, terminal: Surface, theme: Theme) -> None:
        self._terminal, self._theme = terminal, theme
        self._line: Line | None = None
        self._above: list[str] = []  # finished and not yet on the screen
        self._drawing: asyncio.TimerHandle | None = None
        self._drawn_at_s = 0.0
        self.live_line = ""

    @property
    def width(self) -> int:
        """Cells a line may take, now."""
        return self._terminal.width

    def commit(self, lines: Sequence[str]) -> None:
        """Finished lines; they end what was live."""
        self.live_line = ""
        if self._line is None:
            self._on_terminal(lambda: self._terminal.commit(lines))
        else:
            self._above += lines
            self._draw_soon()

    def commit_said(self, lines: Iterable[str]) -> None:
        """What a person said; it stands out from all that is answered."""
        self.commit([self._theme.painted(line, Style.BOLD) for line in lines])

    def live(self, line: str) -> None:
        """The one line still open; "" for none."""
        self.live_line = line
        if self._line is None:
            self._on_terminal(lambda: self._terminal.live(line))
        else:
            self._draw_soon()

    def lend(self, line: Line) -> None:
        """The bottom of the terminal is the prompt line's from now on."""
        self._on_terminal(lambda: self._terminal.live(""))
        self._line = line

    def take_back(self) -> None:
        """The prompt line is closed."""
        self._line = None
        self._forget_drawing()
        above, self._above, live = self._above, [], self.live_line
        self._on_terminal(lambda: self._terminal.commit(above))
        self._on_terminal(lambda: self._terminal.live(live))

    def hide(self) -> None:
        """Leave the terminal to others, at the start of a line; `show` is the way back."""
        self._on_terminal(lambda: self._terminal.live(""))

    def show(self) -> None:
        """The terminal is ours again."""
        self._on_terminal(lambda: self._terminal.live(self.live_line))

    def draw(self) -> None:
        """Draw what is not drawn yet."""
        self._forget_drawing()
        if self._line is None or not self._line.is_open:
            return  # it is being closed, and what came is shown after that
        self._drawn_at_s = asyncio.get_running_loop().time()
        if self._above:
            above, self._above = self._above, []
            self._line.step_aside()
            self._on_terminal(lambda: self._terminal.commit(above))
        self._line.redraw()

    def _draw_soon(self) -> None:
        loop = asyncio.get_running_loop()
        if self._drawing is None:
            self._drawing = loop.call_at(self._drawn_at_s + _REST_S, self.draw)

    def _forget_drawing(self) -> None:
        if self._drawing is not None:
            self._drawing.cancel()
            self._drawing = None

    def _on_terminal(self, write: Callable[[], None]) -> None:
        with suppress(OSError):  # it was closed: the talk ends in its own time
            write()


class Above:
    """The board as the conversation's thread reaches it: every call is done by the main one."""

    def __init__(self, board: Board, post: Callable[..., None]) -> None:
        self._board = board
        self._post = post

    @property
    def width(self) -> int:
        """Cells a line may take, now."""
        return self._board.width

    def commit(self, lines: Sequence[str]) -> None:
        """Finished lines, above everything live."""
        self._post(self._board.commit, tuple(lines))

    def live(self, line: str) -> None:
        """The live line; "" removes it."""
        self._post(self._board.live, line)

    def ask(self, question: str) -> None:
        """A question stands as a line of its own: it is answered below."""
        self._post(self._board.commit, (question,))
