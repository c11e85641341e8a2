"""What the shelf needs of a disk: plain files only, hashed whole, with room, and really written."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from edge.core.errors import DiskFull, IntegrityError
from edge.core.say import say
from edge.core.units import MIB, show_bytes

# Linux's FICLONE: the new file shares the old one's blocks until one of them is written.
_FICLONE = 0x40049409
_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}


def plain_file(path: Path) -> os.stat_result | None:
    """The state of a plain file; None for links, folders, pipes, devices and nothing."""
    try:
        found = path.lstat()
    except (OSError, ValueError):
        return None
    return found if stat.S_ISREG(found.st_mode) else None


def sha256_of(path: Path) -> str:
    """The SHA-256 of a whole file, as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_bytes(path: Path, size_bytes: int, sha256: str) -> None:
    """Raise IntegrityError unless the file, as it lies there, has this size and hash."""
    found_bytes = path.stat().st_size
    if found_bytes != size_bytes:
        raise IntegrityError(
            say(
                "{found_bytes} bytes where {size_bytes} were promised",
                found_bytes=found_bytes,
                size_bytes=size_bytes,
            )
        )
    found = sha256_of(path)
    if found != sha256:
        raise IntegrityError(
            say(
                "wrong bytes: SHA-256 {found}… where {sha256}… was promised",
                found=found[:12],
                sha256=sha256[:12],
            )
        )


def check_room(folder: Path, needed_bytes: int) -> None:
    """Raise DiskFull unless the disk of `folder` has this much free, and 1 MiB for the rest."""
    free_bytes = shutil.disk_usage(folder).free
    if needed_bytes + MIB > free_bytes:
        raise DiskFull(
            say(
                "{needed} more needed in {folder!r}; {free} free",
                needed=show_bytes(needed_bytes),
                folder=str(folder),
                free=show_bytes(free_bytes),
            ),
            hint=say("free some space, or take a smaller model from: edge models"),
        )


@contextlib.contextmanager
def watching_room(folder: Path, kept: str = "") -> Iterator[None]:
    """What the system says of a full disk, said as DiskFull."""
    try:
        yield
    except OSError as cause:
        if cause.errno not in _FULL:
            raise
        raise DiskFull(
            say("the disk of {folder!r} is full", folder=str(folder)),
            kept=kept,
            hint=say("free some space and try again"),
        ) from cause


def take(original: Path, taken: Path) -> None:
    """Make `taken` hold the bytes of `original`: shared blocks, a second name, or a copy."""
    if _shares_blocks(original, taken):
        return
    try:
        os.link(original, taken)
    except OSError:  # another file system, another owner, or no second names there
        check_room(taken.parent, original.stat().st_size)
        with watching_room(taken.parent):
            shutil.copyfile(original, taken)


def sync(path: Path) -> None:
    """Wait until the bytes of a file, or the names in a folder, are on the disk."""
    if os.name == "nt" and path.is_dir():  # there a folder cannot be opened, and needs no sync
        return
    # Windows syncs only what was opened for writing; elsewhere a read-only file must do.
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _shares_blocks(original: Path, taken: Path) -> bool:
    try:
        import fcntl  # not on Windows

        with original.open("rb") as source, taken.open("xb") as target:
            fcntl.ioctl(target.fileno(), _FICLONE, source.fileno())
    except (ImportError, OSError):
        taken.unlink(missing_ok=True)
        return False
    return True
