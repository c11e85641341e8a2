"""Finds the prompt line again where a terminal has wrapped its rows anew.

What a window that became narrower makes of the rows in it is the terminal's own affair.
Most leave them as they are, cut; some wrap them, and then the first row of the prompt line
stands higher than it was drawn. Only in those that are known to wrap it is looked for
there: anywhere else lines of the talk would be erased.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from prompt_toolkit.application import Application
from prompt_toolkit.data_structures import Point
from prompt_toolkit.layout import Layout
from prompt_toolkit.layout.screen import Screen
from prompt_toolkit.renderer import Renderer

_WRAP_ANEW = ("VTE_VERSION", "KITTY_WINDOW_ID", "WT_SESSION")


def wraps_anew(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the terminal is known to; GNU screen, which does not, may run in one that does."""
    inner = "TMUX" in environ
    return inner or ("STY" not in environ and any(name in environ for name in _WRAP_ANEW))


class Reflowing(Renderer):
    """Draws the prompt line where its first row is now."""

    def render(self, app: Application[Any], layout: Layout, is_done: bool = False) -> None:
        """Draw it, over what was drawn before."""
        self._go_up()
        super().render(app, layout, is_done)

    def erase(self, leave_alternate_screen: bool = True) -> None:
        """Take it from the screen.

        Not all at once from the corner: tmux takes that for a screen to be scrolled away
        and keeps it, each time the line is closed or a window is changed.
        """
        self._go_up()
        self.output.cursor_backward(self._cursor_pos.x)
        self.output.cursor_up(self._cursor_pos.y)
        self.output.erase_end_of_line()
        self.output.cursor_forward(1)
        self.output.erase_down()
        self.output.cursor_backward(1)
        self._cursor_pos = Point(0, 0)
        super().erase(leave_alternate_screen)

    def _go_up(self) -> None:
        """As many rows as the terminal has put in above the cursor."""
        screen, drawn, at = self._last_screen, self._last_size, self._cursor_pos
        columns = self.output.get_size().columns
        if screen is None or drawn is None or columns >= drawn.columns:
            return
        above = sum(rows_of(_widths(screen, y), columns) - 1 for y in range(at.y))
        self.output.cursor_up(above + rows_of(_widths(screen, at.y)[: at.x], columns) - 1)


def rows_of(widths: Iterable[int], columns: int) -> int:
    """How many rows characters of these widths take; one where there are none.

    >>> rows_of([1] * 10, 10), rows_of([1] * 11, 10), rows_of([2] * 5, 9)
    (1, 2, 2)
    """
    rows, column = 1, 0
    for width in widths:
        if column + width > columns:
            rows, column = rows + 1, 0
        column += width
    return rows


def _widths(screen: Screen, y: int) -> list[int]:
    """Of the characters of a row, up to the last that is seen."""
    row = screen.data_buffer[y]
    end = max((x + 1 for x, cell in row.items() if cell.char.strip()), default=0)
    return [row[x].width for x in range(end)]
