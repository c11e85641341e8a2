"""A table on standard output: drawn on a terminal, tab-separated lines for other programs."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Sequence

import typer

from edge.cli.page.escape import safe
from edge.cli.page.writer import is_terminal

Rows = Iterable[Sequence[str]]


def show_table(headings: Sequence[str], rows: Rows, *, right: Collection[str] = ()) -> None:
    """Print rows under their headings; the columns in `right` are numbers."""
    if is_terminal(sys.stdout):
        _draw(headings, rows, right)
        return
    for row in [headings, *rows]:
        show_row(*row)


def show_row(*cells: str) -> None:
    """Print one tab-separated line."""
    typer.echo("\t".join(map(printable, cells)))


def printable(text: str) -> str:
    """The text on one line and in one cell, what could steer a terminal made visible."""
    return safe(text.replace("\n", " ").replace("\t", " "))


def _draw(headings: Sequence[str], rows: Rows, right: Collection[str]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for n, heading in enumerate(headings):
        justify = "right" if heading in right else "left"
        table.add_column(heading, justify=justify, no_wrap=n == 0)  # type: ignore[arg-type]
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))  # as text: a name is never markup
    Console().print(table)
