"""A timeline on disk: written whole or not at all, and read only when every byte is as written.

    magic | SHA-256 of the fingerprint | SHA-256 of all the rest | number of tokens | tokens | state

The state is parsed by C code that checks next to nothing, so fingerprint and
digest are compared before it sees a byte. Whatever is wrong with a snapshot, it
counts as not there. States are large (450 MiB with Qwen3 at 4,096 tokens): they
are written from the buffer they were copied to, and taken up from the one they
were read to.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
import struct
import time
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

_MAGIC = b"edge timeline 2\n"
_DIGEST_BYTES = 32
_COUNT = struct.Struct("<I")
_HEAD_BYTES = len(_MAGIC) + 2 * _DIGEST_BYTES + _COUNT.size
_PLAIN_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_SYSTEM = "system-"  # begins the names of what belongs to no conversation
_PART = ".part"
_ABANDONED_S = 60.0  # no write takes as long: whoever began it was ended
_GONE = ".gone"  # an empty file of a talk's id: it was forgotten, and is not to be kept again
_REMEMBERED_S = 30 * 86_400.0  # no process is at one reply for as long


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The tokens of a tape and the state they left in the cache."""

    tokens: tuple[int, ...]
    state: bytes | memoryview


@dataclass(frozen=True, slots=True)
class Snapshots:
    """The snapshots of one folder that one engine on one model can read.

    `fingerprint` names all that a state depends on; `budget_bytes` is what the
    folder may hold, the least recently used go first. As private as the talk:
    0600 in a folder of 0700.
    """

    folder: Path
    fingerprint: str
    budget_bytes: int

    def name_of(self, tokens: Sequence[int]) -> str:
        """The name of a system prompt's timeline: from its tokens, and whose state it is."""
        return f"{_SYSTEM}{_digest(self._key, array('I', tokens).tobytes()).hex()[:32]}"

    def takes(self, n_bytes: int) -> bool:
        """Whether a file of this size has room here, were it alone."""
        return n_bytes <= self.budget_bytes

    def write(self, timeline_id: str, snapshot: Snapshot, talk: str = "") -> None:
        """Keep a timeline; a disk that is full or read-only keeps none, and that is all.

        `talk` is whose words are in it, where that is not its name. One that was forgotten
        is not kept.
        """
        path, parts = self._path(timeline_id), self._parts(snapshot)
        if path is None or not self.takes(sum(map(len, parts))):
            return
        fresh = path.with_name(f"{secrets.token_hex(8)}{_PART}")
        with contextlib.suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _unlink(part for part in self.folder.glob(f"*{_PART}") if _is_older(part, _ABANDONED_S))
            _begin(fresh)
            # Only now: from here on `forget` finds the file and removes it. Who forgot the
            # talk before that has left the mark before.
            if not (self.folder / f"{talk or timeline_id}{_GONE}").exists():
                _write(fresh, parts)
                fresh.replace(path)
                self._prune(path)
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)

    def read(self, timeline_id: str) -> Snapshot | None:
        """The timeline as it was written, or None."""
        path = self._path(timeline_id)
        try:
            if path is None or not self._is_ours(path.stat()):
                return None
            with path.open("rb", buffering=0) as file:  # a buffer between would be copied from
                head = file.read(_HEAD_BYTES)
                if not head.startswith(_MAGIC + self._key):  # not worth reading on
                    return None
                rest = memoryview(file.read())
        except (OSError, MemoryError):
            return None
        with contextlib.suppress(OSError):  # on a read-only disk nothing is pruned either
            os.utime(path)
        return _parse(head, rest)

    @property
    def _key(self) -> bytes:
        return _digest(self.fingerprint.encode())

    def _parts(self, snapshot: Snapshot) -> tuple[bytes | memoryview, ...]:
        """What a file holds, in order."""
        count = _COUNT.pack(len(snapshot.tokens))
        tokens = array("I", snapshot.tokens).tobytes()
        digest = _digest(self._key, count, tokens, snapshot.state)
        return _MAGIC, self._key, digest, count, tokens, snapshot.state

    def _path(self, timeline_id: str) -> Path | None:
        return self.folder / f"{timeline_id}.kv" if _PLAIN_ID.fullmatch(timeline_id) else None

    def _is_ours(self, found: os.stat_result) -> bool:
        # A pipe could be waited on for ever, and what somebody else wrote is not for C code.
        mine = not hasattr(os, "geteuid") or found.st_uid == os.geteuid()
        return mine and stat.S_ISREG(found.st_mode) and self.takes(found.st_size)

    def _prune(self, newest: Path) -> None:
        held = [(path.stat().st_mtime_ns, path.stat().st_size, path) for path in self._all()]
        total = sum(size for _, size, _ in held)
        for _, size, path in sorted(held, key=lambda each: each[0]):
            if total <= self.budget_bytes:
                return
            if path != newest:
                path.unlink(missing_ok=True)
                total -= size

    def _all(self) -> list[Path]:
        return list(self.folder.glob("*.kv"))


def forget(folder: Path, timeline_id: str) -> None:
    """Delete all that may hold words of a timeline; raises OSError when something cannot be.

    Beside its own snapshot those are the system prompts', one of which may be its
    own, and what a process that was killed left half written. A mark stays for a while:
    another process may be about to write it once more.
    """
    if not _PLAIN_ID.fullmatch(timeline_id):
        return
    _remove_all_of(folder, timeline_id)  # first: a full disk may have no room for the mark
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / f"{timeline_id}{_GONE}").touch(mode=0o600)
    _remove_all_of(folder, timeline_id)
    _unlink(mark for mark in folder.glob(f"*{_GONE}") if _is_older(mark, _REMEMBERED_S))


def _remove_all_of(folder: Path, timeline_id: str) -> None:
    # What is half written first: it could yet become a snapshot.
    _unlink(folder.glob(f"*{_PART}"))
    _unlink([folder / f"{timeline_id}.kv", *folder.glob(f"{_SYSTEM}*.kv")])


def _unlink(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _is_older(path: Path, seconds: float) -> bool:
    try:
        return time.time() - path.stat().st_mtime > seconds
    except FileNotFoundError:  # renamed by its writer, or removed
        return False


def _begin(path: Path) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _write(path: Path, parts: Iterable[bytes | memoryview]) -> None:
    """Fill a file that was begun; raises FileNotFoundError where it was removed since."""
    with path.open("r+b") as file:
        for part in parts:
            file.write(part)
        file.flush()
        os.fsync(file.fileno())


def _parse(head: bytes, rest: memoryview) -> Snapshot | None:
    begin, end = len(_MAGIC) + _DIGEST_BYTES, len(_MAGIC) + 2 * _DIGEST_BYTES
    key, digest, count = head[len(_MAGIC) : begin], head[begin:end], head[end:]
    if len(head) < _HEAD_BYTES or digest != _digest(key, count, rest):
        return None
    # From here on every byte is as one of ours wrote it.
    tokens = array("I")
    n_bytes = _COUNT.unpack(count)[0] * tokens.itemsize
    tokens.frombytes(rest[:n_bytes])
    return Snapshot(tuple(tokens), rest[n_bytes:])


def _digest(*parts: bytes | memoryview) -> bytes:
    # Most CPUs have instructions for it: three times as fast as BLAKE2b where measured.
    told = sha256()
    for part in parts:
        told.update(part)
    return told.digest()
