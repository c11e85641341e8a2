"""Deletes conversations: says what goes, asks, and leaves nothing of it on the disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.cli.export.telling import title_of
from edge.cli.progress import can_ask, confirm, tell
from edge.cli.words import log_change as words
from edge.core.conversation import Conversation, Outcome
from edge.core.errors import Busy, Cancelled, UsageError
from edge.core.units import show_bytes
from edge.loading.forgetting import forget_conversation, timeline_bytes
from edge.store.aside import clear_away, set_aside
from edge.store.conversations import Conversations


@dataclass(frozen=True, slots=True)
class Deletion:
    """Deletes from the store at `path`, of which `kept` are the conversations."""

    path: Path
    kept: Conversations

    def run(self, names: Sequence[str], *, yes: bool) -> None:
        """Delete them all, once somebody agreed; raises before anything is gone."""
        talks = self._found(names)
        if not yes:
            self._ask(talks)
        for talk in talks:
            forget_conversation(self.path, self.kept, talk.id)
            tell(words.deleted(talk.id))
        self._say_what_is_left()

    def _found(self, names: Sequence[str]) -> tuple[Conversation, ...]:
        """The conversations, each once; raises UnknownName, and Busy while one is answered."""
        self.kept.recover()
        talks = {talk.id: talk for talk in map(self.kept.get, names)}
        for talk in talks.values():
            # Its engine would write what it read of it behind our back.
            if any(turn.outcome is Outcome.OPEN for turn in self.kept.every_turn(talk.id)):
                raise Busy(words.being_answered(talk.id), hint=words.stop_it_first())
        return tuple(talks.values())

    def _ask(self, talks: Sequence[Conversation]) -> None:
        if not can_ask():
            ids = " ".join(talk.id for talk in talks)
            raise UsageError(words.nobody_to_ask(len(talks)), hint=f"edge log rm --yes {ids}")
        for talk in talks:
            tell(self._what_goes(talk))
        if not confirm(words.delete_them(len(talks))):
            raise Cancelled(words.none_deleted())

    def _say_what_is_left(self) -> None:
        """Files that a repair left are nobody's to change: they may be all there is of much."""
        clear_away(self.path)
        if files := set_aside(self.path):
            tell(words.may_be_in(list(map(str, files))))

    def _what_goes(self, talk: Conversation) -> str:
        size = timeline_bytes(self.path, talk.id)
        n_turns = len(self.kept.every_turn(talk.id))
        return words.goes(talk.id, n_turns, title_of(talk), show_bytes(size) if size else "")
