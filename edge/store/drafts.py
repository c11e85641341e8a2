"""What was typed and not sent yet, kept with the conversation it is for."""

from __future__ import annotations

from edge.store.database import Database

NEW = "new"  # the draft of the conversation that has not begun

# A draft may be written a moment after its conversation was deleted: it is not kept then.
_PUT = """
    INSERT INTO drafts (key, text) SELECT :key, :text
    WHERE :key = 'new' OR EXISTS (SELECT 1 FROM conversations WHERE id = :key)
    ON CONFLICT (key) DO UPDATE SET text = excluded.text
"""


class Drafts:
    """One draft for each conversation, and one for none. Any thread may call."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: str) -> str:
        """The draft of a conversation's id or of `NEW`, empty without one."""
        with self._database.read() as connection:
            row = connection.execute("SELECT text FROM drafts WHERE key = ?", (key,)).fetchone()
        return "" if row is None else str(row["text"])

    def put(self, key: str, text: str) -> None:
        """Keep a draft in place of the one before; it is on disk when this returns.

        An empty one is none. Of a conversation that is gone nothing is kept.
        """
        with self._database.write() as connection:
            if text:
                connection.execute(_PUT, {"key": key, "text": text})
            else:
                connection.execute("DELETE FROM drafts WHERE key = ?", (key,))
