"""A new store from what can still be read of a damaged one, which is left as it is."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path

from edge.core.errors import StoreDamaged, UsageError
from edge.core.say import say
from edge.settings.folders import cannot_write
from edge.store import word_index
from edge.store.aside import SALVAGED, clear_away, free_name, working_folder
from edge.store.carve import rows
from edge.store.database import open_database
from edge.store.mending import Mended, mend
from edge.store.wreck import Fields, Wreck


@dataclass(frozen=True, slots=True)
class Salvaged:
    """The new file, and what is in it. Lost is what left a trace; of some there is none.

    A turn is lost when its prompt is, a reply when some of it is: the turn is then
    kept as incomplete, with the attempts that are whole.
    """

    path: Path
    n_conversations: int
    n_turns: int
    n_lost_turns: int
    n_lost_replies: int


def salvage(path: Path) -> Salvaged:
    """Write everything of the store at `path` that can be read into a new file beside it.

    No other process should use the store meanwhile. Raises UsageError without a file,
    StoreDamaged where nothing of a conversation is found in it, DiskFull.
    """
    if not path.is_file():
        raise UsageError(say("there is no store at {path!r}", path=str(path)), hint="edge doctor")
    clear_away(path)
    with _bytes_of(path) as content:
        mended = mend(Wreck.of(rows(content)))
    if not mended.conversations:
        raise StoreDamaged(
            say("nothing of a conversation can be read in {path!r}", path=str(path)),
            kept=say("the file is left as it is"),
            hint=f"mv {path} {path}.damaged",
        )
    new = free_name(path, SALVAGED)
    try:
        _write(new, mended)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    n_turns = len(mended.turns)
    return Salvaged(
        new, len(mended.conversations), n_turns, mended.n_lost_turns, mended.n_lost_replies
    )


@contextmanager
def _bytes_of(path: Path) -> Iterator[bytes | mmap]:
    """The file's content; what a process left half written when it died is taken back first."""
    try:
        if not path.with_name(f"{path.name}-journal").exists():
            with _mapped(path) as content:
                yield content
            return
        # In a copy: the old file and its journal stay as they are.
        with working_folder(path) as folder:
            copy = folder / path.name
            for name in (path.name, f"{path.name}-journal"):
                shutil.copyfile(path.with_name(name), copy.with_name(name))
            with suppress(sqlite3.Error), closing(sqlite3.connect(copy)) as connection:
                connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            with _mapped(copy) as content:
                yield content
    except OSError as cause:
        raise cannot_write(path, cause) from cause


@contextmanager
def _mapped(path: Path) -> Iterator[bytes | mmap]:
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            yield b""
            return
        with mmap(file.fileno(), 0, access=ACCESS_READ) as content:
            yield content


def _write(path: Path, mended: Mended) -> None:
    with closing(open_database(path)) as database, database.write() as connection:
        for table, found in mended.rows():
            for row in found:
                _insert(connection, table, row)
        word_index.add_all(connection)


def _insert(connection: sqlite3.Connection, table: str, row: Fields) -> None:
    columns = [name for name in row if name != "rowid"]
    marks = ", ".join("?" * len(columns))
    # Names of tables and columns are those of edge.store.wreck, none is read from the file.
    statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608
    # A row that breaks a rule of the store was damaged where no check could tell.
    with suppress(sqlite3.IntegrityError):
        connection.execute(statement, [row[name] for name in columns])
