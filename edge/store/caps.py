"""Caps: which are in force, and which is the tightest (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.core.cloud import Cap, Scope
from edge.core.units import Money
from edge.store.amounts import allowed, as_money


def effective_caps(policy_caps: Sequence[Cap], own_caps: Sequence[Cap]) -> tuple[Cap, ...]:
    """The caps in force: the user's own takes the place of the policy's.

    One for each scope and currency; those of one currency together, scopes from
    narrow to wide. Of two in one list the smaller one holds.
    """
    in_force = _smallest(policy_caps) | _smallest(own_caps)
    scopes = list(Scope)
    return tuple(
        sorted(in_force.values(), key=lambda cap: (cap.limit.currency, scopes.index(cap.scope)))
    )


def _smallest(caps: Sequence[Cap]) -> dict[tuple[str, Scope], Cap]:
    found: dict[tuple[str, Scope], Cap] = {}
    for cap in caps:
        key = (cap.limit.currency, cap.scope)
        if key not in found or cap.limit.amount < found[key].limit.amount:
            found[key] = cap
    return found


@dataclass(frozen=True, slots=True)
class Standing:
    """A cap and what is booked under it: settled, or reserved at the most it can cost."""

    cap: Cap
    booked: int

    @property
    def left(self) -> int:
        """What may still be booked; below nothing where a cost was above its reserve."""
        return allowed(self.cap.limit) - self.booked

    @property
    def spent(self) -> Money:
        """What is booked, as money."""
        return as_money(self.booked, self.cap.limit.currency)

    @property
    def left_over(self) -> Money:
        """What may still be spent, as money; nothing where the cap is exceeded."""
        return as_money(max(self.left, 0), self.cap.limit.currency)


def tightest(standings: Sequence[Standing]) -> Standing | None:
    """The cap with the least left; None where there is none."""
    return min(standings, key=lambda standing: standing.left, default=None)
