"""Which signals a policy may speak of: the kind, unit and range of each, and those derived.

A rule is asked after the guards, the device's own limits and the user's wish, so
what these settle has one value by then; a condition on it would say nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any

from edge.core.decision import BreakerState, Capability, LinkState, Reason, Signals, Target
from edge.core.message import Label


class Kind(StrEnum):
    """What values a signal has."""

    COUNT = "a whole number"
    NUMBER = "a number"
    YES_NO = "true or false"
    CHOICE = "one of a few words"
    WORD = "text"
    WORDS = "a list of texts"
    MONEY = "an amount of money"


NUMERIC = (Kind.COUNT, Kind.NUMBER)


@dataclass(frozen=True, slots=True)
class Fact:
    """What a signal is. `low` and `high` are its range by the time rules are asked.

    `settled_by` decides before any rule: all of it, or just the choices of
    `settled`. `after_answer`: known once the device has answered. `made_of` are
    the signals a derived one follows from.
    """

    kind: Kind
    unit: str = ""
    low: float = -math.inf
    high: float = math.inf
    choices: type[Enum] | None = None
    settled_by: Reason | None = None
    settled: tuple[str, ...] = ()
    after_answer: bool = False
    made_of: tuple[str, ...] = ()

    @property
    def is_settled(self) -> bool:
        """Whether no rule sees but one value of it."""
        return self.settled_by is not None and not self.settled

    def words(self) -> tuple[str, ...]:
        """The words a choice may be, as files and flags spell them; none for other kinds."""
        return tuple(spelled(choice) for choice in self.choices or ())


def spelled(value: Any) -> Any:
    """A value as files and flags spell it: enums by their word, money by its amount.

    >>> spelled(Label.PRIVATE), spelled(Target.EDGE), spelled(3)
    ('private', 'edge', 3)
    """
    if isinstance(value, Label):
        return value.name.lower()
    return value.value if isinstance(value, Enum) else value


def _tokens(low: float = 0) -> Fact:
    return Fact(Kind.COUNT, "tokens", low)


def _seconds(low: float = 0, *made_of: str) -> Fact:
    return Fact(Kind.NUMBER, "s", low, made_of=made_of)


def _switch(settled_by: Reason | None = None) -> Fact:
    return Fact(Kind.YES_NO, settled_by=settled_by)


_EDGE_TOTAL = ("edge_wait_s", "reply_tokens", "edge_tps")
_CLOUD_TOTAL = ("cloud_wait_s", "reply_tokens", "cloud_tps")

MEASURED: Mapping[str, Fact] = {
    "turn_index": Fact(Kind.COUNT, low=0),
    "label": Fact(Kind.CHOICE, choices=Label, settled_by=Reason.PRIVATE),
    "cloud_allowed": _switch(Reason.CLOUD_OFF),
    "prompt_tokens": _tokens(),
    "new_tokens": _tokens(),
    "context_free_tokens": _tokens(),  # below zero the device cannot, and no rule is asked
    "reply_tokens": _tokens(),
    "language": Fact(Kind.WORD),
    "capability": Fact(Kind.CHOICE, choices=Capability),
    "difficulty": Fact(Kind.NUMBER, low=0, high=1),
    "wanted": Fact(Kind.CHOICE, choices=Target, settled_by=Reason.ASKED),
    "previous": Fact(Kind.CHOICE, choices=Target),
    "consented": _switch(Reason.NOT_CONSENTED),
    "edge_ready": _switch(),
    "edge_wait_s": _seconds(),
    "edge_tps": Fact(Kind.NUMBER, "tok/s", low=0),
    "queue": Fact(Kind.COUNT, "turns", low=0),
    "on_battery": _switch(),
    "battery_percent": Fact(Kind.COUNT, "%", low=0, high=100),
    "hot": _switch(),
    "load": Fact(Kind.NUMBER, low=0),
    "offline": _switch(Reason.OFFLINE),
    "cloud_asks": _switch(),
    "detectors_ready": _switch(Reason.DETECTORS_MISSING),
    "cloud_key": _switch(Reason.NO_KEY),
    "cloud_link": Fact(
        Kind.CHOICE, choices=LinkState, settled_by=Reason.UNREACHABLE, settled=("down",)
    ),
    "breaker": Fact(
        Kind.CHOICE, choices=BreakerState, settled_by=Reason.BREAKER_OPEN, settled=("open",)
    ),
    "cloud_wait_s": _seconds(),
    "cloud_tps": Fact(Kind.NUMBER, "tok/s", low=0),
    "cloud_free_tokens": _tokens(),
    "cloud_cost": Fact(Kind.MONEY, low=0),
    "budget_left": Fact(Kind.MONEY, low=0),
    "cloud_fault": Fact(Kind.WORD, settled_by=Reason.CLOUD_FAILED),
    "edge_fault": Fact(Kind.WORD, settled_by=Reason.EDGE_CANNOT),
    "edge_confidence": Fact(Kind.NUMBER, "nat", high=0, after_answer=True),
    "edge_margin": Fact(Kind.NUMBER, "nat", low=0, after_answer=True),
    "edge_checks": Fact(Kind.WORDS, settled_by=Reason.WEAK_ANSWER, after_answer=True),
}

# Whole waits count the longest reply there may be, so they err upwards on both sides.
DERIVED: Mapping[str, Fact] = {
    "edge_total_s": _seconds(0, *_EDGE_TOTAL),
    "cloud_total_s": _seconds(0, *_CLOUD_TOTAL),
    "wait_gain_s": _seconds(-math.inf, "edge_wait_s", "cloud_wait_s"),
    "total_gain_s": _seconds(-math.inf, *_EDGE_TOTAL, "cloud_wait_s", "cloud_tps"),
    "cost_share": Fact(Kind.NUMBER, low=0, made_of=("cloud_cost", "budget_left")),
}

FACTS: Mapping[str, Fact] = {**MEASURED, **DERIVED}
MAY_BE_UNKNOWN = frozenset(DERIVED) | {f.name for f in fields(Signals) if f.default is None}


def value_of(name: str, signals: Signals, bonus_s: float = 0.0) -> Any:
    """The value of a signal, measured or derived; None where it is not known.

    `bonus_s` is what staying with the engine of the turn before is worth: it is
    taken off the gain of leaving it.
    """
    derive = _DERIVE.get(name)
    return getattr(signals, name) if derive is None else derive(signals, bonus_s)


def _whole_s(wait_s: float | None, tokens: int, tps: float | None) -> float | None:
    return None if wait_s is None or not tps else wait_s + tokens / tps


def _edge_total_s(signals: Signals, _: float) -> float | None:
    return _whole_s(signals.edge_wait_s, signals.reply_tokens, signals.edge_tps)


def _cloud_total_s(signals: Signals, _: float) -> float | None:
    return _whole_s(signals.cloud_wait_s, signals.reply_tokens, signals.cloud_tps)


def _gain_s(
    edge_s: float | None, cloud_s: float | None, previous: Target | None, bonus_s: float
) -> float | None:
    if edge_s is None or cloud_s is None:
        return None
    toll_s = {Target.EDGE: bonus_s, Target.CLOUD: -bonus_s, None: 0.0}[previous]
    return edge_s - cloud_s - toll_s


def _wait_gain_s(signals: Signals, bonus_s: float) -> float | None:
    return _gain_s(signals.edge_wait_s, signals.cloud_wait_s, signals.previous, bonus_s)


def _total_gain_s(signals: Signals, bonus_s: float) -> float | None:
    edge_s, cloud_s = _edge_total_s(signals, 0), _cloud_total_s(signals, 0)
    return _gain_s(edge_s, cloud_s, signals.previous, bonus_s)


def _cost_share(signals: Signals, _: float) -> float | None:
    cost, left = signals.cloud_cost, signals.budget_left
    if cost is None or left is None or cost.currency != left.currency or left.amount <= Decimal(0):
        return None
    return float(cost.amount / left.amount)


_DERIVE: Mapping[str, Callable[[Signals, float], float | None]] = {
    "edge_total_s": _edge_total_s,
    "cloud_total_s": _cloud_total_s,
    "wait_gain_s": _wait_gain_s,
    "total_gain_s": _total_gain_s,
    "cost_share": _cost_share,
}
