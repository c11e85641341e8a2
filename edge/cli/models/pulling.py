"""Pull as a person watches it: progress, notes and questions, all on standard error."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import typer

from edge.cli.progress import Progress, can_ask, confirm, show_progress
from edge.cli.words import models as words
from edge.core.errors import Cancelled

if TYPE_CHECKING:
    from edge.core.spec import Quant
    from edge.models.library import Library, Model
    from edge.models.shelf import Shelf, Weights
    from edge.models.sources import Hosts


@dataclass(frozen=True, slots=True)
class Order:
    """What to pull: the bytes, the name they get, and what to type for it."""

    quant: Quant
    name: str
    typed: str


def pull_for_terminal(
    library: Library, model: Model, *, yes: bool, hosts: Hosts | None = None
) -> Model:
    """The model with its weights on the shelf, pulled if they are not there.

    `yes` agrees to unofficial sources beforehand; else a person at a terminal is
    asked. Raises what `pull` raises, and Cancelled for Ctrl-C.
    """
    if model.weights is not None:
        return model
    order = Order(model.quant, model.spec.name, model.name)
    weights = fetch(library.shelf, order, yes=yes, hosts=hosts or hosts_in_force())
    return replace(model, weights=weights)


def hosts_in_force() -> Hosts:
    """The hosts the environment names, none of them asked where the settings say offline."""
    import os

    from edge.models.sources import Hosts
    from edge.settings.chosen import load_settings

    return Hosts.from_environ(os.environ, offline=load_settings().offline)


def fetch(shelf: Shelf, order: Order, *, yes: bool, hosts: Hosts) -> Weights:
    """Bring the weights to the shelf and show how it goes."""
    from edge.models.download import PullOptions, pull

    progress = show_progress(order.typed)
    options = PullOptions(
        hosts=hosts,
        consent=lambda what: yes or _agreed(what, progress),
        on_progress=progress.advance,
        on_note=progress.say,
    )
    try:
        return pull(order.quant, order.name, shelf, options)
    except (KeyboardInterrupt, typer.Abort) as stopped:
        raise _stopped(shelf, order) from stopped
    finally:
        progress.close()


def _agreed(what: str, progress: Progress) -> bool:
    """Whether a person says yes; where none is there, the answer is no."""
    if not can_ask():
        return False
    progress.close()
    return confirm(words.take_it(what))


def _stopped(shelf: Shelf, order: Order) -> Cancelled:
    part = shelf.part_path(order.quant.sha256)
    kept_bytes = part.stat().st_size if part.exists() else 0
    return Cancelled(
        words.pull_stopped(order.typed),
        kept=words.part_kept(kept_bytes) if kept_bytes else "",
        hint=f"edge pull {order.typed}",
    )
