"""A table on standard output: drawn on a terminal, tab-separated lines for other programs."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator, Sequence

import typer

from edge.cli.page.escape import safe
from edge.cli.page.streams import is_terminal

_GAP = 2
_NARROW = 60  # cells: below it, columns beside each other would be stumps

Rows = Iterable[Sequence[str]]


def show_table(headings: Sequence[str], rows: Rows, *, right: Collection[str] = ()) -> None:
    """Print rows under their headings; the columns in `right` are numbers."""
    if is_terminal(sys.stdout):
        _draw(headings, list(rows), right)
        return
    for row in [headings, *rows]:
        show_row(*row)


def show_row(*cells: str) -> None:
    """Print one tab-separated line."""
    typer.echo("\t".join(map(printable, cells)))


def printable(text: str) -> str:
    """The text on one line and in one cell, what could steer a terminal made visible."""
    return safe(text).replace("\n", " ").replace("\t", " ")


def stacked(headings: Sequence[str], rows: Rows) -> Iterator[str]:
    """A table for a narrow screen: each row by its first cell, and below it what else it says.

    >>> list(stacked(["MODEL", "SIZE", "FITS"], [["tiny", "2 MiB", "yes"]]))
    ['tiny', '  size 2 MiB, fits yes']
    """
    for first, *others in rows:
        yield printable(first)
        said = (
            f"{head.lower()} {printable(cell)}"
            for head, cell in zip(headings[1:], others, strict=True)
        )
        yield f"  {', '.join(said)}"


def _draw(headings: Sequence[str], rows: Sequence[Sequence[str]], right: Collection[str]) -> None:
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    columns = zip(headings, *rows, strict=True)
    wide = sum(max(map(cell_len, column)) + _GAP for column in columns) - _GAP
    if console.width < min(wide, _NARROW):
        for line in stacked(headings, rows):
            console.print(Text(line))
        return
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0))
    for n, heading in enumerate(headings):
        justify = "right" if heading in right else "left"
        table.add_column(heading, justify=justify, no_wrap=n == 0)  # type: ignore[arg-type]
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))  # as text: a name is never markup
    console.print(table)
