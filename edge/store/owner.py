"""Who is answering an open turn, and whether that process still lives.

An owner is a random name with a lock file of that name, held from the first
turn it begins until it lets go. The system drops the lock when the process
ends, however it ends, so a lock that can be taken belongs to the dead. Process
numbers would not do: they are reused, and differ between containers.
"""

from __future__ import annotations

import secrets
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from edge.settings.folders import cannot_write, private_folder

if TYPE_CHECKING:
    from filelock import BaseFileLock


class Owner:
    """This opened store as an owner of turns; holds nothing until its name is asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._guard = threading.Lock()
        self._lock: BaseFileLock | None = None
        self._name = secrets.token_hex(8)

    @property
    def name(self) -> str:
        """The name to write into an open turn; from now on others see it as alive."""
        with self._guard:
            if self._lock is None:
                private_folder(self._folder)
                try:
                    self._lock = _take(self._folder / f"{self._name}.lock")
                except OSError as cause:
                    raise cannot_write(self._folder, cause) from cause
            return self._name

    def alive(self, name: str) -> bool:
        """Whether the owner of that name still holds its lock; forgets it when it does not."""
        from filelock import Timeout

        path = self._folder / f"{name}.lock"
        # A name of ours is letters and digits; anything else would point out of the folder.
        if not (name.isalnum() and path.exists()):
            return False
        try:
            _drop(_take(path))
        except Timeout:
            return True
        except OSError:  # another user's, or a read-only disk: leave its turns alone
            return True
        return False

    def forget_the_dead(self) -> None:
        """Remove the lock files that processes left when they were killed."""
        for path in self._folder.glob("*.lock"):
            self.alive(path.stem)

    def release(self) -> None:
        """Let go; a second call does nothing."""
        with self._guard:
            if self._lock is not None:
                _drop(self._lock)
                self._lock = None


def _take(path: Path) -> BaseFileLock:
    from filelock import FileLock

    # thread_local: a store may be closed by another thread than the one that wrote first.
    lock = FileLock(path, timeout=0, mode=0o600, thread_local=False)
    lock.acquire()
    return lock


def _drop(lock: BaseFileLock) -> None:
    # Removed while still held, so nobody can take the name in between.
    with suppress(OSError):
        Path(lock.lock_file).unlink()
    lock.release()
