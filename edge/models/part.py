"""A file under way: the bytes fetched so far, what a later run must know, and who may write it."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path
from types import TracebackType

import filelock

from edge.core.errors import IntegrityError, UsageError
from edge.core.say import say
from edge.core.units import show_bytes
from edge.models.disk import check_room, plain_file, watching_room

LOCK_POLL_S = 0.2


class Part:
    """Bytes on disk that grow to `size_bytes`, with notes beside them; nothing here is trusted.

    Bytes go to the disk unbuffered, so a killed process loses none that it took.
    They go to their place, not to the end, and a part that starts over is a new
    file under the same name: so should a second process ever write the same part
    (locks do nothing on some network disks), the two cannot spoil each other's bytes.
    """

    def __init__(self, path: Path, size_bytes: int) -> None:
        self.path = path
        self.size_bytes = size_bytes
        self._notes_path = path.with_suffix(".notes")
        for ours in (path, self._notes_path):
            _clear(ours)
        self._file = self._open()
        self.done_bytes = self._file.seek(0, os.SEEK_END)
        self._notes = self._read_notes()
        if self.done_bytes > size_bytes:
            self.restart()

    def __enter__(self) -> Part:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def complete(self) -> bool:
        """Whether as many bytes are here as the file has; says nothing of which."""
        return self.done_bytes == self.size_bytes

    def append(self, data: bytes) -> None:
        """Add bytes at the end; raises IntegrityError if the file ends before, DiskFull."""
        if self.done_bytes + len(data) > self.size_bytes:
            raise IntegrityError(
                say("sent more than the {size_bytes} bytes of the file", size_bytes=self.size_bytes)
            )
        kept = say(
            "{done} of {size} are kept",
            done=show_bytes(self.done_bytes),
            size=show_bytes(self.size_bytes),
        )
        rest = memoryview(data)
        with watching_room(self.path.parent, kept):
            while rest:
                written = self._file.write(rest)
                self.done_bytes += written
                rest = rest[written:]

    def restart(self) -> None:
        """Forget all bytes and notes."""
        self._file.close()
        self.path.unlink(missing_ok=True)
        self._notes_path.unlink(missing_ok=True)
        self._file = self._open()
        self.done_bytes, self._notes = 0, {}

    def noted(self, key: str) -> str | None:
        """What was noted under this key since the bytes began."""
        return self._notes.get(key)

    def note(self, key: str, value: str) -> None:
        """Keep a word for later runs."""
        if self._notes.get(key) != value:
            self._notes[key] = value
            with contextlib.suppress(OSError):  # a lost note costs bytes, never their truth
                self._notes_path.write_text(json.dumps(self._notes), "utf-8")

    def check_room(self, extra_bytes: int = 0) -> None:
        """Raise DiskFull unless the rest of the file fits on the disk."""
        check_room(self.path.parent, self.size_bytes - self.done_bytes + extra_bytes)

    def close(self) -> None:
        """Let go of the file; its bytes stay for later."""
        self._file.close()

    def forget_notes(self) -> None:
        """Drop the notes, once the bytes have found their place."""
        self._notes_path.unlink(missing_ok=True)

    def _open(self) -> FileIO:
        def create(path: str, flags: int) -> int:
            return os.open(path, flags | os.O_CREAT, 0o600)

        return open(self.path, "rb+", buffering=0, opener=create)

    def _read_notes(self) -> dict[str, str]:
        try:
            notes = dict(json.loads(self._notes_path.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return {}
        return {str(key): str(value) for key, value in notes.items()}


def _clear(path: Path) -> None:
    """Remove somebody's link or pipe, which holds no bytes of ours; not a folder with all in it."""
    if plain_file(path) is not None or not os.path.lexists(path):
        return
    if path.is_dir() and not path.is_symlink():
        raise UsageError(
            say("a folder lies where {file!r} is to be written", file=path.name),
            hint=f"mv {path} {path}.old",
        )
    path.unlink()


@contextlib.contextmanager
def sole_writer(path: Path, on_wait: Callable[[bool], None]) -> Iterator[Path]:
    """The part this process may write: `path`, once no other process does.

    `on_wait` hears of every poll while another one does, and whether it is the
    first. Where the disk knows no locks it is a file of this process alone,
    gone afterwards.
    """
    lock = filelock.FileLock(f"{path}.lock", fallback_to_soft=False, preserve_lock_file=True)
    if not _locked(lock, on_wait):
        alone = path.with_name(f"alone-{secrets.token_hex(8)}.part")
        try:
            yield alone
        finally:
            alone.unlink(missing_ok=True)
        return
    try:
        yield path
    finally:
        lock.release()


def _locked(lock: filelock.BaseFileLock, on_wait: Callable[[bool], None]) -> bool:
    """Wait for the lock; False where the disk knows no locks."""
    first = True
    while True:
        try:
            lock.acquire(timeout=0 if first else LOCK_POLL_S)
            return True
        except filelock.Timeout:  # an OSError too, so it comes before them
            pass
        except (OSError, NotImplementedError):
            return False
        on_wait(first)
        first = False
