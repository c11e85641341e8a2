"""The index of words: which turn holds a term. Written in the transaction of its text.

It holds no text. SQLite keeps a removed term until two parts of the index are merged, so
after `remove` comes `merge`, until there is one part.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from edge.core.event import Channel
from edge.store.rows import plain, sound_reply, sound_text
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
_MERGE_SOME = "INSERT INTO words (words, rank) VALUES ('merge', ?)"
# A savepoint has SQLite write what it holds back of this transaction; else it is not merged.
_AS_FAR_AS_WRITTEN = ("SAVEPOINT merging", "RELEASE merging")
# What is removed or merged in one go, so that other writers wait for less than a second.
_MOST_CHARS = 2_000_000
_MOST_TURNS = 1000
_MOST_PAGES = 500  # of 4 KiB
_NEWEST = """
    SELECT seq, id, text, crc FROM turns WHERE conversation_id = ? ORDER BY seq DESC LIMIT ?
"""
# The index itself, read from end to end: it is ordered by term.
_LOOK_IN = "CREATE VIRTUAL TABLE temp.held USING fts5vocab ('main', 'words', 'instance')"
_HELD = "SELECT term FROM temp.held WHERE doc = ?"
_LOOKED = "DROP TABLE temp.held"
# A reply is what was shown, over all attempts, without its reasoning: see Turn.reply.
_REPLY = """
    SELECT spans.text, spans.packed, spans.crc
    FROM attempts JOIN spans ON spans.attempt_id = attempts.id
    WHERE attempts.turn_id = ? AND attempts.shown AND spans.channel = ?
    ORDER BY attempts.n, spans.n
"""


@dataclass(frozen=True, slots=True)
class Indexed:
    """A turn by number and id, and the texts it is found by, if they are as they were."""

    seq: int
    turn_id: str
    prompt: str
    reply: str
    sound: bool

    def terms(self) -> set[str]:
        """What a sound one is found by; seconds for megabytes, so not while the store waits."""
        return terms(self.prompt) | terms(self.reply)


def add_prompt(connection: sqlite3.Connection, turn_id: str) -> None:
    """Make the prompt of a turn findable."""
    for seq, prompt in _prompt(connection, turn_id):
        _write(connection, _ADD, seq, terms(prompt))


def add_reply(connection: sqlite3.Connection, turn_id: str) -> None:
    """Make the reply of a turn findable, once; its prompt is already."""
    for seq, prompt in _prompt(connection, turn_id):
        _write(connection, _ADD, seq, terms(_reply(connection, turn_id)) - terms(prompt))


def add_all(connection: sqlite3.Connection) -> None:
    """Make every text of a store findable that was kept before there was an index."""
    for seq, turn_id, prompt in connection.execute("SELECT seq, id, text FROM turns"):
        _write(connection, _ADD, seq, terms(prompt) | terms(_reply(connection, turn_id)))
    connection.execute(_MERGE)


def newest(connection: sqlite3.Connection, conversation_id: str) -> list[Indexed]:
    """The last turns of a conversation, newest first: one, or as many as are soon removed."""
    found: list[Indexed] = []
    n_chars = 0
    for row in connection.execute(_NEWEST, (conversation_id, _MOST_TURNS)):
        found.append(_indexed(connection, row))
        n_chars += len(found[-1].prompt) + len(found[-1].reply)
        if n_chars >= _MOST_CHARS:
            break
    return found


def held_of(connection: sqlite3.Connection, turn: Indexed) -> set[str]:
    """What a turn is found by where its texts, being damaged, do not tell it; seconds."""
    connection.execute(_LOOK_IN)
    found = {str(term) for (term,) in connection.execute(_HELD, (turn.seq,))}
    connection.execute(_LOOKED)
    return found


def remove(connection: sqlite3.Connection, seq: int, found: set[str]) -> None:
    """Take a turn out of the index that was found by these terms, which `merge` will forget."""
    _write(connection, _REMOVE, seq, found)


def merge(connection: sqlite3.Connection) -> bool:
    """Merge a few parts of the index; says whether it is one now, without a removed term."""
    for statement in _AS_FAR_AS_WRITTEN:
        connection.execute(statement)
    before = connection.total_changes
    connection.execute(_MERGE_SOME, (-_MOST_PAGES,))
    # The statement itself is one change: https://www.sqlite.org/fts5.html#the_merge_command
    return connection.total_changes - before < 2


def reply_rows(connection: sqlite3.Connection, turn_id: str) -> sqlite3.Cursor:
    """The spans of what was shown in reply to a turn, in their order."""
    return connection.execute(_REPLY, (turn_id, Channel.ANSWER))


def _indexed(connection: sqlite3.Connection, row: sqlite3.Row) -> Indexed:
    try:
        reply = "".join(map(sound_reply, reply_rows(connection, row["id"])))
        return Indexed(row["seq"], row["id"], sound_text(row), reply, sound=True)
    except ValueError:
        return Indexed(row["seq"], row["id"], row["text"], "", sound=False)


def _prompt(connection: sqlite3.Connection, turn_id: str) -> sqlite3.Cursor:
    return connection.execute("SELECT seq, text FROM turns WHERE id = ?", (turn_id,))


def _reply(connection: sqlite3.Connection, turn_id: str) -> str:
    try:
        return "".join(map(plain, reply_rows(connection, turn_id)))
    except ValueError:  # what cannot be read is not found, and what reads it says so
        return ""


def _write(connection: sqlite3.Connection, statement: str, seq: int, found: set[str]) -> None:
    if found:
        connection.execute(statement, (seq, " ".join(sorted(found))))
