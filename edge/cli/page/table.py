"""A table of Markdown laid out for a width: side by side, or one row below another (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from edge.cli.page.cell import Cell, cells_of, columns
from edge.cli.page.inline import Inline
from edge.cli.page.theme import Style, Theme
from edge.cli.page.wrap import wrapped

# Nothing is tried twice ("*+"): a row can be long.
_DELIMITER = re.compile(r"\|?[ \t]*+:?-++:?[ \t]*+(\|[ \t]*+:?-++:?[ \t]*+)*+\|?[ \t]*+")
_BAR = re.compile(r"(?<!\\)\|")
_GAP_COLUMNS = 3
_NARROWEST = 5  # columns a field needs before fields stand side by side

Field = Sequence[Cell]
Line = list[Cell]


def is_delimiter(row: str) -> bool:
    """Whether this is the row that makes the one above it a table's head."""
    return "-" in row and _DELIMITER.fullmatch(row) is not None


def laid_out(rows: Sequence[str], width: int, theme: Theme) -> Iterator[Line]:
    """The lines of a table: `rows` are its head, its delimiter, and what follows."""
    head, delimiter, *body = ([part.strip() for part in _parts(row)] for row in rows)
    n = max(len(head), *(len(row) for row in body), 1) if body else len(head)
    heads = [_field(text, theme, Style.BOLD) for text in _padded(head, n)]
    fields = [[_field(text, theme) for text in _padded(row, n)] for row in body]
    room = width - _GAP_COLUMNS * (n - 1)
    natural = _natural([heads, *fields])
    widths = _shared(natural, room)
    if sum(widths) > room or _are_too_narrow(widths, natural):
        yield from _one_below_another(heads, fields, width, theme)
        return
    aligns = [_align(text) for text in _padded(delimiter, n)]
    yield from _side_by_side(heads, widths, aligns, theme)
    yield _line_below(widths, theme)
    for row in fields:
        yield from _side_by_side(row, widths, aligns, theme)


def _parts(row: str) -> list[str]:
    inner = row.strip().removeprefix("|")
    parts = [part.replace("\\|", "|") for part in _BAR.split(inner)]  # in code, too
    return parts[:-1] if len(parts) > 1 and not parts[-1].strip() else parts


def _padded(parts: list[str], n: int) -> list[str]:
    return parts + [""] * (n - len(parts))


def _field(text: str, theme: Theme, style: Style = Style.PLAIN) -> Field:
    inline = Inline(theme, style)
    for char in text:
        inline.feed(char)
    inline.end()
    return inline.cells


def _natural(rows: Sequence[Sequence[Field]]) -> list[int]:
    return [max(1, *(columns(field) for field in column)) for column in zip(*rows, strict=True)]


def _shared(natural: list[int], room: int) -> list[int]:
    """The widths of columns within `room`: the widest give, and as evenly as can be.

    >>> _shared([4, 30, 20], 30)
    [4, 13, 13]
    """
    widths, left, share = list(natural), room, 0
    for n, i in enumerate(sorted(range(len(natural)), key=natural.__getitem__)):
        share = max(left // (len(natural) - n), 1)
        widths[i] = min(natural[i], share)
        left -= widths[i]
    return widths


def _are_too_narrow(widths: list[int], natural: list[int]) -> bool:
    return any(width < min(n, _NARROWEST) for width, n in zip(widths, natural, strict=True))


def _align(delimiter: str) -> str:
    text = delimiter.strip()
    if text.endswith(":"):
        return "^" if text.startswith(":") else ">"
    return "<"


def _side_by_side(
    row: Sequence[Field], widths: Sequence[int], aligns: Sequence[str], theme: Theme
) -> Iterator[Line]:
    columns_ = [wrapped(field, width) for field, width in zip(row, widths, strict=True)]
    for pieces in zip_longest(*columns_, fillvalue=()):
        line: Line = []
        for i, piece in enumerate(pieces):
            line += _separator(theme) if i else []
            line += _placed(piece, widths[i], aligns[i])
        yield line


def _separator(theme: Theme) -> Line:
    return cells_of(f" {theme.bar} ")


def _placed(piece: Field, width: int, align: str) -> Line:
    free = max(width - columns(piece), 0)
    before = {"<": 0, ">": free, "^": free // 2}[align]
    return [*cells_of(" " * before), *piece, *cells_of(" " * (free - before))]


def _line_below(widths: Sequence[int], theme: Theme) -> Line:
    cross = f"{theme.rule}{theme.cross}{theme.rule}"
    return cells_of(cross.join(theme.rule * width for width in widths), Style.FAINT)


def _one_below_another(
    heads: Sequence[Field], rows: Sequence[Sequence[Field]], width: int, theme: Theme
) -> Iterator[Line]:
    """Each row as lines of "head: field"; the way of a table that is wider than any screen."""
    if not rows:
        for head in heads:
            yield from map(list, wrapped(head, width))
    for n, row in enumerate(rows):
        if n:
            yield cells_of(theme.rule * min(_GAP_COLUMNS, width), Style.FAINT)
        for head, field in zip(heads, row, strict=True):
            yield from map(list, wrapped([*head, *cells_of(": "), *field], width))
