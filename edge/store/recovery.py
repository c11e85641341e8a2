"""Turns that a process left open when it died."""

from __future__ import annotations

from edge.store.database import Database


def recover(database: Database) -> int:
    """Mark as incomplete what dead processes left open; says how many turns those are."""
    owner = database.owner
    with database.read() as connection:
        rows = connection.execute("SELECT DISTINCT owner FROM turns WHERE outcome = 'open'")
        owners = [str(row["owner"]) for row in rows]
    # Asked outside a transaction: it touches files.
    dead = [(each,) for each in owners if not owner.alive(each)]
    owner.forget_the_dead()
    if not dead:
        return 0
    with database.write() as connection:
        return connection.executemany(
            "UPDATE turns SET outcome = 'incomplete' WHERE outcome = 'open' AND owner = ?", dead
        ).rowcount
