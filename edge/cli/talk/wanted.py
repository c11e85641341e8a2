"""What the flags of `ask` and `chat` said, before anything is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the flags said: settings by name, and which conversation is gone on with, and how."""

    flags: Mapping[str, object]
    conversation: str | None = None
    resume: bool = False
    private: bool = False
    yes: bool = False
