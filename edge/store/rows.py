"""Turns as rows of the store's tables, and back to equal values."""

from __future__ import annotations

import sqlite3
from zlib import crc32

from edge.core.conversation import Conversation, Outcome, Summary, Turn
from edge.core.decision import Decision
from edge.core.event import Attempt, Channel, Confidence, ContextUse, Span, StopReason, Usage
from edge.core.message import Label, Message, Role
from edge.core.say import say
from edge.store.codec import decode, encode
from edge.store.packing import packed, unpacked


def insert_turn(
    connection: sqlite3.Connection, conversation_id: str, turn: Turn, owner: str
) -> None:
    """Write a turn and its prompt, without attempts."""
    prompt = turn.prompt
    connection.execute(
        """
        INSERT INTO turns (id, conversation_id, parent_id, role, text, label, crc,
                           started_at_utc, outcome, owner, reply_label, pinned)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            turn.id,
            conversation_id,
            turn.parent_id,
            prompt.role,
            prompt.text,
            prompt.label,
            checked(prompt.text),
            turn.started_at_utc,
            turn.outcome,
            owner,
            turn.reply_label,
            turn.pinned,
        ),
    )


def insert_attempt(connection: sqlite3.Connection, turn_id: str, attempt: Attempt) -> None:
    """Write one engine's share of a turn with its spans."""
    written = connection.execute(
        """
        INSERT INTO attempts (turn_id, n, decision, model, stop_reason, usage, confidence, shown,
                              context)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            turn_id,
            attempt.n,
            encode(attempt.decision),
            attempt.model,
            attempt.stop_reason,
            encode(attempt.usage),
            None if attempt.confidence is None else encode(attempt.confidence),
            attempt.shown,
            None if attempt.context is None else encode(attempt.context),
        ),
    )
    connection.executemany(
        "INSERT INTO spans (attempt_id, n, channel, text, packed, crc) VALUES (?, ?, ?, ?, ?, ?)",
        [
            (written.lastrowid, n, span.channel, *_kept(span.text), checked(span.text))
            for n, span in enumerate(attempt.spans)
        ],
    )


def read_conversation(
    row: sqlite3.Row, turns: tuple[Turn, ...], summary: Summary | None
) -> Conversation:
    """A row of `conversations`, with the branch it is at and what stands for some of it."""
    return Conversation(
        id=row["id"],
        model=row["model"],
        system=row["system"],
        turns=turns,
        started_at_utc=row["started_at_utc"],
        label=Label(row["label"]),
        system_label=Label(row["system_label"]),
        title=row["title"],
        summary=summary,
    )


def read_summary(row: sqlite3.Row) -> Summary:
    """A row of `summaries`; sqlite3.DatabaseError when it is not what was written."""
    try:
        return Summary(
            row["turn_id"], sound_text(row), row["stands_for_tokens"], Label(row["label"])
        )
    except ValueError as cause:
        raise sqlite3.DatabaseError(
            say("summary at turn {turn!r}: {cause}", turn=row["turn_id"], cause=cause)
        ) from cause


def read_turn(connection: sqlite3.Connection, row: sqlite3.Row) -> Turn:
    """A row of `turns` with its attempts; sqlite3.DatabaseError when it is not what was written."""
    attempts = connection.execute(
        "SELECT * FROM attempts WHERE turn_id = ? ORDER BY n", (row["id"],)
    ).fetchall()
    try:
        return Turn(
            id=row["id"],
            parent_id=row["parent_id"],
            prompt=Message(Role(row["role"]), sound_text(row), Label(row["label"])),
            attempts=tuple(_read_attempt(connection, attempt) for attempt in attempts),
            started_at_utc=row["started_at_utc"],
            outcome=Outcome(row["outcome"]),
            reply_label=Label(row["reply_label"]),
            pinned=bool(row["pinned"]),
        )
    except ValueError as cause:
        raise sqlite3.DatabaseError(
            say("turn {turn!r}: {cause}", turn=row["id"], cause=cause)
        ) from cause


def _read_attempt(connection: sqlite3.Connection, row: sqlite3.Row) -> Attempt:
    spans = connection.execute(
        "SELECT * FROM spans WHERE attempt_id = ? ORDER BY n", (row["id"],)
    ).fetchall()
    confidence, context = row["confidence"], row["context"]
    return Attempt(
        n=row["n"],
        decision=decode(Decision, row["decision"]),
        model=row["model"],
        stop_reason=StopReason(row["stop_reason"]),
        usage=decode(Usage, row["usage"]),
        confidence=None if confidence is None else decode(Confidence, confidence),
        spans=tuple(Span(Channel(span["channel"]), sound_reply(span)) for span in spans),
        shown=bool(row["shown"]),
        context=None if context is None else decode(ContextUse, context),
    )


def sound_text(row: sqlite3.Row) -> str:
    """The text of a row; ValueError when it is not the one that was written."""
    return _sound(row["text"], row["crc"])


def sound_reply(span: sqlite3.Row) -> str:
    """The text of a row of `spans`; ValueError when it is not the one that was written."""
    return _sound(plain(span), span["crc"])


def plain(row: sqlite3.Row) -> str:
    """The text of a row that may be packed, as it is kept; ValueError when it cannot be read."""
    deflated: bytes | None = row["packed"]
    text: str = row["text"] if deflated is None else unpacked(deflated)
    return text


def checked(text: str) -> int:
    """The number that is kept with a text, so that damage to it shows."""
    return crc32(text.encode())


def _kept(text: str) -> tuple[str, bytes | None]:
    deflated = packed(text)
    return text if deflated is None else "", deflated


def _sound(text: str, crc: int) -> str:
    if checked(text) != crc:
        raise ValueError(say("its text is not the text that was written"))
    return text
