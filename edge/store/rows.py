"""Turns as rows of the store's tables, and back to equal values."""

from __future__ import annotations

import sqlite3
from zlib import crc32

from edge.core.conversation import Conversation, Outcome, Turn
from edge.core.decision import Decision
from edge.core.event import Attempt, Channel, Confidence, Span, StopReason, Usage
from edge.core.message import Label, Message, Role
from edge.store.codec import decode, encode


def insert_turn(
    connection: sqlite3.Connection, conversation_id: str, turn: Turn, owner: str
) -> None:
    """Write a turn and its prompt, without attempts."""
    prompt = turn.prompt
    connection.execute(
        """
        INSERT INTO turns (id, conversation_id, parent_id, role, text, label, crc,
                           started_at_utc, outcome, owner, reply_label)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            turn.id,
            conversation_id,
            turn.parent_id,
            prompt.role,
            prompt.text,
            prompt.label,
            _crc(prompt.text),
            turn.started_at_utc,
            turn.outcome,
            owner,
            turn.reply_label,
        ),
    )


def insert_attempt(connection: sqlite3.Connection, turn_id: str, attempt: Attempt) -> None:
    """Write one engine's share of a turn with its spans."""
    confidence = None if attempt.confidence is None else encode(attempt.confidence)
    written = connection.execute(
        """
        INSERT INTO attempts (turn_id, n, decision, model, stop_reason, usage, confidence, shown)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            turn_id,
            attempt.n,
            encode(attempt.decision),
            attempt.model,
            attempt.stop_reason,
            encode(attempt.usage),
            confidence,
            attempt.shown,
        ),
    )
    connection.executemany(
        "INSERT INTO spans (attempt_id, n, channel, text, crc) VALUES (?, ?, ?, ?, ?)",
        [
            (written.lastrowid, n, span.channel, span.text, _crc(span.text))
            for n, span in enumerate(attempt.spans)
        ],
    )


def read_conversation(connection: sqlite3.Connection, row: sqlite3.Row) -> Conversation:
    """A row of `conversations` with all its turns, in the order they were begun."""
    turns = connection.execute(
        "SELECT * FROM turns WHERE conversation_id = ? ORDER BY seq", (row["id"],)
    ).fetchall()
    return Conversation(
        id=row["id"],
        model=row["model"],
        system=row["system"],
        turns=tuple(read_turn(connection, turn) for turn in turns),
        started_at_utc=row["started_at_utc"],
        label=Label(row["label"]),
        system_label=Label(row["system_label"]),
    )


def read_turn(connection: sqlite3.Connection, row: sqlite3.Row) -> Turn:
    """A row of `turns` with its attempts; sqlite3.DatabaseError when it is not what was written."""
    attempts = connection.execute(
        "SELECT * FROM attempts WHERE turn_id = ? ORDER BY n", (row["id"],)
    ).fetchall()
    try:
        return Turn(
            id=row["id"],
            parent_id=row["parent_id"],
            prompt=Message(Role(row["role"]), _text(row), Label(row["label"])),
            attempts=tuple(_read_attempt(connection, attempt) for attempt in attempts),
            started_at_utc=row["started_at_utc"],
            outcome=Outcome(row["outcome"]),
            reply_label=Label(row["reply_label"]),
        )
    except ValueError as cause:
        raise sqlite3.DatabaseError(f"turn {row['id']!r}: {cause}") from cause


def _read_attempt(connection: sqlite3.Connection, row: sqlite3.Row) -> Attempt:
    spans = connection.execute(
        "SELECT * FROM spans WHERE attempt_id = ? ORDER BY n", (row["id"],)
    ).fetchall()
    confidence = row["confidence"]
    return Attempt(
        n=row["n"],
        decision=decode(Decision, row["decision"]),
        model=row["model"],
        stop_reason=StopReason(row["stop_reason"]),
        usage=decode(Usage, row["usage"]),
        confidence=None if confidence is None else decode(Confidence, confidence),
        spans=tuple(Span(Channel(span["channel"]), _text(span)) for span in spans),
        shown=bool(row["shown"]),
    )


def _text(row: sqlite3.Row) -> str:
    text: str = row["text"]
    if _crc(text) != row["crc"]:
        raise ValueError("its text is not the text that was written")
    return text


def _crc(text: str) -> int:
    return crc32(text.encode())
