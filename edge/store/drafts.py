"""What was typed and not sent yet, kept with the conversation it is for.

Of conversations that have not begun each process has one of its own: two that are typed at
once are two drafts. Behind a process that has ended its draft goes to the next that looks.
"""

from __future__ import annotations

from edge.store.database import Database

NEW = "new"  # asks for the draft of the conversation that has not begun

# Its key has the name of its owner behind it (see edge.store.owner); in no id is an "o".
OF_NEW = "newof"
# A draft may be written a moment after its conversation was deleted: it is not kept then.
_PUT = """
    INSERT INTO drafts (key, text) SELECT :key, :text
    WHERE :key GLOB 'newof*' OR EXISTS (SELECT 1 FROM conversations WHERE id = :key)
    ON CONFLICT (key) DO UPDATE SET text = excluded.text
"""
# Where processes still shared one it was "new".
_ALL_NEW = "SELECT key FROM drafts WHERE key = 'new' OR key GLOB 'newof*' ORDER BY rowid DESC"
_MOVE = "UPDATE OR REPLACE drafts SET key = ? WHERE key = ?"


class Drafts:
    """One draft for each conversation, and one for none. Any thread may call."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._own = ""

    def get(self, key: str) -> str:
        """The draft of a conversation's id or of `NEW`, empty without one.

        `NEW` is the one of this opened store, else what another one left that is closed or
        whose process was ended: that is of this one from now on.
        """
        if key != NEW:
            return self._text(key)
        keys = self._all_new()
        if not keys:
            return ""
        if self._own_key() not in keys:
            self._inherit(keys)
        return self._text(self._own_key())

    def put(self, key: str, text: str) -> None:
        """Keep a draft in place of the one before; it is on disk when this returns.

        An empty one is none. Of a conversation that is gone nothing is kept.
        """
        if key == NEW:
            if not text and not self._all_new():  # as for most: nobody need be told we live
                return
            key = self._own_key()
        with self._database.write() as connection:
            if text:
                connection.execute(_PUT, {"key": key, "text": text})
            else:
                connection.execute("DELETE FROM drafts WHERE key = ?", (key,))

    def follow(self, other: Drafts) -> None:
        """Take over the draft of `NEW` from a store that is closed in favour of this one."""
        if other._own:
            self._move(other._own)

    def _own_key(self) -> str:
        """The key of `NEW` here; from now on others see that it is ours, and that we live."""
        self._own = self._own or OF_NEW + self._database.owner.name
        return self._own

    def _all_new(self) -> list[str]:
        """The keys of all that have not begun, the latest first."""
        with self._database.read() as connection:
            return [str(row["key"]) for row in connection.execute(_ALL_NEW)]

    def _inherit(self, keys: list[str]) -> None:
        alive = self._database.owner.alive  # asked outside a transaction: it touches files
        for key in keys:
            if not alive(key.removeprefix(OF_NEW)) and self._move(key):
                return

    def _move(self, key: str) -> bool:
        """Make a draft ours; says whether it was there still."""
        own = self._own_key()
        with self._database.write() as connection:
            return connection.execute(_MOVE, (own, key)).rowcount > 0

    def _text(self, key: str) -> str:
        with self._database.read() as connection:
            row = connection.execute("SELECT text FROM drafts WHERE key = ?", (key,)).fetchone()
        return "" if row is None else str(row["text"])
