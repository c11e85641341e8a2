"""Characters as a terminal counts them: how wide each is, and what belongs to one place (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from wcwidth import wcwidth

from edge.cli.page.redraw import RESET
from edge.cli.page.theme import Style, Theme

_JOINER = "\u200d"
_WIDEST_FAMILY = 8  # columns four emoji in one take where a terminal cannot join them
_EMOJI_LOOK = "\ufe0f"  # makes a narrow sign wide, where the terminal heeds it


class Cell(NamedTuple):
    """A character with all that combines with it, and the columns it takes at most."""

    text: str
    width: int
    style: Style


def width_of(char: str) -> int:
    """The columns a safe character takes at most."""
    if " " <= char <= "~" or char == _EMOJI_LOOK:
        return 1
    return max(wcwidth(char), 0)


def put(cells: list[Cell], char: str, style: Style) -> int:
    """Add one safe character to a line; by how many columns that widens it at most."""
    width = width_of(char)
    if not cells or (width and not _combines(cells[-1], char)):
        cells.append(Cell(char, width, style))
        return width
    last = cells[-1]
    if char == _EMOJI_LOOK and last.width != 1:
        width = 0
    cells[-1] = Cell(last.text + char, last.width + width, last.style)
    return width


def _combines(last: Cell, char: str) -> bool:
    is_joined = last.text[-1] == _JOINER and last.width < _WIDEST_FAMILY
    return char == _EMOJI_LOOK or is_joined


def cells_of(text: str, style: Style = Style.PLAIN) -> list[Cell]:
    """A safe text of one style; a tab is a blank."""
    cells: list[Cell] = []
    for char in text.replace("\t", " "):
        put(cells, char, style)
    return cells


def clipped(cells: Sequence[Cell], limit: int) -> Sequence[Cell]:
    """As many as fit."""
    for n, cell in enumerate(cells):
        limit -= cell.width
        if limit < 0:
            return cells[:n]
    return cells


def columns(cells: Iterable[Cell]) -> int:
    """How many columns these take at most."""
    return sum(cell.width for cell in cells)


def trimmed(cells: Sequence[Cell]) -> Sequence[Cell]:
    """Without the blanks at the end."""
    end = len(cells)
    while end and cells[end - 1].text == " ":
        end -= 1
    return cells[:end]


def painted(cells: Iterable[Cell], theme: Theme) -> str:
    """The line for a terminal, without blanks at its end, all styles closed."""
    parts: list[str] = []
    style, opened = Style.PLAIN, ""
    for cell in trimmed(list(cells)):
        if cell.style != style:
            style, before, opened = cell.style, opened, theme.opens(cell.style)
            if opened != before:
                parts += (RESET if before else "", opened)
        parts.append(cell.text)
    return "".join([*parts, RESET if opened else ""])
