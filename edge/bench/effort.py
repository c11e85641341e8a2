"""How often each thing is measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effort:
    """How often each thing is measured; medians are taken of all of them.

    `pairs` of prompts for each depth, `deep_pairs` of them at the larger one,
    `conversations` of so many turns, `rounds` of thread counts and of restarts,
    and `stops` of each kind.
    """

    pairs: int = 9
    deep_pairs: int = 3
    conversations: int = 3
    rounds: int = 3
    stops: int = 50

    @staticmethod
    def moderate() -> Effort:
        """For all sections in a few minutes."""
        return Effort(pairs=3, deep_pairs=1, conversations=1, rounds=1)

    @staticmethod
    def of(n: int) -> Effort:
        """Everything so many times, but for the stops."""
        return Effort(pairs=n, deep_pairs=n, conversations=n, rounds=n)
