"""Conversations as a list shows them, and the prompts that were sent, newest first."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from edge.core.message import Role
from edge.store.rows import sound_text
from edge.store.tree import OPENING_LENGTH

# The first turn begun last: the one that was edited, if the very first prompt was.
_LISTED = """
    SELECT id, title, model,
        coalesce((SELECT substr(text, 1, :length) FROM turns
                  WHERE conversation_id = talk.id AND parent_id IS NULL
                  ORDER BY seq DESC LIMIT 1), ''),
        (SELECT count(*) FROM turns WHERE conversation_id = talk.id),
        coalesce((SELECT started_at_utc FROM turns
                  WHERE conversation_id = talk.id ORDER BY seq DESC LIMIT 1), started_at_utc)
    FROM conversations AS talk ORDER BY used DESC LIMIT :limit OFFSET :offset
"""
_PROMPTS = "SELECT id, text, crc FROM turns WHERE role = ? ORDER BY seq DESC"


@dataclass(frozen=True, slots=True)
class Listed:
    """A conversation in a list. `opening` is the start of its first prompt, empty without one.

    `n_turns` counts the turns of all its branches.
    """

    id: str
    title: str
    model: str
    opening: str
    n_turns: int
    last_at_utc: str


def listed(connection: sqlite3.Connection, limit: int, offset: int) -> tuple[Listed, ...]:
    """The conversations started or written to last, newest first, from number `offset`."""
    values = {"length": OPENING_LENGTH, "limit": limit, "offset": offset}
    return tuple(Listed(*row) for row in connection.execute(_LISTED, values))


def prompts(connection: sqlite3.Connection, limit: int) -> tuple[str, ...]:
    """The last `limit` different prompts, newest first; one that is damaged is passed over."""
    found: dict[str, None] = {}
    for row in connection.execute(_PROMPTS, (Role.USER,)):
        if len(found) >= limit:
            break
        try:
            found[sound_text(row)] = None
        except ValueError:  # it is of no use to type it again; reading its talk tells
            continue
    return tuple(found)
