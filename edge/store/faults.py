"""What SQLite says went wrong, as edge's errors."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.core.errors import Busy, DiskFull, EdgeError, StoreDamaged, UsageError

BUSY_S = 5.0  # how long a writer waits for another process


@contextmanager
def our_errors(path: Path) -> Iterator[None]:
    """Turn what `sqlite3` raises about the store at `path` into edge's errors."""
    try:
        yield
    except sqlite3.Error as cause:
        raise _our_error(path, cause) from cause
    except (UnicodeDecodeError, IndexError) as cause:
        # Of a damaged schema SQLite's own message may be no text, and a row may
        # lack a column that every migration made.
        raise damaged(path, str(cause)) from cause
    except UnicodeEncodeError as cause:
        raise UsageError(
            f"the text holds half a character (a lone surrogate) at position {cause.start}",
            hint="send it as valid UTF-8",
        ) from cause


def damaged(path: Path, found: str) -> StoreDamaged:
    """The error of a store that holds something else than what was written."""
    return StoreDamaged(
        f"{str(path)!r} cannot be read: {found}",
        kept="the file is left as it is",
        hint=f"mv {path} {path}.damaged, then edge starts an empty store",
    )


def _our_error(path: Path, cause: sqlite3.Error) -> EdgeError:
    if isinstance(cause, sqlite3.ProgrammingError):
        return UsageError(f"the store {str(path)!r} cannot be used: {cause}", hint="open it again")
    error: EdgeError
    # Extended codes keep the primary one in their low byte. Errors that Python
    # raises itself, as for bytes that are not UTF-8, carry no code.
    match getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            error = Busy(
                f"another process has been using {str(path)!r} for {BUSY_S:g} s",
                hint="the same again, once it is done",
            )
        case sqlite3.SQLITE_FULL:
            error = DiskFull(
                f"no room on the disk to write {str(path)!r}",
                kept="all that was recorded before is kept",
                hint=f"df -h {path.parent}",
            )
        case sqlite3.SQLITE_IOERR:
            error = StoreDamaged(
                f"the disk refused to read or write {str(path)!r}: {cause}",
                kept="all that was recorded before is kept",
                hint=f"check the disk, or the size limits of {path.parent}",
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            error = UsageError(
                f"cannot write {str(path)!r}: {cause}",
                hint="export EDGE_HOME=/a/writable/folder",
            )
        case sqlite3.SQLITE_TOOBIG:
            error = UsageError("the text is longer than 1 GB", hint="a shorter one")
        case sqlite3.SQLITE_CONSTRAINT:  # a bug of ours, not of the file
            error = EdgeError(f"a rule of the store was broken: {cause}")
        case _:
            error = damaged(path, str(cause))
    return error
