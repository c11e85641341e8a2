"""Finding messages by their words, in every conversation."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from edge.core.errors import UsageError
from edge.core.message import Role
from edge.core.say import say
from edge.store.database import Database
from edge.store.rows import sound_reply, sound_text
from edge.store.snippet import cut_out
from edge.store.word_index import reply_rows
from edge.store.words import pattern, query, wanted

_FIND = "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid DESC"
_TURN = """
    SELECT turns.*, title FROM turns
    JOIN conversations ON conversations.id = turns.conversation_id WHERE seq = ?
"""


@dataclass(frozen=True, slots=True)
class Hit:
    """A message that holds all the words. `role` says whose it is.

    `found` holds where in the snippet what was found begins and ends.
    """

    conversation_id: str
    title: str
    turn_id: str
    role: Role
    snippet: str
    found: tuple[tuple[int, int], ...]
    at_utc: str


class Search:
    """Finds prompts and replies; what was only thought is not searched. Any thread may call."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, words: str, limit: int = 20) -> tuple[Hit, ...]:
        """The newest messages that hold all the words, whatever their case and width.

        A word is found where it begins one, of one or two letters only where it is all of
        it; in Chinese and other scripts without spaces, anywhere. Raises UsageError where
        there is no letter or digit to look for.
        """
        asked = wanted(words)
        if not asked:
            raise UsageError(
                say("there is no word to look for in {words!r}", words=words[:60]),
                hint="edge log search WORDS",
            )
        with self._database.read() as connection:
            return tuple(islice(_hits(connection, asked), limit))


def _hits(connection: sqlite3.Connection, asked: Sequence[str]) -> Iterator[Hit]:
    patterns = [pattern(word) for word in asked]
    for (seq,) in connection.execute(_FIND, (" ".join(map(query, asked)),)):
        row = connection.execute(_TURN, (seq,)).fetchone()
        for role in () if row is None else (Role.ASSISTANT, Role.USER):
            text = _text(connection, row, role)
            if text is not None and (cut := cut_out(text, patterns)) is not None:
                talk, at_utc = (row["conversation_id"], row["title"]), row["started_at_utc"]
                yield Hit(*talk, row["id"], role, cut.text, cut.found, at_utc)


def _text(connection: sqlite3.Connection, row: sqlite3.Row, role: Role) -> str | None:
    """The message as it was written; None when it is damaged: reading its talk tells that."""
    try:
        if role is Role.USER:
            return sound_text(row)
        return "".join(sound_reply(span) for span in reply_rows(connection, row["id"]))
    except ValueError:
        return None
