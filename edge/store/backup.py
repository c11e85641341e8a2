"""Copies of the store as it was before a migration, kept beside it."""

from __future__ import annotations

import itertools
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from edge.settings.folders import cannot_write

_BEFORE = ".before-"
_UNFINISHED = ".part"
_JOURNAL = "-journal"  # what SQLite writes beside a file while it changes it


def keep_backup(path: Path, migration: str) -> Path:
    """Copy a store to a private file named after the migration it is made for.

    The caller holds the write lock of the store and has not written yet. An older copy
    of that name is left as it is.
    """
    name = f"{path.name}{_BEFORE}{migration.replace(' ', '-')}"
    unfinished = path.with_name(f"{name}{_UNFINISHED}")
    try:
        unfinished.unlink(missing_ok=True)  # of a process that was killed
        os.close(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        _copy(path, unfinished)
        names = itertools.chain([name], (f"{name}-{n}" for n in itertools.count(2)))
        kept = next(place for each in names if not (place := path.with_name(each)).exists())
        return unfinished.rename(kept)
    except OSError as cause:
        raise cannot_write(unfinished, cause) from cause
    finally:
        unfinished.unlink(missing_ok=True)


def backups(path: Path) -> tuple[Path, ...]:
    """The copies of the store at `path` that were kept, oldest migration first."""
    found = path.parent.glob(f"{path.name}{_BEFORE}*")
    return tuple(sorted(each for each in found if not each.name.endswith((_UNFINISHED, _JOURNAL))))


def _copy(source: Path, target: Path) -> None:
    # A second connection: SQLite copies nothing of one that is about to write. It keeps
    # the locks of the first, which closing a plain file of this name would drop.
    uri = f"file:{quote(os.fsencode(source))}?mode=ro"
    with (
        closing(sqlite3.connect(uri, uri=True)) as reader,
        closing(sqlite3.connect(target)) as writer,
    ):
        reader.backup(writer)
