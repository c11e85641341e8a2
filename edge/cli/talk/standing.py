"""How a talk stands, in the figures of the bottom line."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from edge.core.decision import Decision, Target
from edge.core.event import Attempt
from edge.core.message import Label
from edge.core.units import NO_CURRENCY, Money

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge.cli.talk.opening import Talk


@dataclass(frozen=True, slots=True)
class Standing:
    """What answers, how full its context is, and how the last turn went.

    `is_private` is None where nothing could leave anyway; `cost` is what is known of
    this branch's, and None before anything was paid.
    """

    model: str
    n_ctx: int
    held_tokens: int = 0
    tps: float | None = None
    decision: Decision | None = None
    is_private: bool | None = None
    cost: Money | None = None

    @staticmethod
    def of(talk: Talk) -> Standing:
        """Of a talk in which nothing is being said."""
        attempts = [attempt for turn in talk.session.turns for attempt in turn.attempts]
        shown = [attempt for attempt in attempts if attempt.shown]
        here = [each for each in shown if each.decision.target is Target.EDGE]
        last = shown[-1] if shown else None
        clouded = talk.cloud is not None
        return Standing(
            talk.model.name,
            talk.runtime.n_ctx,
            _held_tokens(here[-1]) if here else 0,
            _tps(last) if last else None,
            last.decision if last and clouded else None,
            talk.session.label is Label.PRIVATE if clouded else None,
            _sum(each.usage.cost for each in attempts),
        )


def _held_tokens(attempt: Attempt) -> int:
    return attempt.usage.prompt_tokens + attempt.usage.completion_tokens


def _tps(attempt: Attempt) -> float | None:
    used = attempt.usage
    return used.completion_tokens / used.decode_s if used.decode_s else None


def _sum(costs: Iterable[Money | None]) -> Money | None:
    """The sum, where all are of one currency."""
    paid = [cost for cost in costs if cost is not None and cost.currency != NO_CURRENCY]
    if len({cost.currency for cost in paid}) != 1:
        return None
    return Money(sum((cost.amount for cost in paid), Decimal(0)), paid[0].currency)
