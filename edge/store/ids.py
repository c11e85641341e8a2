"""Ids of conversations and turns: drawn at random, typed by people, and found again."""

from __future__ import annotations

import difflib
import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from edge.core.errors import UnknownName
from edge.core.say import noted, say, say_noted

# Crockford's base 32: no i, l, o or u, so an id can be read aloud and typed.
# https://www.crockford.com/base32.html
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_MISREAD = str.maketrans("oil", "011")
_ID_LENGTH = 8
# How many ids a mistyped one is held against: the newest, or it would take seconds.
_CANDIDATES = 1000


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids of one table: what is said of a name that means none or many, and where to look.

    `newest` come first.
    """

    none: str
    many: str
    taken: str
    between: str
    newest: str


CONVERSATIONS = Ids(
    noted("there is no conversation {name!r}"),
    noted("{name!r} begins the ids of {n} conversations"),
    "SELECT 1 FROM conversations WHERE id = ?",
    "SELECT id FROM conversations WHERE id >= ? AND id < ? ORDER BY used DESC",
    "SELECT id FROM conversations ORDER BY used DESC LIMIT ?",
)
TURNS = Ids(
    noted("there is no turn {name!r}"),
    noted("{name!r} begins the ids of {n} turns"),
    "SELECT 1 FROM turns WHERE id = ?",
    "SELECT id FROM turns WHERE id >= ? AND id < ? ORDER BY seq DESC",
    "SELECT id FROM turns ORDER BY seq DESC LIMIT ?",
)


def random_id() -> str:
    """Eight random characters; `free_id` checks that nobody has them."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH))


def free_id(connection: sqlite3.Connection, ids: Ids, draw: Callable[[], str]) -> str:
    """An id that no row of the table has yet."""
    while connection.execute(ids.taken, (candidate := draw(),)).fetchone():
        pass
    return candidate


def find_id(connection: sqlite3.Connection, ids: Ids, name: str) -> str:
    """The id typed, or the one id that begins so; raises UnknownName, with near ids if any."""
    typed = name.strip().lower().translate(_MISREAD)
    # "~" sorts after every character of the alphabet.
    rows = connection.execute(ids.between, (typed, f"{typed}~")).fetchall()
    found = [row["id"] for row in rows]
    if len(found) == 1 and typed:
        only: str = found[0]
        return only
    if found:
        raise UnknownName(
            say_noted(ids.many, name=_shortened(name), n=len(found)),
            hint=say(" or ").join(found[:3]),
        )
    known = [row["id"] for row in connection.execute(ids.newest, (_CANDIDATES,))]
    near = difflib.get_close_matches(typed, known, n=3, cutoff=0.5) or known[:3]
    raise UnknownName(
        say_noted(ids.none, name=_shortened(name)), hint=say(" or ").join(near) or "edge chat"
    )


def _shortened(name: str) -> str:
    return name if len(name) <= 60 else f"{name[:60]}…"
