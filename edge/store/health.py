"""What is known of an endpoint between runs, as text under a name: its breaker, its waits."""

from __future__ import annotations

from edge.store.database import Database

_PUT = """
    INSERT INTO health (name, text) VALUES (?, ?)
    ON CONFLICT (name) DO UPDATE SET text = excluded.text
"""


class Health:
    """Small texts that the next process goes on from; what they say is their writer's matter."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str) -> str | None:
        """The text kept under a name, None without one."""
        with self._database.read() as connection:
            row = connection.execute("SELECT text FROM health WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row["text"])

    def put(self, name: str, text: str) -> None:
        """Keep a text under a name, in place of what was there."""
        with self._database.write() as connection:
            connection.execute(_PUT, (name, text))
