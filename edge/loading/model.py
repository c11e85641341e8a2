"""From a model's name and the settings to what an engine runs: chosen, looked at, and fitted.

Joins the rooms that must not know each other: a file is looked at and held
against the memory that is free before an engine sees it.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass, replace
from pathlib import Path

from edge.core.errors import UnknownName, UnsupportedModel
from edge.core.event import Notice, NoticeCode
from edge.core.memory import MemoryPolicy
from edge.core.say import say
from edge.core.spec import Thinking
from edge.core.units import GIB, show_bytes
from edge.device.probe import machine_id, probe_device
from edge.device.profile import DeviceProfile
from edge.engine.edge.frames import Keep
from edge.engine.edge.options import EngineOptions
from edge.engine.edge.template import known_template_hashes
from edge.engine.edge.threads import counts_to_try
from edge.models.catalog import load_catalog
from edge.models.choosing import best_of
from edge.models.fit import DEFAULT_N_CTX, Fit, default_n_ctx, fit_by
from edge.models.gguf import Header, preflight
from edge.models.layout import Layouts, Measured
from edge.models.library import Library, Model
from edge.models.refusal import refuse_unless_fits
from edge.models.shape import Shape
from edge.models.shelf import Shelf
from edge.settings.chosen import Settings
from edge.settings.folders import Folders
from edge.store.state import State

# Some twenty conversations of 4,096 tokens on a 0.5B, five on a Qwen3; the oldest go first.
SNAPSHOT_BUDGET_BYTES = 1 * GIB
# Coming back costs a second or two: the weights are mapped again, the talk is on the disk.
_UNLOAD_AFTER_S = {MemoryPolicy.LOW: 60.0, MemoryPolicy.AUTO: 600.0, MemoryPolicy.FAST: None}


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model that was looked at and fits: its file's header, and the memory it takes."""

    model: Model
    header: Header
    fit: Fit

    @property
    def notice(self) -> Notice | None:
        """What the user should know of the file, if anything."""
        sha256 = self.header.template_sha256
        if sha256 is None or sha256 in known_template_hashes:
            return None
        return Notice(
            NoticeCode.UNKNOWN_TEMPLATE,
            say(
                "the file carries a chat template edge has not seen; {template!r} is used",
                template=self.model.spec.template,
            ),
        )


def open_library(folders: Folders) -> Library:
    """Everything that has a name on this machine."""
    return Library(load_catalog(), Shelf(folders.models))


def choose(library: Library, settings: Settings, state: State) -> Model | None:
    """The model named, else the one used last, else the best that is here; None if none is.

    A model used last that is gone since then counts as none.
    """
    if settings.model:
        return library.find(settings.model)
    here = {model.name: model for model in library.here()}
    if not here or state.last_model in here:
        return here.get(state.last_model or "")
    choices = [(model.spec, model.quant) for model in here.values()]
    best = best_of(choices, library.catalog, probe_device(), layouts=layouts_here(settings))
    return next(model for model in here.values() if (model.spec, model.quant) == best)


def load(
    model: Model,
    settings: Settings,
    device: DeviceProfile,
    measured: Measured | None = None,
) -> Loaded:
    """Preflight and fit; raises UnknownName, BadModelFile, UnsupportedModel or DoesNotFit.

    `measured` is what was found to be faster on this machine.
    """
    if model.weights is None:
        raise UnknownName(
            say(
                "{name!r} ({size}) is not on this machine",
                name=model.name,
                size=show_bytes(model.quant.size_bytes),
            ),
            hint=f"edge pull {model.name}",
        )
    header = preflight(model.weights.path)
    if header.arch != model.spec.arch:
        raise UnsupportedModel(
            say(
                "{name!r} should be {wanted!r} and the file is {found!r}",
                name=model.name,
                wanted=model.spec.arch,
                found=header.arch,
            ),
            hint=f"edge verify {model.name}",
        )
    shape, layouts = Shape.of_header(header), replace(layouts_here(settings), measured=measured)
    n_ctx = settings.n_ctx or default_n_ctx(shape, device, layouts) or DEFAULT_N_CTX
    held = fit_by(shape, device, min(n_ctx, shape.n_ctx_train), layouts)
    if not held.fits:
        refuse_unless_fits(held, model.name, layouts, load_catalog())
    return Loaded(model, header, held)


def engine_options(loaded: Loaded, settings: Settings, folders: Folders) -> EngineOptions:
    """How to run a model here."""
    assert loaded.model.weights is not None
    device, fixed = probe_device(), settings.n_threads is not None
    n_writing = None if fixed else State(folders).threads(tried_here(loaded.model))
    return EngineOptions(
        path=str(loaded.model.weights.path),
        template=loaded.model.spec.template,
        n_ctx=loaded.fit.n_ctx,
        n_threads=settings.n_threads or device.n_cores,
        threads_fixed=fixed,
        reasons=loaded.model.spec.thinking is not Thinking.NEVER,
        gpu=not settings.cpu_only,
        layout=loaded.fit.layout,
        rereads=not device.on_battery,
        keep=kept_timelines(loaded, settings, folders),
        n_writing=n_writing,
        sweep=() if fixed or n_writing or device.on_battery else counts_to_try(device.n_cores),
        idle_s=idle_s(settings),
    )


def tried_here(model: Model) -> str:
    """The name under which is kept what was tried with a model on this machine."""
    assert model.weights is not None
    return f"{model.weights.sha256[:16]} on {machine_id()}"


def measured_here(model: Model, folders: Folders) -> Measured:
    """What was found to be faster with a model on this machine."""
    found = State(folders).faster(tried_here(model)) if model.weights else {}
    return Measured(repack=found.get("repack"), flash=found.get("flash"))


def idle_s(settings: Settings) -> float | None:
    """How long the engine waits for a prompt before it gives its memory back; None for ever."""
    if settings.unload_after_s is not None:
        return settings.unload_after_s or None
    return _UNLOAD_AFTER_S[MemoryPolicy(settings.memory)]


def kept_timelines(loaded: Loaded, settings: Settings, folders: Folders) -> Keep | None:
    """Where timelines are kept between runs: beside the talk they hold, as private as it is."""
    if not (settings.snapshots and settings.save) or loaded.model.weights is None:
        return None
    folder = snapshots_beside(folders.store)
    return Keep(str(folder), loaded.model.weights.sha256, SNAPSHOT_BUDGET_BYTES)


def snapshots_beside(store: Path) -> Path:
    """The folder of the timelines of the conversations in a store."""
    return store.with_name("snapshots")


def layouts_here(settings: Settings) -> Layouts:
    """What decides how models are held in the memory of this machine."""
    arm = platform.machine().lower() in ("arm64", "aarch64")
    return Layouts(MemoryPolicy(settings.memory), arm)
