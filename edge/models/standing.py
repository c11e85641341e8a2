"""How every model stands to a device: is it here, does it fit, how fast might it be."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from edge.core.errors import EdgeError, UnknownName
from edge.core.say import say
from edge.core.spec import ModelSpec
from edge.device.profile import DeviceProfile
from edge.models.catalog import Catalog, KnownDevice
from edge.models.fit import DEFAULT_N_CTX, Fit, fit_by
from edge.models.layout import Layouts
from edge.models.library import Library, Model
from edge.models.shape import Shape, predicted_tps
from edge.models.shelf import Weights

_FREE_LICENCE = "Apache-2.0"


@dataclass(frozen=True, slots=True)
class Standing:
    """A model held against a device at `fit.n_ctx` tokens.

    `predicted_tps` is arithmetic on the memory's speed, never a measurement of
    the model; None where that speed is not known.
    """

    model: Model
    fit: Fit
    predicted_tps: float | None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Weights on the shelf that cannot be a model any more, and why."""

    weights: Weights
    error: EdgeError


@dataclass(frozen=True, slots=True)
class Terms:
    """What models are held against. `n_ctx` None is the default context."""

    device: DeviceProfile
    layouts: Layouts
    n_ctx: int | None = None


def every_model(library: Library) -> Iterator[Model | Unreadable]:
    """The catalog in its order, each quant, then the files others brought; no bytes are hashed."""
    here = {weights.sha256: weights for weights in library.shelf.entries()}
    for spec in library.catalog.models.values():
        for quant in spec.quants:
            yield Model(spec, quant, here.pop(quant.sha256, None))
    for weights in here.values():
        try:
            yield library.brought(weights)
        except EdgeError as error:
            yield Unreadable(weights, error)


def standing(model: Model, terms: Terms) -> Standing:
    """Hold one model against a device."""
    shape = Shape.of_spec(model.spec, model.quant)
    n_ctx = min(terms.n_ctx or DEFAULT_N_CTX, shape.n_ctx_train)
    held = fit_by(shape, terms.device, n_ctx, terms.layouts)
    bandwidth = terms.device.bandwidth_bytes_per_s
    return Standing(model, held, predicted_tps(shape, bandwidth) if bandwidth else None)


def licence_note(spec: ModelSpec) -> str:
    """What to know before a model is used; empty where its licence asks for no thought."""
    if spec.licence == _FREE_LICENCE:
        return ""
    return f"licence {spec.licence}: {spec.licence_warning}"


def find_device(catalog: Catalog, name: str) -> KnownDevice:
    """A device of the catalog; raises UnknownName, with near names as the hint."""
    if name.lower() not in catalog.devices:
        near = difflib.get_close_matches(name.lower(), catalog.devices, n=3, cutoff=0.4)
        hint = ", ".join(near or catalog.devices)
        raise UnknownName(say("no device is called {name!r}", name=name[:120]), hint=hint)
    return catalog.devices[name.lower()]
