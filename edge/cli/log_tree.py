"""All turns of a conversation, whatever branch they are on."""

from __future__ import annotations

from edge.core.conversation import Conversation, Turn
from edge.store.conversations import Conversations


def every_turn(kept: Conversations, talk: Conversation) -> tuple[Turn, ...]:
    """Every turn of the tree once, parents before those that follow them."""
    found: dict[str, Turn] = {}
    for branch in kept.branches(talk.id):
        found |= {turn.id: turn for turn in kept.thread(branch.turn_id)}
    return tuple(found.values())
