"""Who answers a turn and why, as a value: the facts measured, and what followed from them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edge.core.message import Label


class Target(StrEnum):
    """The two engines a turn can go to."""

    EDGE = "edge"
    CLOUD = "cloud"


class Reason(StrEnum):
    """Why a target was chosen; stable names, stored with the turn."""

    CLOUD_OFF = "cloud_off"


@dataclass(frozen=True, slots=True)
class Signals:
    """The measured facts a decision may look at; flat, each with its unit."""

    turn_index: int
    label: Label
    cloud_allowed: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """The target of a turn with its reason, and the signals it was decided from."""

    target: Target
    reason: Reason
    signals: Signals
