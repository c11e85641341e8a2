"""What is on this machine: weights by the SHA-256 of their bytes; list, verify, import, remove.

    <folder>/sha256-<64 hex>.gguf     the bytes, never edited
    <folder>/sha256-<64 hex>.json     its card: name, quant, origin, and the time stamp as hashed
    <folder>/partial/                 transfers under way; nothing in here is weights yet

Only digests become file names. A file gets its final name after every byte of
it, as it lies on the disk, was hashed: `adopt` is the one door.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from edge.core.errors import Busy, EdgeError, IntegrityError, UsageError
from edge.core.say import say
from edge.core.spec import Quant
from edge.models.card import NAME, Card, now_utc, plain_card, read_card
from edge.models.disk import check_bytes, plain_file, sha256_of, sync, take, watching_room
from edge.settings.folders import cannot_write, private_folder

ORPHAN_AGE_S = 24 * 3600
_DIGEST = re.compile(r"[0-9a-f]{64}")
_IN_USE = {errno.EBUSY, errno.ETXTBSY}


@dataclass(frozen=True, slots=True)
class Weights:
    """A model file on the shelf: whose bytes they are, and where they came from."""

    name: str
    quant: str
    file: str
    path: Path
    size_bytes: int
    sha256: str
    origin: str


def check_name(name: str) -> str:
    """The name itself; raises UsageError unless it is a plain word.

    >>> check_name("qwen3.5-2b")
    'qwen3.5-2b'
    """
    if not NAME.fullmatch(name):
        raise UsageError(
            say("{name!r} cannot name a model", name=name[:60]),
            hint=say("letters, digits, '.', '_', '+' and '-', at most 100"),
        )
    return name


class Shelf:
    """The weights in one folder. The folder and all in it are the user's alone (0700)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, sha256: str) -> Weights | None:
        """The weights of that digest, None if they are not here.

        A quick check: the size and the time stamp are those of the bytes that
        were hashed. Where only the time stamp differs, or the card is lost, the
        hash decides. Raises IntegrityError if the file was changed.
        """
        card = self._card(sha256)
        found = plain_file(self._path(sha256))
        if card is None or found is None:
            return None
        weights = self._weights(card)
        if (found.st_size, found.st_mtime_ns) != (card.size_bytes, card.mtime_ns):
            self.verify(weights)
            # Where the shelf may only be read, the next look hashes again.
            with contextlib.suppress(OSError, UsageError):
                self._write_card(replace(card, mtime_ns=found.st_mtime_ns))
        return weights

    def entries(self) -> tuple[Weights, ...]:
        """All weights here, by name, also those whose card is lost; no bytes are looked at."""
        digests = (path.stem.removeprefix("sha256-") for path in self.folder.glob("sha256-*.gguf"))
        cards = (self._card(digest) for digest in digests if _DIGEST.fullmatch(digest))
        shelved = sorted((card for card in cards if card), key=lambda card: (card.name, card.quant))
        return tuple(self._weights(card) for card in shelved)

    def find(self, name: str) -> Weights | None:
        """Weights of that name; of several quants the largest."""
        named = [weights for weights in self.entries() if weights.name == name]
        return max(named, key=lambda weights: weights.size_bytes, default=None)

    def part_path(self, sha256: str) -> Path:
        """Where the bytes of a file gather while they are fetched."""
        return self._partial() / self._path(sha256).with_suffix(".part").name

    def adopt(self, part: Path, quant: Quant, name: str, origin: str) -> Weights:
        """Hash a fetched file and give it its final name; raises IntegrityError, `part` kept.

        The file is on the disk before its name is, and the name before this returns.
        """
        check_name(name)
        found = part.stat()
        check_bytes(part, quant.size_bytes, quant.sha256)
        sync(part)
        card = Card(
            name=name,
            quant=quant.name,
            file=quant.file,
            size_bytes=quant.size_bytes,
            sha256=quant.sha256,
            origin=origin,
            mtime_ns=found.st_mtime_ns,
            added_at_utc=now_utc(),
        )
        # Card first: a card without its file is nothing, a file without its
        # card has no name and is hashed again.
        self._write_card(card)
        part.replace(self._path(quant.sha256))
        sync(self.folder)
        return self._weights(card)

    def link(self, path: Path, name: str, quant: Quant | None = None) -> Weights:
        """Take a file of this machine onto the shelf; the original stays where it is.

        `quant` says which bytes are expected; without it the file is taken as it
        is. Blocks are shared where the file system can (costs nothing, and later
        edits stay apart), else the file gets a second name, else it is copied. A
        second name shares later edits too; the quick check of `get` sees them.
        """
        check_name(name)
        original = path.resolve()
        if plain_file(original) is None:
            raise UsageError(
                say("{path!r} is not a file", path=str(path)), hint="edge import FILE.gguf"
            )
        taken = self._partial() / f"import-{secrets.token_hex(8)}.part"
        try:
            take(original, taken)
            quant = quant or _unknown_quant(path, taken)
            return self.adopt(taken, quant, name, str(original))
        except PermissionError as cause:
            raise UsageError(say("{path!r} may not be read", path=str(path))) from cause
        finally:
            taken.unlink(missing_ok=True)

    def verify(self, weights: Weights) -> None:
        """Hash the whole file; raises IntegrityError unless these are the bytes once adopted."""
        if plain_file(weights.path) is None:
            raise IntegrityError(
                say("the weights of {name!r} are gone", name=weights.name),
                hint=f"edge pull {weights.name}",
            )
        try:
            check_bytes(weights.path, weights.size_bytes, weights.sha256)
        except IntegrityError as changed:
            raise IntegrityError(
                say(
                    "the weights of {name!r} changed on the disk: {what}",
                    name=weights.name,
                    what=changed.message,
                ),
                hint=f"edge pull {weights.name}",
            ) from None

    def remove(self, weights: Weights) -> None:
        """Delete the file, then its card.

        Raises Busy where the system holds the file open, and UsageError where
        it may not be deleted.
        """
        path = self._path(weights.sha256)
        try:
            path.unlink(missing_ok=True)
            path.with_suffix(".json").unlink(missing_ok=True)
            sync(self.folder)
        except OSError as cause:
            raise _not_removed(weights, cause) from cause

    def sweep(self, now_s: float) -> None:
        """Delete what interrupted runs left behind a day ago; resumable parts stay."""
        oldest = now_s - ORPHAN_AGE_S
        for pattern in ("import-*", "alone-*", "wheels-*"):
            for orphan in self._partial().glob(pattern):
                with contextlib.suppress(FileNotFoundError):
                    # Not the time of its bytes: a second name has those of the first.
                    if orphan.lstat().st_ctime < oldest:
                        _delete(orphan)

    def _path(self, sha256: str) -> Path:
        """The one place where a path on the shelf is made from anything."""
        if not _DIGEST.fullmatch(sha256):
            raise UsageError(
                say("{digest!r} is not a SHA-256 in 64 hex digits", digest=sha256[:70])
            )
        return self.folder / f"sha256-{sha256}.gguf"

    def _partial(self) -> Path:
        partial = self.folder / "partial"
        private_folder(self.folder)
        try:
            self.folder.chmod(0o700)  # also one that was there before
        except OSError as cause:
            raise cannot_write(self.folder, cause) from cause
        private_folder(partial)
        return partial

    def _card(self, sha256: str) -> Card | None:
        """The card of weights that are here; a plain one where theirs is lost."""
        path = self._path(sha256)
        # Without a home the folder is not absolute, and the working folder is no shelf.
        found = plain_file(path) if self.folder.is_absolute() else None
        if found is None:
            return None
        card = read_card(path.with_suffix(".json"), sha256)
        return card or plain_card(path, found.st_size, sha256)

    def _write_card(self, card: Card) -> None:
        fresh = self._partial() / f"alone-{secrets.token_hex(8)}.json"
        with watching_room(self.folder):
            fresh.touch(mode=0o600)
            fresh.write_text(card.text(), "utf-8")
            sync(fresh)
            fresh.replace(self._path(card.sha256).with_suffix(".json"))

    def _weights(self, card: Card) -> Weights:
        return Weights(
            name=card.name,
            quant=card.quant,
            file=card.file,
            path=self._path(card.sha256),
            size_bytes=card.size_bytes,
            sha256=card.sha256,
            origin=card.origin,
        )


def _unknown_quant(path: Path, taken: Path) -> Quant:
    size_bytes = taken.stat().st_size
    return Quant("imported", path.name, size_bytes, sha256_of(taken), size_bytes, ())


def _not_removed(weights: Weights, cause: OSError) -> EdgeError:
    # Windows says "permission denied" of a file that is open; elsewhere an open
    # file can be deleted, and the words mean what they say.
    if cause.errno in _IN_USE or (os.name == "nt" and isinstance(cause, PermissionError)):
        return Busy(
            say("the weights of {name!r} are in use", name=weights.name),
            hint=say("end the chat that uses them"),
        )
    return UsageError(
        say(
            "the weights of {name!r} cannot be removed: {why}",
            name=weights.name,
            why=cause.strerror,
        ),
        hint=f"ls -ld {weights.path.parent}",
    )


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink()
