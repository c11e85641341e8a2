"""When Python looks for objects that are gone: seldom at the start, briefly once a person types."""

from __future__ import annotations

import gc

_BRIEF = gc.get_threshold()
# Objects made between two looks. Nearly all that a start makes is modules, which stay:
# looking through them again and again is a tenth of the time to the prompt line.
_SELDOM = 50_000


def look_seldom() -> None:
    """While modules are read."""
    gc.set_threshold(_SELDOM)


def look_briefly() -> None:
    """From now on. What there is by now stays, and is not looked through again: a look through
    all of it would hold a key back for longer than an eye forgives.
    """
    gc.freeze()
    gc.set_threshold(*_BRIEF)
