"""Which layout a memory policy means for a model at a context; pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from edge.core.memory import Layout, MemoryPolicy
from edge.core.units import MIB
from edge.models.need import scores_bytes
from edge.models.shape import Shape

_SMALL_CHUNK_TOKENS = 64
# Without flash a 0.5B decodes 7 to 27 % faster at depths of 1,000 to 3,000 tokens (x86, two
# cores), so scores are worth some memory: those of a 0.5B up to some 9,000 tokens.
_MOST_SCORES_BYTES = 64 * MIB
_Q8_BLOCK = 32  # a vector in q8_0 is a whole number of these


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found to be faster on this machine; None where nobody tried."""

    repack: bool | None = None
    flash: bool | None = None


@dataclass(frozen=True, slots=True)
class Layouts:
    """What decides every layout: the user's policy, and the machine.

    `arm` says whether its CPU is one, `measured` what was tried on it.
    """

    policy: MemoryPolicy = MemoryPolicy.AUTO
    arm: bool = False
    measured: Measured | None = None

    def at(self, shape: Shape, n_ctx: int) -> Layout:
        """The layout of a model at a context; see `layout_for`."""
        return layout_for(self.policy, shape, n_ctx, arm=self.arm, measured=self.measured)


def layout_for(
    policy: MemoryPolicy,
    shape: Shape,
    n_ctx: int,
    *,
    arm: bool,
    measured: Measured | None = None,
) -> Layout:
    """The layout a policy means; `measured` overrules what `auto` and `fast` assume to be faster.

    Repacking is published as 2.7 times the prefill on ARM, and was measured on
    x86 as 600 MiB for nothing (a 1.5B). A cache in q8_0 halves the prefill at a
    depth of 3,000 tokens (31 against 68 a second), so only `low` takes it.
    """
    if policy == MemoryPolicy.LOW:
        kv_q8 = math.gcd(shape.key_length, shape.value_length) % _Q8_BLOCK == 0
        return Layout(flash=True, kv_q8=kv_q8, chunk_tokens=_SMALL_CHUNK_TOKENS)
    measured = measured or Measured()
    plain = Layout()
    too_large = scores_bytes(shape, n_ctx, plain.chunk_tokens) > _MOST_SCORES_BYTES
    flash = policy == MemoryPolicy.AUTO and too_large
    return Layout(
        repack=arm if measured.repack is None else measured.repack,
        flash=flash or bool(measured.flash),  # what saves memory stays, however fast the other is
    )
