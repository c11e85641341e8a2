"""What a step of a text looks like (pure)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Drawn:
    """Finished lines, and the line still open; safe for a terminal, with its styles in them."""

    lines: tuple[str, ...] = ()
    live: str = ""
