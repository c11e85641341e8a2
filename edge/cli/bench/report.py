"""A benchmark's report: its rows beside the last run's, and the turns of its talk."""

from __future__ import annotations

from collections.abc import Mapping

import typer

from edge.bench.rows import Report, Row, TurnRow
from edge.cli.progress import tell
from edge.cli.table import show_table
from edge.cli.words import bench as words
from edge.cli.words import tables


def show_report(report: Report, was: Mapping[str, float], *, as_json: bool) -> None:
    """Print the document, or the tables; `was` is what edge measured last, by the row's name."""
    if as_json:
        typer.echo(report.as_json())
        return
    tell(words.header(report.conditions))
    headings = tables.bench()
    rows = [_cells(row, was.get(row.name)) for row in report.rows]
    show_table(headings, rows, right=headings[1:5])
    if report.turns:
        typer.echo()
        turns = [_turn_cells(turn) for turn in report.turns]
        show_table(tables.bench_turns(), turns, right=tables.bench_turns())


def shown(value: float | None) -> str:
    """A figure with three digits, or all before the point; "-" for none."""
    if value is None:
        return "-"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _cells(row: Row, was: float | None) -> tuple[str, ...]:
    return (row.name, shown(row.raw), shown(row.edge), shown(row.ratio), shown(was), row.unit)


def _turn_cells(turn: TurnRow) -> tuple[str, ...]:
    tokens = (str(turn.turn), str(turn.new_tokens), str(turn.cached_tokens))
    return (*tokens, shown(turn.raw_ms), shown(turn.edge_ms), shown(turn.ratio))
