"""Bringing a store up to date: its migrations, each once, after a copy of the old file was kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from edge.core.errors import UsageError
from edge.core.say import say
from edge.store.backup import keep_backup
from edge.store.clock import utc_now
from edge.store.schema import APPLICATION_ID, Migration

_MIGRATIONS_TABLE = """
    CREATE TABLE IF NOT EXISTS migrations (
        name TEXT PRIMARY KEY NOT NULL,
        applied_at_utc TEXT NOT NULL
    ) STRICT
"""


class Opened(Protocol):
    """A store that is open, whatever its version."""

    path: Path

    def read(self) -> AbstractContextManager[sqlite3.Connection]:
        """One consistent view."""

    def write(self) -> AbstractContextManager[sqlite3.Connection]:
        """All or nothing."""


def migrate(store: Opened, migrations: tuple[Migration, ...]) -> None:
    """Apply what the store lacks, all or nothing.

    A copy of a store that held something is kept beside it first. Raises UsageError
    for a file of another program or of a newer edge, which stays as it is.
    """
    with store.read() as connection:
        if not _pending(store.path, connection, migrations):
            return
        _require_word_index(connection)
    # Outside a transaction, as it must be; changes nothing in a file of ours.
    connection.execute("PRAGMA journal_mode = DELETE")
    with store.write() as connection:
        # Asked again inside: another process may have been faster.
        pending = _pending(store.path, connection, migrations)
        if pending and _applied(store.path, connection):
            keep_backup(store.path, pending[0].name)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(_MIGRATIONS_TABLE)
        for migration in pending:
            _apply(connection, migration)


def _apply(connection: sqlite3.Connection, migration: Migration) -> None:
    for statement in migration.statements:
        connection.execute(statement)
    if migration.fill is not None:
        migration.fill(connection)
    connection.execute("INSERT INTO migrations VALUES (?, ?)", (migration.name, utc_now()))


def _pending(
    path: Path, connection: sqlite3.Connection, migrations: tuple[Migration, ...]
) -> tuple[Migration, ...]:
    applied = _applied(path, connection)
    unknown = applied - {migration.name for migration in migrations}
    if unknown:
        raise UsageError(
            say(
                "{path!r} was written by a newer edge ({name!r})", path=str(path), name=max(unknown)
            ),
            hint=say("a newer edge: pip install -U . in its checkout"),
            kept=say("the file is left as it is"),
        )
    return tuple(migration for migration in migrations if migration.name not in applied)


def _applied(path: Path, connection: sqlite3.Connection) -> AbstractSet[str]:
    if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0:
        return frozenset()
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise UsageError(
            say("{path!r} is a SQLite file of another program", path=str(path)),
            hint="export EDGE_HOME=/a/writable/folder",
            kept=say("the file is left as it is"),
        )
    names = {row["name"] for row in connection.execute("SELECT name FROM migrations")}
    if not all(isinstance(name, str) for name in names):
        raise sqlite3.DatabaseError(say("its list of migrations is damaged"))
    return names


def _require_word_index(connection: sqlite3.Connection) -> None:
    if not connection.execute("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'").fetchone():
        raise UsageError(
            say("this Python brings an SQLite without its full text search, FTS5"),
            hint=say("a newer Python, from: https://www.python.org/downloads/"),
        )
