"""Does a model fit a device, at which context; pure arithmetic."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace

from edge.core.memory import Layout
from edge.device.profile import DeviceProfile
from edge.models.layout import Layouts
from edge.models.need import N_CTX_STEP, Parts, need
from edge.models.shape import Shape

# A fifth of what is free stays free: the user's other programs go on growing, and a
# device that begins to swap decodes at the speed of its disk.
MARGIN = 0.8
DEFAULT_N_CTX = 4096


@dataclass(frozen=True, slots=True)
class Fit:
    """A shape held against a device, in one layout, at a context of `n_ctx` tokens.

    `have_bytes` is what is free; `largest_n_ctx` is the longest context that
    fits, 0 when none does.
    """

    shape: Shape
    layout: Layout
    n_ctx: int
    largest_n_ctx: int
    have_bytes: int
    parts: Parts

    @property
    def need_bytes(self) -> int:
        """Memory the model takes, all parts together."""
        return self.parts.total

    @property
    def fits(self) -> bool:
        """Whether a fifth of what is free stays free."""
        return self.need_bytes <= MARGIN * self.have_bytes


def fit(shape: Shape, device: DeviceProfile, n_ctx: int, layout: Layout) -> Fit:
    """Hold a model against a device in one layout, whatever the context."""
    longest = _longest(shape, device, layout, shape.n_ctx_train)
    parts = need(shape, n_ctx, layout)
    return Fit(shape, layout, n_ctx, longest, device.free_bytes, parts)


def fit_by(shape: Shape, device: DeviceProfile, n_ctx: int, layouts: Layouts) -> Fit:
    """Hold a model against a device, each context in its own layout."""
    held = fit(shape, device, n_ctx, layouts.at(shape, n_ctx))
    return replace(held, largest_n_ctx=largest_n_ctx(shape, device, layouts))


def default_n_ctx(shape: Shape, device: DeviceProfile, layouts: Layouts) -> int:
    """The context to open a model with when nobody said: 4096 tokens, or what fits; 0 if none."""
    return largest_n_ctx(shape, device, layouts, most=DEFAULT_N_CTX)


def largest_n_ctx(
    shape: Shape, device: DeviceProfile, layouts: Layouts, *, most: int | None = None
) -> int:
    """The longest context that fits in the layout it has, at most `most` tokens.

    A multiple of 256, at most what the model was trained for; 0 when even 256
    tokens do not fit.
    """
    most = min(shape.n_ctx_train, most or shape.n_ctx_train)
    leanest = layouts.at(shape, most)
    longest = _longest(shape, device, leanest, most)
    own = layouts.at(shape, longest)
    # Short contexts may have a roomier layout, and never the other way round: what
    # fits in that one is no longer, so it has that layout as well.
    return longest if own == leanest else _longest(shape, device, own, longest)


def _longest(shape: Shape, device: DeviceProfile, layout: Layout, most: int) -> int:
    contexts = range(N_CTX_STEP, most + 1, N_CTX_STEP)

    def need_bytes(n_ctx: int) -> int:
        return need(shape, n_ctx, layout).total

    n_fitting = bisect_right(contexts, MARGIN * device.free_bytes, key=need_bytes)
    return contexts[n_fitting - 1] if n_fitting else 0
