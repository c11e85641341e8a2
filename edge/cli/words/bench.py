"""What `edge bench` says beside its figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.bench.rows import Conditions


def header(about: Conditions) -> str:
    """What the figures hold for."""
    busy = "" if about.load is None else f", load {about.load:.2f} before"
    threads = "1 thread" if about.threads == 1 else f"{about.threads} threads"
    return (
        f"{about.model}, {threads}, context {about.n_ctx}, memory {about.policy}; "
        f"{about.machine}{busy}"
    )


def emulated(device: str) -> str:
    """Said under the rows of a device that is not here."""
    return f"the memory of {device} was emulated, not its speed: times are this machine's"


def held_so(faster: Mapping[str, bool]) -> str:
    """What follows from having measured ways to hold the model."""
    said = [f"{name} is {'' if is_so else 'not '}faster here" for name, is_so in faster.items()]
    return f"{' and '.join(said)}: from now on the model is held so, but for --memory low"


def own_run() -> str:
    """--device and a section."""
    return "--device is a run of its own and takes neither sections nor --plot"


def limit_of_what() -> str:
    """--limit alone."""
    return "--limit says how much memory --device has"


def how_to_emulate() -> str:
    """The next thing to type."""
    return "edge bench --device dimensity-9300 --limit 1.8GB"
