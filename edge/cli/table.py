"""A table on standard output: drawn on a terminal, tab-separated lines for other programs."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Sequence

import typer

from edge.cli.escape import safe

Rows = Iterable[Sequence[str]]


def show_table(headings: Sequence[str], rows: Rows, *, right: Collection[str] = ()) -> None:
    """Print rows under their headings; the columns in `right` are numbers."""
    clean = [[printable(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _draw(headings, clean, right)
        return
    for row in [headings, *clean]:
        typer.echo("\t".join(row))


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
        table.add_row(*map(Text, row))  # as text: a name is never markup
    Console().print(table)
