"""What is left of a conversation beside the store, and the end of all of it."""

from __future__ import annotations

from pathlib import Path

from edge.engine.edge.snapshot import forget
from edge.loading.model import snapshots_beside
from edge.settings.folders import cannot_write
from edge.store.conversations import Conversations


def forget_conversation(store: Path, kept: Conversations, conversation_id: str) -> None:
    """Delete its timeline on disk, those of all system prompts, and the conversation itself.

    No engine of this process may hold it: `Runtime.delete` sees to that; those of others
    do not keep it again. Raises UnknownName, and UsageError where a file cannot be
    deleted; the conversation is then still there, though its timeline is not kept.
    """
    kept.require(conversation_id)
    folder = snapshots_beside(store)
    try:
        forget(folder, conversation_id)
    except OSError as cause:
        raise cannot_write(folder, cause) from cause
    kept.delete(conversation_id)  # last: until then it can be tried again


def timeline_bytes(store: Path, conversation_id: str) -> int:
    """The size of what a model read of a conversation, as far as it is kept."""
    try:
        return (snapshots_beside(store) / f"{conversation_id}.kv").stat().st_size
    except OSError:
        return 0
