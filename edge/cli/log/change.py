"""What `edge log` changes: titles, and that a conversation is there at all."""

from __future__ import annotations

from collections.abc import Sequence

from edge.cli.kept import opened_store
from edge.cli.log.delete import Deletion
from edge.cli.progress import tell
from edge.cli.words import log_change as words
from edge.settings.folders import Folders
from edge.store.conversations import Conversations


def rm(names: Sequence[str], *, yes: bool) -> None:
    """Delete the conversations of these names; raises before anything is gone."""
    with opened_store(Folders.find()) as database:
        Deletion(database.path, Conversations(database)).run(names, yes=yes)


def rename(name: str, title: str) -> None:
    """Give the conversation of that name a title, or take its title away."""
    with opened_store(Folders.find()) as database:
        kept = Conversations(database)
        talk_id = kept.get(name).id
        kept.set_title(talk_id, title, by_user=True)
        now = kept.get(talk_id).title
    tell(words.renamed(talk_id, now) if now else words.not_titled(talk_id))
