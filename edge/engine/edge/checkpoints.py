"""Where a state that cannot be rolled back can go back to, and which of those places to keep."""

from __future__ import annotations

from dataclasses import dataclass

# With the live state four in all: what the memory of a recurrent model is fitted for.
_MOST = 3


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The part of a state that trimming cannot bring back, as it was after `n_tokens`."""

    n_tokens: int
    state: memoryview


class Checkpoints:
    """The first place of a tape and the newest ones.

    The first stands after the system prompt, where every new conversation
    begins; the newest are where the next turn, or an error, goes back to.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._kept: list[Checkpoint] = []

    def add(self, checkpoint: Checkpoint) -> None:
        """Keep a place behind all others; the second oldest goes when there are too many."""
        self.forget_from(checkpoint.n_tokens)
        self._kept.append(checkpoint)
        if len(self._kept) > self._most:
            del self._kept[1]

    def nearest(self, n_tokens: int) -> Checkpoint | None:
        """The last place at or before `n_tokens`."""
        before = [each for each in self._kept if each.n_tokens <= n_tokens]
        return before[-1] if before else None

    def forget_from(self, n_tokens: int) -> None:
        """Drop the places at and behind `n_tokens`: another text stands there now."""
        self._kept = [each for each in self._kept if each.n_tokens < n_tokens]
