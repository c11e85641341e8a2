"""The card of weights: a small JSON file beside the bytes that says what they are called.

A card is a convenience and no proof: a lost or damaged one costs a name and a
hashing, never the bytes.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from edge.models.disk import plain_file

SCHEMA_VERSION = 1
NAME = re.compile(r"\w[\w.+-]{0,99}")
_NEVER_HASHED_NS = -1
_MOST_BYTES = 65_536
_KINDS = {"str": str, "int": int}


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of weights; `mtime_ns` is the time stamp of the bytes as hashed."""

    name: str
    quant: str
    file: str
    size_bytes: int
    sha256: str
    origin: str
    mtime_ns: int
    added_at_utc: str
    schema_version: int = SCHEMA_VERSION

    def text(self) -> str:
        """The card as it is written."""
        return json.dumps(asdict(self), indent=1)


def now_utc() -> str:
    """The time to write on a card."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_card(path: Path, sha256: str) -> Card | None:
    """The card at `path`; None unless it is sound and of the weights of that digest."""
    found = plain_file(path)
    if found is None or found.st_size > _MOST_BYTES:
        return None
    try:
        said = json.loads(path.read_text("utf-8"))
        card = Card(**{field.name: said[field.name] for field in fields(Card)})
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    current = card.schema_version == SCHEMA_VERSION and card.sha256 == sha256
    return card if current and _is_sound(card) else None


def plain_card(path: Path, size_bytes: int, sha256: str) -> Card:
    """A card for weights that have lost theirs; it says that nobody hashed them since.

    >>> plain_card(Path("/shelf/sha256-ab.gguf"), 7, "ab" * 32).name
    'sha256-abababababab'
    """
    return Card(
        name=f"sha256-{sha256[:12]}",
        quant="imported",
        file=path.name,
        size_bytes=size_bytes,
        sha256=sha256,
        origin=str(path),
        mtime_ns=_NEVER_HASHED_NS,
        added_at_utc=now_utc(),
    )


def _is_sound(card: Card) -> bool:
    kinds = all(
        type(getattr(card, field.name)) is _KINDS[str(field.type)] for field in fields(Card)
    )
    return kinds and NAME.fullmatch(card.name) is not None
