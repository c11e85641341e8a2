"""What `edge bench` says beside its figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from edge.core.say import say, say_n

if TYPE_CHECKING:
    from edge.bench.rows import Conditions


def header(about: Conditions) -> str:
    """What the figures hold for."""
    figures = say(
        "{model}, {threads}, context {n_ctx}, memory {policy}; {machine}",
        model=about.model,
        threads=say_n("1 thread", "{n} threads", about.threads),
        n_ctx=about.n_ctx,
        policy=about.policy,
        machine=about.machine,
    )
    if about.load is None:
        return figures
    return say("{figures}, load {load:.2f} before", figures=figures, load=about.load)


def emulated(device: str) -> str:
    """Said under the rows of a device that is not here."""
    return say(
        "the memory of {device} was emulated, not its speed: times are this machine's",
        device=device,
    )


def held_so(faster: Mapping[str, bool]) -> str:
    """What follows from having measured ways to hold the model."""
    found = say(" and ").join(
        _is_faster(name) if so else _is_not(name) for name, so in faster.items()
    )
    return say(
        "{found}: from now on the model is held so, but for --memory low",
        found=found,
    )


def _is_faster(layout: str) -> str:
    return say("{layout} is faster here", layout=layout)


def _is_not(layout: str) -> str:
    return say("{layout} is not faster here", layout=layout)


def own_run() -> str:
    """--device and a section."""
    return say("--device is a run of its own and takes neither sections nor --plot")


def limit_of_what() -> str:
    """--limit alone."""
    return say("--limit says how much memory --device has")


def how_to_emulate() -> str:
    """The next thing to type."""
    return "edge bench --device dimensity-9300 --limit 1.8GB"
