"""The tables of the store, as migrations; append only: none is edited once it was released."""

from __future__ import annotations

from dataclasses import dataclass

# "edge" in ASCII: tells our files from other SQLite files that happen to lie there.
APPLICATION_ID = 0x65646765


@dataclass(frozen=True, slots=True)
class Migration:
    """A named step of the schema; all its statements are applied or none."""

    name: str
    statements: tuple[str, ...]


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

MIGRATIONS: tuple[Migration, ...] = (_CONVERSATIONS, _CLOUD)
