"""Removing a conversation with all it holds: from the store, and from the copies of it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from edge.core.errors import StoreDamaged
from edge.core.say import say
from edge.store import word_index
from edge.store.backup import backups

_HAS_TALKS = "SELECT 1 FROM migrations WHERE name = '0003 talks'"


def erase(connection: sqlite3.Connection, conversation_id: str) -> bool:
    """Remove a conversation, overwritten in the file; says whether there was one."""
    if connection.execute(_HAS_TALKS).fetchone():
        word_index.remove(connection, conversation_id)
        connection.execute("DELETE FROM drafts WHERE key = ?", (conversation_id,))
    done = connection.execute("DELETE FROM conversations WHERE id = ?", (conversation_id,))
    return done.rowcount > 0


def erase_in_backups(path: Path, conversation_id: str) -> None:
    """Remove it from every copy of the store at `path` that was kept before a migration.

    Raises StoreDamaged where one cannot be changed: it may hold the conversation still.
    """
    for backup in backups(path):
        try:
            with closing(sqlite3.connect(backup, isolation_level=None)) as connection:
                connection.row_factory = sqlite3.Row
                for pragma in ("foreign_keys = ON", "secure_delete = ON", "synchronous = FULL"):
                    connection.execute(f"PRAGMA {pragma}")
                connection.execute("BEGIN IMMEDIATE")
                erase(connection, conversation_id)
                connection.execute("COMMIT")
        except (sqlite3.Error, UnicodeDecodeError, IndexError) as cause:
            raise StoreDamaged(
                say(
                    "the backup {path!r} cannot be changed: {cause}", path=str(backup), cause=cause
                ),
                kept=say("the conversation is kept"),
                hint=f"rm {backup}",
            ) from cause
