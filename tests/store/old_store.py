"""A store as an older edge wrote it: its migrations, and rows of a talk in plain SQL."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from writer import attempt

from edge.store.codec import encode
from edge.store.database import open_database
from edge.store.schema import MIGRATIONS


@dataclass(frozen=True)
class OldTurn:
    """What was asked and answered; an empty reply is a turn that was never ended."""

    id: str
    prompt: str
    reply: str = ""


def write_old_store(path: Path, n_migrations: int, talks: dict[str, list[OldTurn]]) -> None:
    """A store with so many migrations; each talk is one after the other."""
    open_database(path, migrations=MIGRATIONS[:n_migrations]).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        for used, (talk_id, turns) in enumerate(talks.items(), start=1):
            connection.execute(
                "INSERT INTO conversations (id, model, system, started_at_utc, used)"
                " VALUES (?, 'toy', 'be brief', '2026-01-01T00:00:00Z', ?)",
                (talk_id, used),
            )
            parent_id = None
            for turn in turns:
                insert(connection, talk_id, parent_id, turn)
                parent_id = turn.id


def insert(
    connection: sqlite3.Connection, talk_id: str, parent_id: str | None, turn: OldTurn
) -> None:
    outcome = "finished" if turn.reply else "incomplete"
    connection.execute(
        "INSERT INTO turns (id, conversation_id, parent_id, role, text, label, crc,"
        " started_at_utc, outcome, owner) VALUES (?, ?, ?, 'user', ?, 1, ?, ?, ?, '')",
        (turn.id, talk_id, parent_id, turn.prompt, crc32(turn.prompt.encode()),
         "2026-01-01T00:00:00Z", outcome),
    )  # fmt: skip
    if turn.reply:
        answered = attempt(turn.reply)
        (row,) = connection.execute(
            "INSERT INTO attempts (turn_id, n, decision, model, stop_reason, usage)"
            " VALUES (?, 0, ?, 'toy', 'end', ?) RETURNING id",
            (turn.id, encode(answered.decision), encode(answered.usage)),
        ).fetchall()
        connection.execute(
            "INSERT INTO spans VALUES (?, 0, 'answer', ?, ?)",
            (row[0], turn.reply, crc32(turn.reply.encode())),
        )
