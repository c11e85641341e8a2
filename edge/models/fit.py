"""Does a model fit a device, at which context, and how fast would it be; pure arithmetic.

    need  =  weights + KV cache + recurrent states + compute buffer + overhead

The weights are mapped and counted once, whole: the page cache may drop them, but
a model that reads itself from disk for every token is no use. The figures for
buffers are measurements on Qwen2.5 0.5B and 1.5B with the pinned engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from edge.core.errors import DoesNotFit
from edge.core.spec import ModelSpec, Purpose, Quant
from edge.core.units import MIB, show_bytes
from edge.device import DeviceProfile
from edge.models.catalog import Catalog
from edge.models.gguf import Header

# A fifth of what is free stays free: the user's other programs go on growing, and a
# device that begins to swap decodes at the speed of its disk.
MARGIN = 0.8
DEFAULT_N_CTX = 4096
_N_CTX_STEP = 256  # the engine rounds every context up to this
_COMPUTE_BYTES = 75 * MIB  # measured 40 to 75 MiB with logits for one row
_PYTHON_BYTES = 45 * MIB  # measured 25 to 45 MiB for the engine's process before the model
_VOCAB_BYTES_PER_TOKEN = 52 * MIB / 151_936  # measured 52 MiB for that vocabulary
_RECURRENT_STATES = 4  # the live one and three checkpoints

# The model edge offers when nobody named one: small enough to wait for, and fast enough to read.
_MOST_FETCHED_BYTES = 1_400_000_000
_MOST_SHARE_OF_FREE = 0.5
_LEAST_TPS = 10.0

Choice = tuple[ModelSpec, Quant]


@dataclass(frozen=True, slots=True)
class Shape:
    """What memory and speed depend on, from a catalog entry or from a file's header.

    `repackable_bytes` is the most of the weights the engine may copy for speed.
    """

    weights_bytes: int
    read_bytes: int
    kv_values_per_token: int
    recurrent_state_bytes: int
    n_vocab: int
    n_ctx_train: int
    repackable_bytes: int

    @classmethod
    def of_spec(cls, spec: ModelSpec, quant: Quant) -> Shape:
        """The shape a catalog entry promises."""
        return cls(
            weights_bytes=quant.size_bytes,
            read_bytes=quant.read_bytes,
            kv_values_per_token=2 * spec.n_kv_layers * spec.n_kv_heads * spec.head_dim,
            recurrent_state_bytes=spec.recurrent_state_bytes,
            n_vocab=spec.n_vocab,
            n_ctx_train=spec.n_ctx_train,
            repackable_bytes=quant.read_bytes,
        )

    @classmethod
    def of_header(cls, header: Header) -> Shape:
        """The shape a file has."""
        vectors = header.n_kv_layers * header.n_kv_heads
        return cls(
            weights_bytes=header.size_bytes,
            read_bytes=header.read_bytes,
            kv_values_per_token=vectors * (header.key_length + header.value_length),
            recurrent_state_bytes=header.recurrent_state_bytes,
            n_vocab=header.n_vocab,
            n_ctx_train=header.n_ctx_train,
            repackable_bytes=header.repackable_bytes,
        )


@dataclass(frozen=True, slots=True)
class Parts:
    """Where the memory goes, in bytes."""

    weights: int
    kv: int
    recurrent: int
    compute: int
    overhead: int

    @property
    def total(self) -> int:
        """All parts together."""
        return self.weights + self.kv + self.recurrent + self.compute + self.overhead


@dataclass(frozen=True, slots=True)
class Fit:
    """A shape held against a device at a context of `n_ctx` tokens.

    `have_bytes` is what is free; `largest_n_ctx` is the longest context that
    fits, 0 when none does.
    """

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


def fit(
    shape: Shape,
    device: DeviceProfile,
    n_ctx: int,
    *,
    kv_bytes_per_value: float = 2.0,
    repacks: bool = False,
) -> Fit:
    """Hold a model against a device.

    `kv_bytes_per_value` is 2 for an f16 cache and 34/32 for q8_0; `repacks`
    tells whether the engine keeps a reordered copy of the weights (measured:
    597 MiB more for the 1.5B, decoding about 10 % faster).
    """
    base = _parts_without_kv(shape, repacks=repacks)
    kv = kv_cache_bytes(shape, n_ctx, bytes_per_value=kv_bytes_per_value)
    parts = Parts(base.weights, kv, base.recurrent, base.compute, base.overhead)
    kv_room = MARGIN * device.free_bytes - base.total
    longest = largest_n_ctx(shape, kv_room, bytes_per_value=kv_bytes_per_value)
    return Fit(n_ctx, longest, device.free_bytes, parts)


def default_n_ctx(shape: Shape, device: DeviceProfile, *, repacks: bool = False) -> int:
    """The context to open a model with when nobody said: 4096 tokens, or what fits; 0 if none."""
    return min(DEFAULT_N_CTX, fit(shape, device, _N_CTX_STEP, repacks=repacks).largest_n_ctx)


def kv_cache_bytes(shape: Shape, n_ctx: int, *, bytes_per_value: float = 2.0) -> int:
    """Memory the KV cache takes at a context of `n_ctx` tokens.

    One K and one V vector per attending layer, KV head and token; the context
    is rounded up to 256 as the engine does.

    >>> qwen3_0_6b = Shape(0, 0, 2 * 28 * 8 * 128, 0, 151_936, 32_768, 0)
    >>> kv_cache_bytes(qwen3_0_6b, n_ctx=4096)
    469762048
    """
    cells = -(-n_ctx // _N_CTX_STEP) * _N_CTX_STEP
    return round(shape.kv_values_per_token * bytes_per_value * cells)


def largest_n_ctx(shape: Shape, kv_room_bytes: float, *, bytes_per_value: float = 2.0) -> int:
    """The longest context whose KV cache takes at most `kv_room_bytes`.

    A multiple of 256, at most what the model was trained for; 0 when even 256
    tokens do not fit.
    """
    per_token = shape.kv_values_per_token * bytes_per_value
    tokens = min(int(max(0.0, kv_room_bytes) // per_token), shape.n_ctx_train)
    return tokens // _N_CTX_STEP * _N_CTX_STEP


def predicted_tps(shape: Shape, bandwidth_bytes_per_s: float) -> float:
    """Tokens per second at which decoding would read memory as fast as it comes: a ceiling.

    Decoding reads every weight once a token and does little else. A Raspberry Pi 5
    reads two thirds of its peak; give the measured bandwidth where there is one.
    """
    return bandwidth_bytes_per_s / shape.read_bytes


def refuse_unless_fits(fit: Fit, name: str, catalog: Catalog | None = None) -> None:
    """Raise DoesNotFit unless the model fits, saying what would."""
    if fit.fits:
        return
    raise DoesNotFit(
        f"{name!r} needs {show_bytes(fit.need_bytes)} at {fit.n_ctx} tokens of context; "
        f"{show_bytes(fit.have_bytes)} is free, of which edge takes at most {MARGIN:.0%}",
        hint=_what_would_fit(fit, catalog),
    )


def default_model(
    catalog: Catalog,
    device: DeviceProfile,
    *,
    obtainable: Callable[[Quant], bool] | None = None,
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
    at_ease = sorted(_at_ease(catalog, device), key=lambda choice: -choice[0].params)
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
        f"no model edge would choose by itself fits in half of the {show_bytes(device.free_bytes)}"
        " that are free",
        hint="close other programs, or name one yourself: edge models",
    )


def best_of(choices: Iterable[Choice], catalog: Catalog, device: DeviceProfile) -> Choice:
    """Which of these models to answer with.

    One edge would choose by itself comes before one that only fits, a general
    one before one for code, and of equals the largest.
    """
    chosen = {quant.sha256 for _, quant in _at_ease(catalog, device)}

    def rank(choice: Choice) -> tuple[bool, bool, bool, int]:
        spec, quant = choice
        held = fit(Shape.of_spec(spec, quant), device, _N_CTX_STEP)
        general = spec.purpose is Purpose.GENERAL
        return quant.sha256 in chosen, held.fits, general, quant.size_bytes

    return max(choices, key=rank)


def _at_ease(catalog: Catalog, device: DeviceProfile) -> Iterator[Choice]:
    for spec in catalog.models.values():
        if spec.licence != "Apache-2.0" or not spec.tested:
            continue
        for quant in spec.quants:
            shape = Shape.of_spec(spec, quant)
            held = fit(shape, device, min(DEFAULT_N_CTX, spec.n_ctx_train))
            small = quant.size_bytes <= _MOST_FETCHED_BYTES
            at_ease = held.need_bytes <= _MOST_SHARE_OF_FREE * device.free_bytes
            if small and at_ease:
                yield spec, quant


def _fast_enough(shape: Shape, device: DeviceProfile) -> bool:
    """Whether it reads as fast as a person; a device nobody measured gets the benefit of doubt."""
    bandwidth = device.bandwidth_bytes_per_s
    return bandwidth is None or predicted_tps(shape, bandwidth) >= _LEAST_TPS


def _parts_without_kv(shape: Shape, *, repacks: bool) -> Parts:
    return Parts(
        weights=shape.weights_bytes + (shape.repackable_bytes if repacks else 0),
        kv=0,
        recurrent=_RECURRENT_STATES * shape.recurrent_state_bytes,
        compute=_COMPUTE_BYTES,
        overhead=_PYTHON_BYTES + round(_VOCAB_BYTES_PER_TOKEN * shape.n_vocab),
    )


def _what_would_fit(fit: Fit, catalog: Catalog | None) -> str:
    ways = [f"--ctx {fit.largest_n_ctx}"] if fit.largest_n_ctx else []
    smaller = next(_fitting(fit, catalog), None) if catalog else None
    if smaller:
        ways.append(f"{smaller[0].name}:{smaller[1].name}, which fits")
    return ", or ".join(ways) or "close other programs; no model of the catalog fits"


def _fitting(failed: Fit, catalog: Catalog) -> Iterator[Choice]:
    """Free general models that fit where another did not: tested ones first, largest first."""
    device = DeviceProfile("", 1, failed.have_bytes, failed.have_bytes)
    by_trust_and_size = sorted(catalog.models.values(), key=lambda s: (not s.tested, -s.params))
    for spec in by_trust_and_size:
        if spec.purpose is Purpose.GENERAL and spec.licence == "Apache-2.0":
            for quant in spec.quants:
                n_ctx = min(failed.n_ctx, spec.n_ctx_train)
                if fit(Shape.of_spec(spec, quant), device, n_ctx).fits:
                    yield spec, quant
