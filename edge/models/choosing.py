"""Which model to begin with, to answer with, or to try instead; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from edge.core.errors import DoesNotFit
from edge.core.say import say
from edge.core.spec import ModelSpec, Purpose, Quant
from edge.core.units import show_bytes
from edge.device.profile import DeviceProfile
from edge.models.catalog import Catalog
from edge.models.fit import DEFAULT_N_CTX, MARGIN
from edge.models.layout import Layouts
from edge.models.need import N_CTX_STEP, need
from edge.models.shape import Shape, predicted_tps

# The model edge offers when nobody named one: small enough to wait for, and fast enough to read.
_MOST_FETCHED_BYTES = 1_400_000_000
_MOST_SHARE_OF_FREE = 0.5
_LEAST_TPS = 10.0
_FREE_LICENCE = "Apache-2.0"
_PLAIN = Layouts()

Choice = tuple[ModelSpec, Quant]


def default_model(
    catalog: Catalog,
    device: DeviceProfile,
    *,
    obtainable: Callable[[Quant], bool] | None = None,
    layouts: Layouts = _PLAIN,
) -> Choice:
    """The model to offer when nobody named one.

    The largest general model that is free software, tested, at most 1.4 GB to
    fetch, takes at most half of the free memory at the default context and
    decodes 10 tokens a second; where all are slower, the smallest. Where
    `obtainable` refuses all of those, the largest code model of the same kind
    serves; where it refuses everything, the general one stays the answer, and
    fetching it tells why.

    Raises DoesNotFit when the device is too small for all.
    """
    at_ease = sorted(_at_ease(catalog, device, layouts), key=lambda choice: -choice[0].params)
    quick = [choice for choice in at_ease if _fast_enough(Shape.of_spec(*choice), device)]
    choices = quick or sorted(at_ease, key=lambda choice: choice[1].read_bytes)
    general = [choice for choice in choices if choice[0].purpose is Purpose.GENERAL]
    code = [choice for choice in choices if choice[0].purpose is Purpose.CODE]
    if obtainable is not None:
        for choice in general + code:
            if obtainable(choice[1]):
                return choice
    if general:
        return general[0]
    raise DoesNotFit(
        say(
            "no model edge would choose by itself fits in half of the {free} that are free",
            free=show_bytes(device.free_bytes),
        ),
        hint=say("close other programs, or name one yourself: edge models"),
    )


def best_of(
    choices: Iterable[Choice],
    catalog: Catalog,
    device: DeviceProfile,
    *,
    layouts: Layouts = _PLAIN,
) -> Choice:
    """Which of these models to answer with.

    One edge would choose by itself comes before one that only fits, a general
    one before one for code, and of equals the largest.
    """
    chosen = {quant.sha256 for _, quant in _at_ease(catalog, device, layouts)}

    def rank(choice: Choice) -> tuple[bool, bool, bool, int]:
        spec, quant = choice
        fits = _need_bytes(choice, N_CTX_STEP, layouts) <= MARGIN * device.free_bytes
        general = spec.purpose is Purpose.GENERAL
        return quant.sha256 in chosen, fits, general, quant.size_bytes

    return max(choices, key=rank)


def fitting(
    catalog: Catalog, device: DeviceProfile, n_ctx: int, layouts: Layouts
) -> Iterator[Choice]:
    """Free general models that fit at a context: tested ones first, largest first."""
    by_trust_and_size = sorted(catalog.models.values(), key=lambda s: (not s.tested, -s.params))
    for spec in by_trust_and_size:
        if spec.purpose is Purpose.GENERAL and spec.licence == _FREE_LICENCE:
            for quant in spec.quants:
                if _need_bytes((spec, quant), n_ctx, layouts) <= MARGIN * device.free_bytes:
                    yield spec, quant


def _at_ease(catalog: Catalog, device: DeviceProfile, layouts: Layouts) -> Iterator[Choice]:
    most_bytes = _MOST_SHARE_OF_FREE * device.free_bytes
    for spec in catalog.models.values():
        if spec.licence != _FREE_LICENCE or not spec.tested:
            continue
        for quant in spec.quants:
            small = quant.size_bytes <= _MOST_FETCHED_BYTES
            if small and _need_bytes((spec, quant), DEFAULT_N_CTX, layouts) <= most_bytes:
                yield spec, quant


def _need_bytes(choice: Choice, n_ctx: int, layouts: Layouts) -> int:
    """What a model takes at this context, or at all it was trained for where that is less."""
    shape = Shape.of_spec(*choice)
    n_ctx = min(n_ctx, shape.n_ctx_train)
    return need(shape, n_ctx, layouts.at(shape, n_ctx)).total


def _fast_enough(shape: Shape, device: DeviceProfile) -> bool:
    """Whether it reads as fast as a person; a device nobody measured gets the benefit of doubt."""
    bandwidth = device.bandwidth_bytes_per_s
    return bandwidth is None or predicted_tps(shape, bandwidth) >= _LEAST_TPS
