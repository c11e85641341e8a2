"""Where a line ends: at a space, or between Chinese characters as they are set (pure)."""

from __future__ import annotations

from collections.abc import Sequence

from edge.cli.page.cell import Cell, columns, trimmed

# Signs that close never begin a line, signs that open never end one.
_NEVER_FIRST = frozenset("，。、；：？！）】》〉」』”’…—％·~,.;:?!)]}%")
_NEVER_LAST = frozenset("（【《〈「『“‘([{")


def first_line(cells: Sequence[Cell], limit: int) -> tuple[int, int]:
    """Of cells wider than `limit`: how many the first line takes, and where the next begins.

    Raises nothing: where no place is good the line is cut at the limit, and a
    line has one cell at least.
    """
    full = _that_fit(cells, limit)
    indent = next((n for n, cell in enumerate(cells) if cell.text != " "), 0)
    good = (n for n in range(full, indent, -1) if _may_part(cells[n - 1], cells[n]))
    end = next(good, max(full, 1))
    begin = end
    while begin < len(cells) and cells[begin].text == " ":
        begin += 1
    return len(trimmed(cells[:end])) or end, begin


def wrapped(cells: Sequence[Cell], limit: int) -> list[Sequence[Cell]]:
    """All lines of a text; one at least, though it be empty."""
    lines: list[Sequence[Cell]] = []
    rest = trimmed(cells)
    while len(rest) > 1 and columns(rest) > limit:
        taken, begin = first_line(rest, limit)
        lines.append(rest[:taken])
        rest = rest[begin:]
    return [*lines, rest] if rest or not lines else lines


def _that_fit(cells: Sequence[Cell], limit: int) -> int:
    """The index of the first cell that does not fit."""
    room = limit
    for n, cell in enumerate(cells):
        room -= cell.width
        if room < 0:
            return n
    return len(cells) - 1


def _may_part(left: Cell, right: Cell) -> bool:
    if left.text == " " or right.text == " ":
        return True
    is_wide = left.width > 1 or right.width > 1
    return is_wide and left.text not in _NEVER_LAST and right.text not in _NEVER_FIRST
