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

MIGRATIONS: tuple[Migration, ...] = (_CONVERSATIONS,)
