"""The bottom line, as much of it as there is room for (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from prompt_toolkit.utils import get_cwidth

_BETWEEN = " · "


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


def fits(parts: Sequence[str], columns: int) -> bool:
    """Whether there is room for all of them."""
    return get_cwidth(_BETWEEN.join(parts)) <= columns
