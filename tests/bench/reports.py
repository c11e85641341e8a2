"""Reports as a run leaves them, without the run."""

from __future__ import annotations

from dataclasses import replace

from edge.bench.rows import Conditions, Report, Row, TurnRow
from edge.core.memory import Layout

CONDITIONS = Conditions(
    model="qwen2.5-0.5b",
    machine="a machine",
    date_utc="2026-11-22T10:00:00Z",
    threads=2,
    n_ctx=4096,
    policy="auto",
    layout=Layout(),
    load=0.25,
)


def report_of(rows: dict[str, float], turns: tuple[TurnRow, ...] = (), **about: str) -> Report:
    """A report of rows that have a value and no more."""
    plain = tuple(Row(name, None, value, None, "s") for name, value in rows.items())
    return Report(replace(CONDITIONS, **about), plain, turns)
