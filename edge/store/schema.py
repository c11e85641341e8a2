"""The tables of the store, as migrations; append only: none is edited once it was released."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from edge.store import word_index

# "edge" in ASCII: tells our files from other SQLite files that happen to lie there.
APPLICATION_ID = 0x65646765


@dataclass(frozen=True, slots=True)
class Migration:
    """A named step of the schema; all its statements are applied or none.

    `fill` then makes what cannot be said in SQL of the rows that are there.
    """

    name: str
    statements: tuple[str, ...]
    fill: Callable[[sqlite3.Connection], None] | None = None


# `used` and `seq` order things: clocks jump, so no query may sort by time.
# `owner` names who is answering an open turn (see edge.store.owner).
# `crc` is zlib.crc32 of the text in UTF-8: SQLite does not notice every damaged
# page of a long text, and damage must not be shown as what somebody wrote.
_CONVERSATIONS = Migration(
    "0001 conversations",
    (
        """
        CREATE TABLE conversations (
            id TEXT PRIMARY KEY NOT NULL,
            model TEXT NOT NULL,
            system TEXT NOT NULL,
            started_at_utc TEXT NOT NULL,
            used INTEGER NOT NULL UNIQUE
        ) STRICT
        """,
        """
        CREATE TABLE turns (
            seq INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
            parent_id TEXT REFERENCES turns (id) ON DELETE CASCADE,
            role TEXT NOT NULL,
            text TEXT NOT NULL,
            label INTEGER NOT NULL,
            crc INTEGER NOT NULL,
            started_at_utc TEXT NOT NULL,
            outcome TEXT NOT NULL
                CHECK (outcome IN ('open', 'finished', 'stopped', 'incomplete', 'failed')),
            owner TEXT NOT NULL
        ) STRICT
        """,
        "CREATE INDEX turns_of_conversation ON turns (conversation_id, seq)",
        "CREATE INDEX turns_of_parent ON turns (parent_id)",
        "CREATE INDEX open_turns ON turns (owner) WHERE outcome = 'open'",
        """
        CREATE TABLE attempts (
            id INTEGER PRIMARY KEY,
            turn_id TEXT NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
            n INTEGER NOT NULL,
            decision TEXT NOT NULL,
            model TEXT NOT NULL,
            stop_reason TEXT NOT NULL,
            usage TEXT NOT NULL,
            confidence TEXT,
            UNIQUE (turn_id, n)
        ) STRICT
        """,
        """
        CREATE TABLE spans (
            attempt_id INTEGER NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
            n INTEGER NOT NULL,
            channel TEXT NOT NULL,
            text TEXT NOT NULL,
            crc INTEGER NOT NULL,
            PRIMARY KEY (attempt_id, n)
        ) STRICT
        """,
    ),
)

# Labels are those of edge.core.message, and what was here before is private (1).
# Amounts are whole thousand-millionths of their currency (see edge.store.amounts).
# `day` and `month` are text, written once: a clock that jumps moves no money from
# one to another. Reservations and sends refer to turns by name alone: they hold no
# text, and stay when a conversation is deleted.
_CLOUD = Migration(
    "0002 cloud",
    (
        "ALTER TABLE conversations ADD COLUMN label INTEGER NOT NULL DEFAULT 1",
        "ALTER TABLE conversations ADD COLUMN system_label INTEGER NOT NULL DEFAULT 1",
        "ALTER TABLE turns ADD COLUMN reply_label INTEGER NOT NULL DEFAULT 1",
        "ALTER TABLE attempts ADD COLUMN shown INTEGER NOT NULL DEFAULT 1",
        """
        CREATE TABLE reservations (
            id INTEGER PRIMARY KEY,
            turn_id TEXT NOT NULL,
            conversation_id TEXT NOT NULL,
            provider TEXT NOT NULL,
            model TEXT NOT NULL,
            reason TEXT NOT NULL,
            at_utc TEXT NOT NULL,
            day TEXT NOT NULL,
            month TEXT NOT NULL,
            currency TEXT NOT NULL,
            most INTEGER NOT NULL CHECK (most >= 0),
            cost INTEGER CHECK (cost >= 0),
            state TEXT NOT NULL CHECK (state IN ('reserved', 'settled', 'released')),
            CHECK ((state = 'reserved') = (cost IS NULL))
        ) STRICT
        """,
        "CREATE INDEX reservations_of_turn ON reservations (turn_id)",
        "CREATE INDEX reservations_of_conversation ON reservations (conversation_id)",
        "CREATE INDEX reservations_of_month ON reservations (month, day)",
        """
        CREATE TRIGGER reservations_stay BEFORE DELETE ON reservations BEGIN
            SELECT raise(ABORT, 'money that was booked stays booked');
        END
        """,
        """
        CREATE TRIGGER reservations_end_once BEFORE UPDATE ON reservations
        WHEN OLD.state <> 'reserved' BEGIN
            SELECT raise(ABORT, 'a reservation ends once');
        END
        """,
        """
        CREATE TABLE sends (
            id INTEGER PRIMARY KEY,
            at_utc TEXT NOT NULL,
            host TEXT NOT NULL,
            provider TEXT NOT NULL,
            model TEXT NOT NULL,
            turn_ids TEXT NOT NULL,
            n_bytes INTEGER NOT NULL,
            sha256 TEXT NOT NULL,
            reservation_id INTEGER NOT NULL REFERENCES reservations (id),
            most INTEGER NOT NULL,
            currency TEXT NOT NULL
        ) STRICT
        """,
        """
        CREATE TRIGGER sends_stay BEFORE DELETE ON sends BEGIN
            SELECT raise(ABORT, 'what was sent is not forgotten');
        END
        """,
        """
        CREATE TRIGGER sends_are_as_they_were BEFORE UPDATE ON sends BEGIN
            SELECT raise(ABORT, 'what was sent is not rewritten');
        END
        """,
        # REPLACE removes a row without asking the trigger above.
        """
        CREATE TRIGGER sends_are_not_replaced BEFORE INSERT ON sends
        WHEN NEW.id IN (SELECT id FROM sends) BEGIN
            SELECT raise(ABORT, 'what was sent is not rewritten');
        END
        """,
        "CREATE TABLE health (name TEXT PRIMARY KEY NOT NULL, text TEXT NOT NULL) STRICT",
        """
        CREATE TABLE policies (
            hash TEXT PRIMARY KEY NOT NULL,
            name TEXT NOT NULL,
            text TEXT NOT NULL
        ) STRICT
        """,
    ),
)

# `head` is the turn a conversation is at, NULL before its first; it names a turn of the
# same conversation, and goes with it. A draft's key is a conversation's id or a name that
# is none, so the store removes it itself. A span that is `packed` has an empty `text`: see
# edge.store.packing. Texts that nobody can make again carry a `crc`.
_TALKS = Migration(
    "0003 talks",
    (
        "ALTER TABLE conversations ADD COLUMN title TEXT NOT NULL DEFAULT ''",
        """
        ALTER TABLE conversations ADD COLUMN titled_by TEXT NOT NULL DEFAULT 'none'
            CHECK (titled_by IN ('none', 'model', 'user'))
        """,
        "ALTER TABLE conversations ADD COLUMN head TEXT",
        """
        UPDATE conversations SET head = (
            SELECT id FROM turns WHERE conversation_id = conversations.id ORDER BY seq DESC LIMIT 1
        )
        """,
        "ALTER TABLE turns ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX first_turns ON turns (conversation_id, seq) WHERE parent_id IS NULL",
        "ALTER TABLE attempts ADD COLUMN context TEXT",
        "ALTER TABLE spans ADD COLUMN packed BLOB",
        """
        CREATE TABLE summaries (
            seq INTEGER PRIMARY KEY,
            turn_id TEXT NOT NULL UNIQUE REFERENCES turns (id) ON DELETE CASCADE,
            text TEXT NOT NULL,
            stands_for_tokens INTEGER NOT NULL,
            label INTEGER NOT NULL,
            crc INTEGER NOT NULL
        ) STRICT
        """,
        "CREATE TABLE drafts (key TEXT PRIMARY KEY NOT NULL, text TEXT NOT NULL) STRICT",
        word_index.CREATE,
    ),
    word_index.add_all,
)

MIGRATIONS: tuple[Migration, ...] = (_CONVERSATIONS, _CLOUD, _TALKS)
