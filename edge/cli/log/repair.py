"""`edge log repair`: saves what a damaged store holds, and puts it in its place when told to."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from edge.cli.progress import can_ask, confirm, tell, working
from edge.cli.words import log_change as words
from edge.core.errors import Busy, StoreDamaged, UsageError
from edge.settings.folders import Folders, cannot_write
from edge.store.aside import DAMAGED, free_name
from edge.store.conversations import Conversations
from edge.store.database import open_database
from edge.store.owner import Owner
from edge.store.repair import Salvaged, salvage

_ALL = 10**9


def repair(*, yes: bool) -> None:
    """Save what can be read, say what is lost, and ask which store is to be used.

    Raises Busy while another process talks, and what `salvage` raises.
    """
    path = Folders.find().store
    if _is_used(path):
        raise Busy(words.used_by_another(str(path)), hint=words.leave_it_first())
    with working(words.reading(str(path))):
        saved = salvage(path)
        was_sound = _was_sound(path, saved)
    if was_sound:
        saved.path.unlink()
        tell(words.store_is_sound(str(path)))
        return
    tell(words.saved(str(saved.path), saved.n_conversations, saved.n_turns))
    tell(words.lost(saved.n_lost_turns, saved.n_lost_replies))
    if yes or (can_ask() and confirm(words.use_it())):
        tell(words.in_use_now(str(path), str(_exchange(path, saved.path))))
    else:
        tell(words.how_to_use(str(path), str(saved.path)))


def _was_sound(path: Path, saved: Salvaged) -> bool:
    """Whether nothing is wrong with a store; only one that lost nothing is opened.

    Opening may bring it up to date, and a damaged one is to stay as it is.
    """
    if saved.n_lost_turns or saved.n_lost_replies:
        return False
    try:
        with closing(open_database(path)) as database:
            database.check()
            _read_all(Conversations(database))
    except StoreDamaged:
        return False
    except UsageError:  # of a newer edge: what was saved is not all of it
        saved.path.unlink()
        raise
    return True


def _read_all(kept: Conversations) -> None:
    """Raises StoreDamaged where a text is not the text that was written."""
    for row in kept.list(_ALL):
        kept.every_turn(kept.get(row.id).id)


def _exchange(path: Path, saved: Path) -> Path:
    """Put the saved store in the place of the damaged one; says where that is now."""
    damaged = free_name(path, DAMAGED)
    journal = path.with_name(f"{path.name}-journal")
    try:
        # First: beside the new store it would be taken for that one's, and written into it.
        if journal.exists():
            journal.rename(damaged.with_name(f"{damaged.name}-journal"))
        path.rename(damaged)
        saved.rename(path)
    except OSError as cause:
        raise cannot_write(path, cause) from cause
    return damaged


def _is_used(path: Path) -> bool:
    """Whether another process has begun a turn in the store and not ended since."""
    folder = path.with_name(f"{path.name}-owners")
    owner = Owner(folder)
    return any(owner.alive(lock.stem) for lock in folder.glob("*.lock"))
