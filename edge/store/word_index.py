"""The index of words: which turn holds a term. Written in the transaction of its text.

It holds no text. SQLite keeps a deleted term until two parts of the index are merged,
so `remove` has it merge them.
"""

from __future__ import annotations

import sqlite3

from edge.core.event import Channel
from edge.store.rows import plain
from edge.store.words import terms

# A row for each turn, under its `seq`: prompt and reply share most of their terms.
# `ascii` leaves our terms as they are: no separator of its own is ever in one.
# Neither positions nor lengths are kept: they would take more room than the terms.
CREATE = """
    CREATE VIRTUAL TABLE words USING
    fts5 (terms, content = '', columnsize = 0, detail = none, tokenize = 'ascii')
"""
_ADD = "INSERT INTO words (rowid, terms) VALUES (?, ?)"
_REMOVE = "INSERT INTO words (words, rowid, terms) VALUES ('delete', ?, ?)"
_MERGE = "INSERT INTO words (words) VALUES ('optimize')"
# A reply is what was shown, over all attempts, without its reasoning: see Turn.reply.
_REPLY = """
    SELECT spans.text, spans.packed, spans.crc
    FROM attempts JOIN spans ON spans.attempt_id = attempts.id
    WHERE attempts.turn_id = ? AND attempts.shown AND spans.channel = ?
    ORDER BY attempts.n, spans.n
"""


def add_prompt(connection: sqlite3.Connection, turn_id: str) -> None:
    """Make the prompt of a turn findable."""
    for seq, prompt in _prompt(connection, turn_id):
        _write(connection, _ADD, seq, terms(prompt))


def add_reply(connection: sqlite3.Connection, turn_id: str) -> None:
    """Make the reply of a turn findable, once; its prompt is already."""
    for seq, prompt in _prompt(connection, turn_id):
        _write(connection, _ADD, seq, _reply_terms(connection, turn_id) - terms(prompt))


def add_all(connection: sqlite3.Connection) -> None:
    """Make every text of a store findable that was kept before there was an index."""
    for seq, turn_id, prompt in connection.execute("SELECT seq, id, text FROM turns"):
        _write(connection, _ADD, seq, terms(prompt) | _reply_terms(connection, turn_id))
    connection.execute(_MERGE)


def remove(connection: sqlite3.Connection, conversation_id: str) -> None:
    """Take a conversation's texts out of the index, terms and all, before they are deleted."""
    turns = connection.execute(
        "SELECT seq, id, text FROM turns WHERE conversation_id = ?", (conversation_id,)
    ).fetchall()
    for seq, turn_id, prompt in turns:
        _write(connection, _REMOVE, seq, terms(prompt) | _reply_terms(connection, turn_id))
    if turns:
        connection.execute(_MERGE)


def reply_rows(connection: sqlite3.Connection, turn_id: str) -> sqlite3.Cursor:
    """The spans of what was shown in reply to a turn, in their order."""
    return connection.execute(_REPLY, (turn_id, Channel.ANSWER))


def _prompt(connection: sqlite3.Connection, turn_id: str) -> sqlite3.Cursor:
    return connection.execute("SELECT seq, text FROM turns WHERE id = ?", (turn_id,))


def _reply_terms(connection: sqlite3.Connection, turn_id: str) -> set[str]:
    try:
        return terms("".join(map(plain, reply_rows(connection, turn_id))))
    except ValueError:  # what cannot be read is not found, and what reads it says so
        return set()


def _write(connection: sqlite3.Connection, statement: str, seq: int, found: set[str]) -> None:
    if found:
        connection.execute(statement, (seq, " ".join(sorted(found))))
