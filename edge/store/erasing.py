"""Removing a conversation with all it holds: from the store, and from the copies of it.

It goes in pieces, newest turns first, so that nobody waits long to write. A process that
is killed in between leaves a shorter conversation, which can be deleted again: the row
of the conversation itself goes last.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from edge.core.errors import StoreDamaged, UsageError
from edge.core.say import say
from edge.store import word_index
from edge.store.backup import backups
from edge.store.database import Database, open_copy

# Who waits to write asks again after 100 ms at most (SQLite's busy handler).
_PAUSE_S = 0.12

_HAS_TALKS = "SELECT 1 FROM migrations WHERE name = '0003 talks'"
_DELETE = "DELETE FROM conversations WHERE id = ?"
_STAY = """
    UPDATE conversations SET head = (
        SELECT id FROM turns WHERE conversation_id = :id ORDER BY seq DESC LIMIT 1
    )
    WHERE id = :id AND head NOT IN (SELECT id FROM turns WHERE conversation_id = :id)
"""


def erase(store: Database, conversation_id: str) -> bool:
    """Remove a conversation, overwritten in the file; says whether there was one."""
    with store.read() as connection:
        found = connection.execute("SELECT 1 FROM conversations WHERE id = ?", (conversation_id,))
        if found.fetchone() is None:
            return False
        has_talks = connection.execute(_HAS_TALKS).fetchone() is not None
    if not has_talks:  # a copy of an old store, that nobody else waits for
        with store.write() as connection:
            connection.execute(_DELETE, (conversation_id,))
        return True
    while not _erase_some(store, conversation_id):
        time.sleep(_PAUSE_S)
    return True


def erase_in_backups(path: Path, conversation_id: str) -> None:
    """Remove it from every copy of the store at `path` that was kept before a migration.

    Raises StoreDamaged where one cannot be changed: it may hold the conversation still.
    """
    for backup in backups(path):
        try:
            with closing(open_copy(backup)) as copy:
                erase(copy, conversation_id)
        except (StoreDamaged, UsageError) as cause:
            if not backup.exists():  # somebody removed it, and what it held
                continue
            raise StoreDamaged(
                say(
                    "the backup {path!r} cannot be changed: {cause}",
                    path=str(backup),
                    cause=cause.__cause__ or cause,
                ),
                kept=say("the conversation is kept"),
                hint=f"rm {backup}",
            ) from cause


def _erase_some(store: Database, conversation_id: str) -> bool:
    """Remove a piece; says whether it was the last one."""
    with store.read() as connection:
        ahead = word_index.newest(connection, conversation_id)
        known = {turn: word_index.held_of(connection, turn) for turn in ahead if not turn.sound}
    known |= {turn: turn.terms() for turn in ahead if turn.sound}
    with store.write() as connection:
        # Read again: another process may have begun or ended a turn meanwhile.
        turns = word_index.newest(connection, conversation_id)
        for turn in turns:
            if turn not in known:
                known[turn] = turn.terms() if turn.sound else word_index.held_of(connection, turn)
            word_index.remove(connection, turn.seq, known[turn])
            connection.execute("DELETE FROM turns WHERE id = ?", (turn.turn_id,))
        connection.execute(_STAY, {"id": conversation_id})
        return _erase_rest(connection, conversation_id)


def _erase_rest(connection: sqlite3.Connection, conversation_id: str) -> bool:
    """Remove what is left when no turn is; says whether nothing was left to do."""
    left = connection.execute("SELECT 1 FROM turns WHERE conversation_id = ?", (conversation_id,))
    # Twice: what had all to be merged is told by the next time alone.
    if left.fetchone() or not (word_index.merge(connection) or word_index.merge(connection)):
        return False
    connection.execute("DELETE FROM drafts WHERE key = ?", (conversation_id,))
    connection.execute(_DELETE, (conversation_id,))
    return True
