"""A timeline on disk: written whole or not at all, and read only when every byte is as written.

    magic | BLAKE2b of the rest | length of the facts | facts (JSON) | tokens (u32) | state

The state is parsed by C code that checks next to nothing, so the digest and the
fingerprint are compared before it sees a byte. Whatever is wrong with a
snapshot, it counts as not there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import struct
from array import array
from dataclasses import dataclass
from pathlib import Path

_MAGIC = b"edge timeline 1\n"
_DIGEST_BYTES = 32
_LENGTH = struct.Struct("<I")
_PLAIN_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The tokens of a tape and the state they left in the cache."""

    tokens: tuple[int, ...]
    state: bytes


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

    def write(self, timeline_id: str, snapshot: Snapshot) -> None:
        """Keep a timeline; a disk that is full or read-only keeps none, and that is all."""
        path = self._path(timeline_id)
        if path is None:
            return
        body = _body(self.fingerprint, snapshot)
        fresh = path.with_name(f".{secrets.token_hex(8)}")
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(_MAGIC + _digest(body))
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
            self._prune(path)
        except OSError:
            with contextlib.suppress(OSError):
                fresh.unlink()

    def read(self, timeline_id: str) -> Snapshot | None:
        """The timeline as it was written, or None."""
        path = self._path(timeline_id)
        if path is None:
            return None
        try:
            raw = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        head = len(_MAGIC) + _DIGEST_BYTES
        body = memoryview(raw)[head:]
        if raw[:head] != _MAGIC + _digest(body):
            return None
        return _parse(body, self.fingerprint)

    def forget(self, timeline_id: str) -> None:
        """Delete a timeline's snapshot."""
        if path := self._path(timeline_id):
            path.unlink(missing_ok=True)

    def _path(self, timeline_id: str) -> Path | None:
        return self.folder / f"{timeline_id}.kv" if _PLAIN_ID.fullmatch(timeline_id) else None

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


def _body(fingerprint: str, snapshot: Snapshot) -> bytes:
    facts = {"fingerprint": fingerprint, "n_tokens": len(snapshot.tokens)}
    told = json.dumps(facts).encode()
    tokens = array("I", snapshot.tokens).tobytes()
    return b"".join((_LENGTH.pack(len(told)), told, tokens, snapshot.state))


def _parse(body: memoryview, fingerprint: str) -> Snapshot | None:
    # The digest held, so these are bytes of ours; an older format may still differ.
    (length,) = _LENGTH.unpack_from(body)
    begin = _LENGTH.size + length
    facts = json.loads(bytes(body[_LENGTH.size : begin]))
    if facts.get("fingerprint") != fingerprint:
        return None
    tokens = array("I")
    end = begin + facts["n_tokens"] * tokens.itemsize
    tokens.frombytes(body[begin:end])
    return Snapshot(tuple(tokens), bytes(body[end:]))


def _digest(body: bytes | memoryview) -> bytes:
    return hashlib.blake2b(body, digest_size=_DIGEST_BYTES).digest()
