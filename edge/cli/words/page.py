"""What the page itself says beside a reply."""

from __future__ import annotations

from edge.core.say import say


def thinking(seconds: int) -> str:
    """The model thinks; shown until it answers."""
    return say("thinking … {seconds} s", seconds=seconds)


def thought(seconds: int) -> str:
    """The model thought, and what it thought was not shown."""
    return say("thought for {seconds} s", seconds=seconds)
