"""Where a line ends: at a space, or between Chinese characters as they are set (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edge.cli.page.cell import Cell, cells_of, columns, trimmed

# Signs that close never begin a line, signs that open never end one.
_NEVER_FIRST = frozenset("，。、；：？！）】》〉」』”’…—％·~,.;:?!)]}%")
_NEVER_LAST = frozenset("（【《〈「『“‘([{")
_HANGING = 2  # columns the other lines of a note are set in
_GAP = 2  # between two columns
_NARROWEST = 24  # a column of sentences


def first_line(cells: Sequence[Cell], limit: int) -> tuple[int, int]:
    """Of cells wider than `limit`: how many the first line takes, and where the next begins.

    Raises nothing: where no place is good the line is cut at the limit, and a
    line has one cell at least.
    """
    full = _that_fit(cells, limit)
    indent = next((n for n, cell in enumerate(cells) if cell.text != " "), 0)
    good = (n for n in range(full, indent, -1) if _may_part(cells[n - 1], cells[n]))
    end = next(good, max(full, 1))
    return len(trimmed(cells[:end])) or end, _after_blanks(cells, end)


def wrapped(cells: Sequence[Cell], limit: int) -> list[Sequence[Cell]]:
    """All lines of a text; one at least, though it be empty."""
    lines: list[Sequence[Cell]] = []
    cells, at = trimmed(cells), 0
    while columns(window := _window(cells, at, limit)) > limit and len(window) > 1:
        taken, begin = first_line(window, limit)
        lines.append(window[:taken])
        at = _after_blanks(cells, at + begin)
    return [*lines, window] if window or not lines else lines


def in_lines(text: str, limit: int) -> list[str]:
    """A safe text of one style in lines of at most so many columns.

    >>> in_lines("显示版本，然后退出", 10)
    ['显示版本，', '然后退出']
    """
    return ["".join(cell.text for cell in line) for line in wrapped(cells_of(text), limit)]


def beside(rows: Sequence[tuple[str, str]], width: int) -> Iterator[str]:
    """Lines of two columns, the second wrapped; where it had no room it stands below the first."""
    room = max(columns(cells_of(left)) for left, _ in rows) + _GAP
    is_narrow = width - room < _NARROWEST
    at = _HANGING if is_narrow else room
    for left, right in rows:
        begins = left + " " * (room - columns(cells_of(left)))
        first, *others = in_lines(right, width - at)
        yield from (left, " " * at + first) if is_narrow else (begins + first,)
        yield from (" " * at + other for other in others)


def hung(cells: Sequence[Cell], limit: int) -> Iterator[Sequence[Cell]]:
    """The lines of a note, the second and those below it set in further than the first.

    A word that is longer than a line stays whole: a path or an address can be copied.
    """
    cells = trimmed(cells)
    if not cells:
        yield cells
    begin = _after_blanks(cells, 0)
    below = cells_of(" " * min(begin + _HANGING, limit // 2))
    before = cells[:begin]
    while begin < len(cells):
        end = _end_of_line(cells, begin, limit - columns(before))
        yield [*before, *trimmed(cells[begin:end])]
        begin, before = _after_blanks(cells, end), below


def _end_of_line(cells: Sequence[Cell], begin: int, room: int) -> int:
    """Where the line that begins here ends: before what does not fit, or behind one long word."""
    end, used = 0, 0
    for n in range(begin, len(cells)):
        if n > begin and _may_part(cells[n - 1], cells[n]):
            if used > room:
                return n
            end = n
        used += cells[n].width
        if used > room and end and cells[n].text != " ":
            return end
    return len(cells)


def _window(cells: Sequence[Cell], begin: int, limit: int) -> Sequence[Cell]:
    """As many as decide about a line that begins here; a text may be a megabyte long."""
    end = begin
    while end < len(cells) and limit >= 0:
        limit -= cells[end].width
        end += 1
    return cells[begin : max(end, begin + 2)]


def _after_blanks(cells: Sequence[Cell], begin: int) -> int:
    while begin < len(cells) and cells[begin].text == " ":
        begin += 1
    return begin


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
