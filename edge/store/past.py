"""Every attempt that was recorded, over all conversations: for replay, and for the waits."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from edge.core.decision import Decision, Target
from edge.core.event import Usage
from edge.core.say import say
from edge.store.codec import decode
from edge.store.database import Database
from edge.store.rows import plain

# Read at once: the store is free for others while the rows read are looked at.
_PAGE_ROWS = 200

_FIRST_OF_NEWEST = "SELECT id FROM attempts ORDER BY id DESC LIMIT 1 OFFSET ?"
_PAGE = """
    SELECT attempts.id, conversation_id, turn_id, n, decision, usage, model
    FROM attempts JOIN turns ON turns.id = attempts.turn_id
    WHERE attempts.id >= ? ORDER BY attempts.id LIMIT ?
"""

# A conversation's system prompt is as new as its last turn.
_PRIVATE = """
    SELECT text, packed FROM (
        SELECT system AS text, NULL AS packed,
            (SELECT max(seq) FROM turns WHERE conversation_id = talk.id) AS newest
        FROM conversations AS talk WHERE label = 1 OR system_label = 1
        UNION ALL
        SELECT text, NULL, seq FROM turns WHERE label = 1
        UNION ALL
        SELECT spans.text, spans.packed, turns.seq FROM spans
        JOIN attempts ON attempts.id = spans.attempt_id JOIN turns ON turns.id = attempts.turn_id
        WHERE turns.reply_label = 1 OR turns.label = 1
        UNION ALL
        SELECT summaries.text, NULL, turns.seq FROM summaries
        JOIN turns ON turns.id = summaries.turn_id WHERE summaries.label = 1
    ) WHERE text <> '' OR packed NOT NULL ORDER BY newest DESC
"""


@dataclass(frozen=True, slots=True)
class PastAttempt:
    """What was decided for a turn and what it took, without a word of it."""

    conversation_id: str
    turn_id: str
    n: int
    decision: Decision
    usage: Usage
    model: str


def past_attempts(database: Database, limit: int | None) -> Iterator[PastAttempt]:
    """The newest `limit` attempts, or all, in the order they were recorded."""
    first = 0 if limit is None else _first_of_newest(database, limit)
    while True:
        with database.read() as connection:
            rows = connection.execute(_PAGE, (first, _PAGE_ROWS)).fetchall()
            page = [_past_attempt(row) for row in rows]
        if not rows:
            return
        yield from page
        first = rows[-1]["id"] + 1


def past_usages(database: Database, limit: int) -> tuple[tuple[Target, str, Usage], ...]:
    """Who answered with which model and what it took, newest first."""
    with database.read() as connection:
        rows = connection.execute(
            "SELECT turn_id, decision, model, usage FROM attempts ORDER BY id DESC LIMIT ?",
            (limit,),
        ).fetchall()
        return tuple(_past_usage(row) for row in rows)


def _first_of_newest(database: Database, limit: int) -> int:
    with database.read() as connection:
        row = connection.execute(_FIRST_OF_NEWEST, (max(limit, 1) - 1,)).fetchone()
    return 0 if row is None else int(row["id"])


def _past_attempt(row: sqlite3.Row) -> PastAttempt:
    try:
        decision, usage = decode(Decision, row["decision"]), decode(Usage, row["usage"])
    except ValueError as cause:
        raise _unreadable(row, cause) from cause
    return PastAttempt(
        row["conversation_id"], row["turn_id"], row["n"], decision, usage, row["model"]
    )


def _past_usage(row: sqlite3.Row) -> tuple[Target, str, Usage]:
    try:
        # Of the decision the target alone: this is read before every turn.
        target = Target(json.loads(row["decision"])["target"])
        return target, row["model"], decode(Usage, row["usage"])
    except (ValueError, TypeError, KeyError, RecursionError) as cause:
        raise _unreadable(row, cause) from cause


def _unreadable(row: sqlite3.Row, cause: Exception) -> sqlite3.DatabaseError:
    return sqlite3.DatabaseError(
        say("an attempt at turn {turn!r}: {cause}", turn=row["turn_id"], cause=cause)
    )


def private_texts(database: Database, most_chars: int) -> tuple[str, ...]:
    """Texts that are private, those of summaries too, newest first, up to so many letters."""
    found, n_chars = [], 0
    with database.read() as connection:
        for row in connection.execute(_PRIVATE):
            if n_chars >= most_chars:
                break
            found.append(_private(row))
            n_chars += len(found[-1])
    return tuple(found)


def _private(row: sqlite3.Row) -> str:
    try:
        return plain(row)
    except ValueError as cause:
        raise sqlite3.DatabaseError(say("a reply that is private: {cause}", cause=cause)) from cause


class PrivateNews:
    """The private texts of a store, told again when another process may have added some.

    What this process adds it knows by itself; SQLite counts what others wrote.
    """

    def __init__(self, database: Database, most_chars: int) -> None:
        self._database = database
        self._most_chars = most_chars
        self._version: int | None = None

    def read(self) -> tuple[str, ...]:
        """All of them, or none where no other process wrote since the last time."""
        with self._database.read() as connection:
            version = connection.execute("PRAGMA data_version").fetchone()[0]
        if version == self._version:
            return ()
        texts = private_texts(self._database, self._most_chars)
        self._version = version  # last: what could not be read is read the next time
        return texts
