"""What a benchmark says: rows with both sides, the turns of its talk, and what was measured."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median

from edge.core.memory import Layout


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `raw` is the engine's C functions alone, or what `unit` says; None: nothing.

    `ratio` is edge to raw: the median of the pairs' own ratios where pairs were
    run, so that a machine whose speed drifts does not bend it.
    """

    name: str
    raw: float | None
    edge: float
    ratio: float | None
    unit: str

    @staticmethod
    def of_pairs(name: str, pairs: Sequence[tuple[float, float]], unit: str) -> Row:
        """The medians of both sides, and the median of what each pair says."""
        raw, edge = (median(side) for side in zip(*pairs, strict=True))
        return Row(name, raw, edge, median(one / other for other, one in pairs), unit)


@dataclass(frozen=True, slots=True)
class TurnRow:
    """One turn of a talk: tokens read and found in the cache, and both waits for the first token.

    Medians where several conversations were held.
    """

    turn: int
    new_tokens: int
    cached_tokens: int
    raw_ms: float
    edge_ms: float
    ratio: float


@dataclass(frozen=True, slots=True)
class Findings:
    """What one section found; `faster` says of ways to hold the model whether they are."""

    rows: tuple[Row, ...]
    turns: tuple[TurnRow, ...] = ()
    faster: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Conditions:
    """What was measured, where and when; `load` is how busy the machine was before (1 min)."""

    model: str
    machine: str
    date_utc: str
    threads: int
    n_ctx: int
    policy: str
    layout: Layout
    load: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """All rows of one run, with the conditions they hold for."""

    conditions: Conditions
    rows: tuple[Row, ...]
    turns: tuple[TurnRow, ...] = ()
    faster: Mapping[str, bool] = field(default_factory=dict)

    def as_document(self) -> dict[str, object]:
        """One flat object for JSON; see `Conditions`, `Row` and `TurnRow`."""
        rows, turns = map(asdict, self.rows), map(asdict, self.turns)
        found = {"rows": list(rows), "turns": list(turns), "faster": dict(self.faster)}
        return {**asdict(self.conditions), **found}

    def as_json(self, *, indent: int | None = 2) -> str:
        """The document as text."""
        return json.dumps(self.as_document(), indent=indent)
