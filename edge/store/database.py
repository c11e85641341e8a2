"""The store: its file, private, with safe settings and up to date; or memory alone.

One connection, guarded by a lock: an app may send from one thread and read
from another. Transactions of two threads take turns, each a few milliseconds;
nobody holds one while an engine is answering. Other processes are kept apart
by SQLite itself: writers queue for at most 5 s, then Busy.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from edge.core.errors import UsageError
from edge.core.say import say
from edge.settings.folders import cannot_write, private_folder
from edge.store.faults import BUSY_S, damaged, our_errors
from edge.store.migrate import migrate
from edge.store.owner import Owner
from edge.store.schema import MIGRATIONS, Migration

_STRICT_TABLES = (3, 37, 0)
# A rollback journal: WAL lost data before SQLite 3.51.3, and Python often brings
# an older one. FULL: what was acknowledged survives a power cut. secure_delete:
# what a user deletes is overwritten in the file. No mmap: a damaged disk then
# gives an error code, not a signal. temp_store: what is sorted stays in memory,
# or texts would reach the folder for temporary files.
_PRAGMAS = (
    "PRAGMA foreign_keys = ON",
    "PRAGMA synchronous = FULL",
    "PRAGMA secure_delete = ON",
    "PRAGMA mmap_size = 0",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
)


class Alone:
    """The owner of turns that no other process can see: all who answer one are alive."""

    name = "alone"

    def alive(self, name: str) -> bool:
        """Yes: the store would be gone with its process."""
        return True

    def forget_the_dead(self) -> None:
        """There are none."""

    def release(self) -> None:
        """Nothing is held."""


class Database:
    """An open store. `write` and `read` are transactions; both may be used from any thread."""

    def __init__(self, path: Path, connection: sqlite3.Connection, owner: Owner | Alone) -> None:
        self.path = path
        self.owner = owner
        self._connection = connection
        self._lock = threading.RLock()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, and on disk when the block has ended without an error."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """One consistent view over several queries."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._lock, our_errors(self.path):
            self._connection.execute(begin)
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                # SQLite has often rolled back by itself, as on a full disk.
                if self._connection.in_transaction:
                    with suppress(sqlite3.Error):
                        self._connection.execute("ROLLBACK")
                raise

    def check(self) -> None:
        """Read every page; raises StoreDamaged with the first thing found wrong."""
        with self.read() as connection:
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if found != "ok":
            raise damaged(self.path, found)

    def close(self) -> None:
        """Give the file and the owner's lock back; a second call does nothing."""
        with self._lock:
            self.owner.release()
            self._connection.close()


def open_database(path: Path, *, migrations: tuple[Migration, ...] = MIGRATIONS) -> Database:
    """Open or create the store at the absolute `path`, private, all migrations applied.

    A store of an older version is copied first, beside itself. Raises UsageError
    (cannot be created, of another program or of a newer edge), StoreDamaged, DiskFull
    or Busy; the file is then as it was.
    """
    _require_sqlite()
    _make_private(path)
    owner = Owner(path.with_name(f"{path.name}-owners"))
    with our_errors(path):
        return _ready(_connect(path), path, owner, migrations)


def open_copy(path: Path) -> Database:
    """Open a copy of a store that is there, of whatever version, and leave it at that.

    Raises UsageError where it is gone or cannot be opened, StoreDamaged or Busy.
    """
    with our_errors(path):
        connection = _connect(f"file:{quote(os.fsencode(path))}?mode=rw", uri=True)
        return _ready(connection, path, Alone(), ())


def open_in_memory(path: Path) -> Database:
    """Open a store of which nothing is written, in place of the one at `path`.

    All of this process who name the same path share it; it is gone when the last
    has closed it.
    """
    _require_sqlite()
    with our_errors(path):
        # A name of this file system in memory that begins with a slash is shared.
        connection = _connect(f"file:/{quote(os.fsencode(path), safe='')}?vfs=memdb", uri=True)
        return _ready(connection, path, Alone(), MIGRATIONS)


def _require_sqlite() -> None:
    if sqlite3.sqlite_version_info < _STRICT_TABLES:
        raise UsageError(
            say(
                "this Python brings SQLite {version}; edge needs 3.37 or newer",
                version=sqlite3.sqlite_version,
            ),
            hint=say("a newer Python, from: https://www.python.org/downloads/"),
        )


def _connect(place: Path | str, *, uri: bool = False) -> sqlite3.Connection:
    return sqlite3.connect(
        place, timeout=BUSY_S, isolation_level=None, check_same_thread=False, uri=uri
    )


def _ready(
    connection: sqlite3.Connection,
    path: Path,
    owner: Owner | Alone,
    migrations: tuple[Migration, ...],
) -> Database:
    """The store with its settings in force and these migrations applied; else it is closed."""
    database = Database(path, connection, owner)
    try:
        connection.row_factory = sqlite3.Row
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        if migrations:
            migrate(database, migrations)
    except BaseException:
        database.close()
        raise
    return database


def _make_private(path: Path) -> None:
    private_folder(path.parent)
    try:
        # Only a file that is not there is opened here: closing any descriptor of a
        # file drops the locks this process holds on it (POSIX), SQLite's included.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        path.chmod(0o600)
    except FileExistsError:
        if path.is_file() and path.stat().st_mode & 0o077:
            with suppress(OSError):  # somebody else's, or on a read-only disk
                path.chmod(0o600)
    except OSError as cause:
        raise cannot_write(path, cause) from cause
