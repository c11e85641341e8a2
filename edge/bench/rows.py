"""What a benchmark says: rows with both sides, as a table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `raw` is the engine's C functions alone, or the bound; None where there is none.

    `ratio` is the median of the pairs' own ratios where pairs were run, so that
    a machine whose speed drifts does not bend it.
    """

    name: str
    raw: float | None
    edge: float
    ratio: float | None
    unit: str


@dataclass(frozen=True, slots=True)
class Report:
    """All rows of one run, with what they were measured on."""

    model: str
    threads: int
    rows: tuple[Row, ...]

    def as_json(self) -> str:
        """One object; see `Row` for its rows."""
        return json.dumps(asdict(self), indent=2)

    def as_table(self) -> str:
        """Aligned columns for a terminal or a file."""
        cells = [("", "raw", "edge", "ratio", "unit")]
        cells += [(r.name, _show(r.raw), _show(r.edge), _show(r.ratio), r.unit) for r in self.rows]
        widths = [max(len(row[at]) for row in cells) for at in range(5)]
        lines = [f"{self.model}, {self.threads} threads"]
        lines += ["  ".join(_aligned(row, widths)).rstrip() for row in cells]
        return "\n".join(lines)


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *figures, unit = row
    sized = [figure.rjust(width) for figure, width in zip(figures, widths[1:-1], strict=True)]
    return [first.ljust(widths[0]), *sized, unit]


def _show(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
