"""Writes an export to a file: for its owner's eyes, and never over another one unasked."""

from __future__ import annotations

import os
from pathlib import Path

from edge.cli.words import log_change as words
from edge.core.errors import DiskFull, UsageError
from edge.settings.folders import cannot_write


def write_export(path: Path, text: str, *, over: bool = False) -> int:
    """Write the text as UTF-8, readable by its owner alone; the bytes written.

    `over` lets it take the place of what is there. Raises UsageError, or DiskFull; a
    file that could not be written whole is not left behind.
    """
    payload = text.encode()
    try:
        _write(path, payload, over=over)
    except FileExistsError as cause:
        raise UsageError(words.is_there_already(str(path)), hint=words.overwrite_it()) from cause
    except OSError as cause:
        raise _our_error(path, cause) from cause
    return len(payload)


def _write(path: Path, payload: bytes, *, over: bool) -> None:
    how = os.O_TRUNC if over else os.O_EXCL
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o600), "wb") as file:
        try:
            file.write(payload)
            file.flush()
        except OSError:
            if not over:  # it was not there before
                path.unlink(missing_ok=True)
            raise


def _our_error(path: Path, cause: OSError) -> UsageError | DiskFull:
    error = cannot_write(path, cause)
    if isinstance(error, DiskFull):
        return error
    why = cause.strerror or type(cause).__name__
    return UsageError(words.cannot_write(str(path), why), hint=words.another_place())
