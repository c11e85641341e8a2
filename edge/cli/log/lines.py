"""Lines cut and padded as a terminal counts them: Chinese takes two columns (pure)."""

from __future__ import annotations

from collections.abc import Iterable

from edge.cli.page.cell import Cell, cells_of, clipped, columns
from edge.cli.table import printable


def fitted(text: str, width: int) -> str:
    """One safe line of at most so many columns; a cut one ends with "…".

    >>> fitted("你好，世界", 5)
    '你好…'
    """
    cells = cells_of(printable(text))
    if columns(cells) <= width:
        return _text(cells)
    return f"{_text(clipped(cells, max(width - 1, 0))).rstrip()}…"


def column(texts: Iterable[str], *, most: int, right: bool = False) -> list[str]:
    """The texts of one column of a table, cut and padded to the width of the widest."""
    shown = [fitted(text, most) for text in texts]
    widths = [columns(cells_of(text)) for text in shown]
    pads = [" " * (max(widths) - width) for width in widths]
    return [pad + text if right else text + pad for text, pad in zip(shown, pads, strict=True)]


def _text(cells: Iterable[Cell]) -> str:
    return "".join(cell.text for cell in cells)
