"""What to say of a model that does not fit: the figures, and what would."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from edge.core.errors import DoesNotFit
from edge.core.memory import MemoryPolicy
from edge.core.say import say
from edge.core.units import show_bytes
from edge.device.profile import DeviceProfile
from edge.models.catalog import Catalog
from edge.models.choosing import fitting
from edge.models.fit import MARGIN, Fit, fit
from edge.models.layout import Layouts


def refuse_unless_fits(held: Fit, name: str, layouts: Layouts, catalog: Catalog | None) -> None:
    """Raise DoesNotFit unless the model fits, saying what would; with a catalog, which model."""
    if held.fits:
        return
    raise DoesNotFit(
        say(
            "{name!r} needs {need} at {n_ctx} tokens of context; {have} is free, of "
            "which edge takes at most {margin:.0%}",
            name=name,
            need=show_bytes(held.need_bytes),
            n_ctx=held.n_ctx,
            have=show_bytes(held.have_bytes),
            margin=MARGIN,
        ),
        hint=say(", or ").join(_what_would_fit(held, layouts, catalog))
        or say("close other programs; no model of the catalog fits"),
    )


def _what_would_fit(held: Fit, layouts: Layouts, catalog: Catalog | None) -> Iterator[str]:
    """What to type instead; first what gives up least."""
    device = DeviceProfile("", 1, held.have_bytes, held.have_bytes)
    low = replace(layouts, policy=MemoryPolicy.LOW).at(held.shape, held.n_ctx)
    if fit(held.shape, device, held.n_ctx, low).fits:
        yield f"--memory {MemoryPolicy.LOW}"
    if held.largest_n_ctx:
        yield f"--ctx {held.largest_n_ctx}"
    smaller = next(fitting(catalog, device, held.n_ctx, layouts), None) if catalog else None
    if smaller:
        name = f"{smaller[0].name}:{smaller[1].name}"
        yield say("{name}, which fits", name=name)
