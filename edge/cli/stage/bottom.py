"""The bottom line, as much of it as there is room for (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from prompt_toolkit.utils import get_cwidth

_BETWEEN = " · "
_LEAST_PARTS = 2  # the model, and how full its context is: less than both says little


@dataclass(frozen=True, slots=True)
class Bottom:
    """How the talk stands, in parts, what matters most first; `short` for a narrow window."""

    parts: Sequence[str]
    short: Sequence[str]

    def line(self, first: Sequence[str], columns: int) -> str:
        """`first`, and behind it as many of the parts as there is room for."""
        if _fits([*first, *self.parts[:_LEAST_PARTS]], columns):
            return fitted([*first, *self.parts], columns)
        return fitted([*first, *self.short], columns)


def fitted(parts: Iterable[str], columns: int) -> str:
    """The first of the parts that fit into so many columns.

    >>> fitted(["tiny", "offline", "12 tokens/s"], 15)
    'tiny · offline'
    """
    line = ""
    for part in parts:
        longer = f"{line}{_BETWEEN}{part}" if line else part
        if get_cwidth(longer) > columns:
            break
        line = longer
    return line


def _fits(parts: Sequence[str], columns: int) -> bool:
    return get_cwidth(_BETWEEN.join(parts)) <= columns
