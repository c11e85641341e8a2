"""What SQLite says went wrong, as edge's errors."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.core.errors import Busy, DiskFull, EdgeError, StoreDamaged, UsageError
from edge.core.say import say

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
            say(
                "the text holds half a character (a lone surrogate) at position {position}",
                position=cause.start,
            ),
            hint=say("send it as valid UTF-8"),
        ) from cause


def damaged(path: Path, found: str) -> StoreDamaged:
    """The error of a store that holds something else than what was written."""
    return StoreDamaged(
        say("{path!r} cannot be read: {found}", path=str(path), found=found),
        kept=say("the file is left as it is"),
        hint=say("edge log repair, or for an empty store: mv {path} {path}.damaged", path=path),
    )


def _our_error(path: Path, cause: sqlite3.Error) -> EdgeError:
    if isinstance(cause, sqlite3.ProgrammingError):
        told = say("the store {path!r} cannot be used: {cause}", path=str(path), cause=cause)
        return UsageError(told, hint=say("open it again"))
    error: EdgeError
    # Extended codes keep the primary one in their low byte. Errors that Python
    # raises itself, as for bytes that are not UTF-8, carry no code.
    match getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            error = _busy(path)
        case sqlite3.SQLITE_FULL:
            error = _full(path)
        case sqlite3.SQLITE_IOERR:
            error = _refused(path, cause)
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            told = say("cannot write {path!r}: {cause}", path=str(path), cause=cause)
            error = UsageError(told, hint="export EDGE_HOME=/a/writable/folder")
        case sqlite3.SQLITE_TOOBIG:
            error = UsageError(say("the text is longer than 1 GB"), hint=say("a shorter one"))
        case sqlite3.SQLITE_CONSTRAINT:  # a bug of ours, not of the file
            error = EdgeError(say("a rule of the store was broken: {cause}", cause=cause))
        case _:
            error = damaged(path, str(cause))
    return error


def _busy(path: Path) -> Busy:
    return Busy(
        say(
            "another process has been using {path!r} for {seconds:g} s",
            path=str(path),
            seconds=BUSY_S,
        ),
        hint=say("the same again, once it is done"),
    )


def _full(path: Path) -> DiskFull:
    return DiskFull(
        say("no room on the disk to write {path!r}", path=str(path)),
        kept=say("all that was recorded before is kept"),
        hint=f"df -h {path.parent}",
    )


def _refused(path: Path, cause: sqlite3.Error) -> StoreDamaged:
    return StoreDamaged(
        say("the disk refused to read or write {path!r}: {cause}", path=str(path), cause=cause),
        kept=say("all that was recorded before is kept"),
        hint=say("check the disk, or the size limits of {parent}", parent=path.parent),
    )
