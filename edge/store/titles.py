"""The titles of conversations: who gave them, and the conversation one names."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from enum import StrEnum

from edge.core.errors import UnknownName
from edge.core.say import say, say_n
from edge.store.ids import CONVERSATIONS, find_id
from edge.store.words import folded

LONGEST_TITLE = 120

_SET = """
    UPDATE conversations SET title = :title, titled_by = :by
    WHERE id = :id AND (:by <> 'model' OR titled_by <> 'user')
"""
_TITLES = "SELECT id, title FROM conversations WHERE title <> '' ORDER BY used DESC"


class TitledBy(StrEnum):
    """Who gave a conversation its title; the words are those in the store."""

    NOBODY = "none"
    MODEL = "model"
    USER = "user"


def set_title(
    connection: sqlite3.Connection, conversation_id: str, title: str, *, by_user: bool
) -> bool:
    """Give a title, on one line and cut to `LONGEST_TITLE`; says whether it is the title now.

    A user's is not overwritten by a model's. An empty one takes it away, so that a model
    may give one again.
    """
    line = " ".join(title.split())[:LONGEST_TITLE].rstrip()
    by = (TitledBy.USER if by_user else TitledBy.MODEL) if line else TitledBy.NOBODY
    if not (line or by_user):
        return False
    values = {"id": conversation_id, "title": line, "by": by}
    return connection.execute(_SET, values).rowcount > 0


def find_conversation(connection: sqlite3.Connection, name: str) -> str:
    """The id of the conversation of that name; raises UnknownName, with near ids if any.

    A name is a whole id, a whole title, the start of one id, or the start of one title,
    and the first of these that fits is meant. Titles match whatever their case and width.
    """
    if connection.execute(CONVERSATIONS.taken, (name,)).fetchone():
        return name
    wanted = " ".join(folded(name).split())
    titles = {row["id"]: " ".join(folded(row["title"]).split()) for row in _titles(connection)}
    if wanted and (whole := [each for each, title in titles.items() if title == wanted]):
        return _only(whole, name)
    with suppress(UnknownName):
        return find_id(connection, CONVERSATIONS, name)
    if wanted and (starts := [each for each, title in titles.items() if title.startswith(wanted)]):
        return _only(starts, name)
    return find_id(connection, CONVERSATIONS, name)


def _titles(connection: sqlite3.Connection) -> list[sqlite3.Row]:
    return connection.execute(_TITLES).fetchall()


def _only(found: list[str], name: str) -> str:
    if len(found) == 1:
        return found[0]
    raise UnknownName(
        say_n(
            "{name!r} is the title of {n} conversation",
            "{name!r} is the title, or the start of it, of {n} conversations",
            len(found),
            name=name[:60],
        ),
        hint=say(" or ").join(found[:3]),
    )
