"""Notice that the system runs short of memory before it ends us."""

from __future__ import annotations

import time
from collections.abc import Callable

from edge.core.errors import DoesNotFit
from edge.core.say import say
from edge.core.units import MIB
from edge.device.profile import Memory

_LOOK_S = 1.0
# Enough for what a turn still takes, and more than the kernel keeps for itself before
# it ends programs.
_LEAST_SHARE = 1 / 32
_MOST_KEPT_BYTES = 256 * MIB


def is_short(memory: Memory) -> bool:
    """Whether less is free than a program should leave.

    >>> is_short(Memory(4096 * MIB, 100 * MIB)), is_short(Memory(4096 * MIB, 200 * MIB))
    (True, False)
    """
    return memory.free_bytes < min(_MOST_KEPT_BYTES, memory.total_bytes * _LEAST_SHARE)


def left_for_want_of_memory() -> DoesNotFit:
    """What is said of a reply that a shortage ended, or kept from beginning."""
    return DoesNotFit(
        say("the system is short of memory: the engine left before it was ended"),
        kept=say("the prompt and what was shown of the reply are kept"),
        hint=say("close other programs, then send the prompt again"),
    )


def call_when_short(act: Callable[[], None], memory: Callable[[], Memory | None]) -> None:
    """Look once a second, call `act` at the first shortage, and return; where nobody tells, never.

    Two looks in a row must agree: a short-lived program is no shortage.
    """
    before = False
    while (now := memory()) is not None:
        short = is_short(now)
        if short and before:
            act()
            return
        before = short
        time.sleep(_LOOK_S)
