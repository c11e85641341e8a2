"""The store, opened to be looked at; where none is, none is made."""

from __future__ import annotations

from contextlib import closing

from edge.settings.folders import Folders
from edge.store.database import Database, open_database, open_in_memory


def opened_store(folders: Folders) -> closing[Database]:
    """The store of these folders, or an empty one in memory; raises as `open_database` does."""
    path = folders.store
    return closing(open_database(path) if path.exists() else open_in_memory(path))
