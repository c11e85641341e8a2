"""What the other engine would have taken and cost, from what was known before the turn (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from edge.core.decision import Decision, Target
from edge.core.event import Attempt, Usage
from edge.core.units import Money


@dataclass(frozen=True, slots=True)
class Otherwise:
    """The same reply, written by `target`. None: nobody knows. `most` is the most it could cost.

    `too_long`: the prompt would not have fitted its context.
    """

    target: Target
    seconds: float | None
    most: Money | None
    too_long: bool = False

    @classmethod
    def of(cls, attempt: Attempt) -> Self | None:
        """For an engine's share of a turn; None where there was nobody else to ask."""
        signals, n_tokens = attempt.decision.signals, attempt.usage.completion_tokens
        if not signals.cloud_allowed:
            return None
        if attempt.decision.target is Target.CLOUD:
            seconds = whole_s(signals.edge_wait_s, signals.edge_tps, n_tokens)
            return cls(Target.EDGE, seconds, None, signals.context_free_tokens < 0)
        seconds = whole_s(signals.cloud_wait_s, signals.cloud_tps, n_tokens)
        too_long = signals.cloud_free_tokens < 0
        return cls(Target.CLOUD, seconds, signals.cloud_cost, too_long)


def expected_wait_s(decision: Decision) -> float | None:
    """How late the first word was expected from who was chosen; None where nobody knew."""
    signals = decision.signals
    return signals.edge_wait_s if decision.target is Target.EDGE else signals.cloud_wait_s


def whole_s(wait_s: float | None, tps: float | None, n_tokens: int) -> float | None:
    """From the prompt to the last of so many tokens, in seconds; None where it was not measured."""
    return None if wait_s is None or not tps else wait_s + n_tokens / tps


def took_s(usage: Usage) -> float:
    """From the prompt to the last word, in seconds; 0 where nobody counted."""
    return usage.ttft_s + usage.decode_s
