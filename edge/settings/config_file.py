"""The file a user writes settings in, read as TOML; and files that are their owner's alone."""

from __future__ import annotations

import os
import stat
import tempfile
import tomllib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from edge.core.errors import UsageError
from edge.core.say import say
from edge.settings.folders import cannot_write, private_folder

# What the file may hold beside the flat settings; read by edge.settings.cloud.
BESIDE = ("cloud", "privacy", "budget", "policy")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read_config(path: Path, parse_float: Callable[[str], Any] = float) -> dict[str, Any]:
    """What a TOML file holds; nothing where there is none.

    Raises UsageError naming the file that cannot be read or is no TOML.
    """
    # A path that is not absolute means there is no home; the working folder is not one.
    if not path.is_absolute():
        return {}
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe could be waited on for ever
            raise UsageError(
                say("cannot read {path!r}: it is no file", path=str(path)), hint=f"ls -l {path}"
            )
        # Some editors put a byte order mark in front, which TOML does not know.
        return tomllib.loads(path.read_text(encoding="utf-8-sig"), parse_float=parse_float)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as cause:
        raise UsageError(
            say("cannot read {path!r}: {why}", path=str(path), why=cause.strerror),
            hint=f"ls -l {path}",
        ) from cause
    # ValueError: of TOML and of UTF-8 alike; RecursionError: nested without end.
    except (ValueError, RecursionError) as cause:
        raise UsageError(
            say("{path!r} is not valid TOML: {cause}", path=str(path), cause=cause),
            hint=say("correct {path}, or move it away", path=path),
        ) from cause


def insist_private(path: Path) -> None:
    """Raise UsageError unless a file that holds a key is ours, and nobody else's to read."""
    if os.name == "nt":  # its modes say nothing; the user's own folder is private there
        return
    try:
        found = path.stat()
    except OSError:
        return
    if found.st_uid != os.geteuid():
        raise UsageError(
            say("{path!r} holds a key and belongs to another user", path=str(path)),
            hint=f"ls -l {path}",
        )
    if found.st_mode & _OTHERS:
        raise UsageError(
            say(
                "{path!r} holds a key and others may read it (mode {mode:o})",
                path=str(path),
                mode=stat.S_IMODE(found.st_mode),
            ),
            hint=f"chmod 600 {path}",
        )


def write_private(path: Path, text: str) -> None:
    """Replace a file whole or not at all: 0600 when new, and else with the mode it had.

    A link stays one: what it points to is replaced. Raises UsageError or DiskFull.
    """
    path = path.resolve() if path.is_symlink() else path
    private_folder(path.parent)
    try:
        # Made by mkstemp with mode 0600, beside the file so that the rename is atomic.
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        fresh = Path(name)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileNotFoundError):
                fresh.chmod(stat.S_IMODE(path.stat().st_mode))
            fresh.replace(path)
        except BaseException:
            with suppress(OSError):
                fresh.unlink()
            raise
    except OSError as cause:
        raise cannot_write(path, cause) from cause
