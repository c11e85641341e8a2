"""Every policy that decided a turn, under its hash, so that any decision can be made again."""

from __future__ import annotations

from edge.store.database import Database

_KEEP = "INSERT INTO policies (hash, name, text) VALUES (?, ?, ?) ON CONFLICT (hash) DO NOTHING"


class Policies:
    """The texts of policies. Kept once; a hash never comes to mean another text."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, policy_hash: str, name: str, text: str) -> None:
        """Keep a policy, unless one of this hash is there; costs no write then."""
        if self.text(policy_hash) is None:
            with self._database.write() as connection:
                connection.execute(_KEEP, (policy_hash, name, text))

    def text(self, policy_hash: str) -> str | None:
        """The policy of that hash as it was written, None without one."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT text FROM policies WHERE hash = ?", (policy_hash,)
            ).fetchone()
        return None if row is None else str(row["text"])
