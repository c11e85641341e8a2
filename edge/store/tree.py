"""The tree of a conversation's turns: the branch it is at, and those it could go to."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from edge.core.conversation import Conversation, Summary, Turn, last_use
from edge.core.errors import UnknownName
from edge.core.say import say
from edge.store.rows import checked, read_conversation, read_summary, read_turn

OPENING_LENGTH = 80

# A parent was begun before its child, so the sequence is the path's order.
_TURNS = """
    WITH RECURSIVE path (id, parent_id) AS (
        SELECT id, parent_id FROM turns WHERE id = ?
        UNION
        SELECT turns.id, turns.parent_id FROM turns JOIN path ON turns.id = path.parent_id
    )
    SELECT turns.* FROM turns JOIN path USING (id) ORDER BY seq
"""
_SUMMARY = "SELECT * FROM summaries WHERE turn_id = ?"
# REPLACE: one summary for each turn, the one written last.
_KEEP_SUMMARY = """
    INSERT OR REPLACE INTO summaries (turn_id, text, stands_for_tokens, label, crc)
    VALUES (?, ?, ?, ?, ?)
"""
_EVERY_TURN = "SELECT * FROM turns WHERE conversation_id = ? ORDER BY seq"
_OUTLINE = """
    SELECT seq, id, parent_id, started_at_utc, substr(text, 1, :length) AS opening
    FROM turns WHERE conversation_id = :id ORDER BY seq
"""


@dataclass(frozen=True, slots=True)
class Branch:
    """A way through a conversation, named after its newest turn.

    `opening` is how the first prompt begins that is in this branch alone, or, where it
    shares them all, the newest one: the turn `departs_id`. `n_turns` counts from the first
    turn of the talk.
    """

    turn_id: str
    departs_id: str
    opening: str
    n_turns: int
    last_at_utc: str
    is_current: bool


def every_row(connection: sqlite3.Connection, conversation_id: str) -> list[sqlite3.Row]:
    """The rows of `turns` of a conversation, of all branches, oldest first."""
    return connection.execute(_EVERY_TURN, (conversation_id,)).fetchall()


def read_branch(connection: sqlite3.Connection, row: sqlite3.Row) -> Conversation:
    """A row of `conversations` with the branch it is at; sqlite3.DatabaseError of damage."""
    head: str | None = row["head"]
    if head is None:
        return read_conversation(row, (), None)
    turns = tuple(read_turn(connection, turn) for turn in connection.execute(_TURNS, (head,)))
    if not turns:
        raise sqlite3.DatabaseError(
            say("conversation {id!r} is at a turn that is not there", id=row["id"])
        )
    return read_conversation(row, turns, _summary(connection, turns))


def branches(connection: sqlite3.Connection, row: sqlite3.Row) -> tuple[Branch, ...]:
    """Every way through the conversation of that row, in the order they were departed on.

    The turn it is at ends one, also where others go on from there.
    """
    values = {"id": row["id"], "length": OPENING_LENGTH}
    outline = {turn["id"]: turn for turn in connection.execute(_OUTLINE, values)}
    n_children = Counter(turn["parent_id"] for turn in outline.values())
    found = []
    for end in outline:
        if end == row["head"] or not n_children[end]:
            path = list(_upwards(outline, end))
            own = next((turn for turn in path if n_children[turn["parent_id"]] > 1), path[-1])
            last_at_utc, is_current = path[0]["started_at_utc"], end == row["head"]
            branch = Branch(end, own["id"], own["opening"], len(path), last_at_utc, is_current)
            found.append((own["seq"], path[0]["seq"], branch))
    return tuple(branch for _, _, branch in sorted(found, key=lambda each: each[:2]))


def require_turn(connection: sqlite3.Connection, conversation_id: str, turn_id: str) -> None:
    """Raises UnknownName when the conversation has no turn of this very id."""
    turn = connection.execute(
        "SELECT 1 FROM turns WHERE id = ? AND conversation_id = ?", (turn_id, conversation_id)
    )
    if turn.fetchone() is None:
        raise UnknownName(
            say(
                "conversation {conversation!r} has no turn {turn!r}",
                conversation=conversation_id,
                turn=turn_id,
            )
        )


def insert_summary(connection: sqlite3.Connection, summary: Summary) -> None:
    """Write what stands for the turns up to one, in place of what stood there before."""
    values = (summary.text, summary.stands_for_tokens, summary.label, checked(summary.text))
    connection.execute(_KEEP_SUMMARY, (summary.turn_id, *values))


def _summary(connection: sqlite3.Connection, turns: Sequence[Turn]) -> Summary | None:
    """The summary that the newest prompt of a branch was told, where it is kept."""
    use = last_use(turns)
    row = connection.execute(_SUMMARY, (use.summary_turn_id,)).fetchone() if use else None
    return None if row is None else read_summary(row)


def _upwards(outline: Mapping[str, sqlite3.Row], end: str) -> Iterator[sqlite3.Row]:
    """From a turn to its root; a parent is older than its child, or it is none (damage)."""
    turn: sqlite3.Row | None = outline[end]
    while turn is not None:
        yield turn
        parent = outline.get(turn["parent_id"])
        turn = parent if parent is not None and parent["seq"] < turn["seq"] else None
