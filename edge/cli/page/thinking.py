"""How what a model thinks before it answers is shown."""

from __future__ import annotations

from enum import StrEnum


class Thinking(StrEnum):
    """How the thinking of a model is shown."""

    HIDE = "hide"
    SHOW = "show"
    FOLD = "fold"
