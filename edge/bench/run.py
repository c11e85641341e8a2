"""One run of the benchmark: its sections in their order, and the report of all."""

from __future__ import annotations

import os
from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType

from edge.bench.effort import Effort
from edge.bench.layouts import layouts
from edge.bench.memory import memory
from edge.bench.phone import Phone, as_on, emulate
from edge.bench.resume import resume
from edge.bench.rows import Conditions, Findings, Report
from edge.bench.speed import speed
from edge.bench.stops import stops
from edge.bench.subject import Subject
from edge.bench.threads import threads
from edge.bench.turns import turns
from edge.device.probe import machine_id
from edge.models.catalog import load_catalog
from edge.models.standing import find_device

Section = Callable[[Subject, Effort], Findings]

SECTIONS: Mapping[str, Section] = MappingProxyType(
    {
        "speed": speed,
        "turns": turns,
        "memory": memory,
        "threads": threads,
        "resume": resume,
        "layouts": layouts,
        "stops": stops,
    }
)
# A few minutes on a 0.5B.
USUAL = tuple(name for name in SECTIONS if name not in ("layouts", "stops"))


def measure(subject: Subject, names: Sequence[str], effort: Effort) -> Report:
    """Run these sections."""
    conditions = conditions_of(subject)
    found = [SECTIONS[name](subject, effort) for name in names]
    rows = tuple(row for findings in found for row in findings.rows)
    turns = tuple(turn for findings in found for turn in findings.turns)
    return Report(conditions, rows, turns, dict(ChainMap(*(dict(f.faster) for f in found))))


def measure_inside(subject: Subject, phone: Phone) -> Report:
    """Run the talk inside a phone's memory."""
    subject = as_on(phone, subject)
    return Report(conditions_of(subject), emulate(subject, phone).rows)


def phone_of(name: str, limit_bytes: int | None) -> Phone:
    """A device of the catalog; without a limit a model may take what is free on it, as assumed."""
    known = find_device(load_catalog(), name)
    profile = known.profile()
    return Phone(known.name, profile, limit_bytes or profile.free_bytes)


def conditions_of(subject: Subject) -> Conditions:
    """What is about to be measured, and how busy the machine is before."""
    options = subject.options()
    return Conditions(
        model=subject.model.name,
        machine=machine_id(),
        date_utc=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        threads=options.n_threads,
        n_ctx=options.n_ctx,
        policy=subject.settings.memory,
        layout=options.layout,
        load=_load(),
    )


def _load() -> float | None:
    try:
        return os.getloadavg()[0]
    except (OSError, AttributeError):  # Windows counts otherwise
        return None
