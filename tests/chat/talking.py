"""What the sessions of the tests are opened with, and what happens to their store."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from edge.chat.session import Session
from edge.store.database import Database

OpenSession = Callable[..., Session]


@contextmanager
def another_process_using(database: Database) -> Iterator[None]:
    """Within, somebody else writes to the store, and nobody waits for them."""
    with database.read() as connection:
        connection.execute("PRAGMA busy_timeout = 0")
    with closing(sqlite3.connect(database.path, isolation_level=None)) as blocker:
        blocker.execute("BEGIN EXCLUSIVE")
        yield
