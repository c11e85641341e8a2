"""How far the texts of a conversation may travel: marks that only rise."""

from __future__ import annotations

import sqlite3

from edge.core.message import Label

_MARK = (
    "UPDATE conversations SET label = :label, system_label = :label WHERE id = :id",
    "UPDATE turns SET label = :label, reply_label = :label WHERE conversation_id = :id",
    """
    UPDATE summaries SET label = :label
    WHERE turn_id IN (SELECT id FROM turns WHERE conversation_id = :id)
    """,
)


def mark_private(connection: sqlite3.Connection, conversation_id: str) -> None:
    """Make a conversation private, with every prompt, reply and summary in it."""
    for statement in _MARK:
        connection.execute(statement, {"label": Label.PRIVATE, "id": conversation_id})


def label_of(connection: sqlite3.Connection, conversation_id: str) -> Label:
    """How it is marked now, whoever did it; a conversation that is gone is private."""
    row = connection.execute(
        "SELECT label FROM conversations WHERE id = ?", (conversation_id,)
    ).fetchone()
    return Label.PRIVATE if row is None else Label(row["label"])
