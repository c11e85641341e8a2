"""A talk and its store: what cannot be written at once waits, what others answer is waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from edge.core.conversation import Outcome, Turn
from edge.core.errors import Busy, DiskFull
from edge.core.say import say
from edge.store.conversations import Conversations


@dataclass(slots=True)
class Kept:
    """One talk's way into the store. Any thread may call.

    What a store that is busy, or has no room, does not take is told with what becomes of
    it, and written behind what waits already, by whatever is written next.
    """

    conversations: Conversations
    _waiting: list[Callable[[], None]] = field(default_factory=list, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def end(self, turn: Turn) -> None:
        """Keep what was answered and how it ended."""
        write = partial(self.conversations.end_turn, turn.id, turn.attempts, turn.outcome)
        told = say("the reply is kept with the next prompt, or when the talk is closed")
        self._write(partial(write, turn.reply_label), told)

    def mark_private(self, conversation_id: str) -> None:
        """The same of its being private."""
        told = say(
            "it is private here, and is marked so with the next prompt, or when it is closed"
        )
        self._write(partial(self.conversations.mark_private, conversation_id), told)

    def write_rest(self) -> None:
        """Write what waits, if anything does; raises as the store does."""
        with self._lock:
            while self._waiting:
                write = self._waiting.pop(0)
                try:
                    write()
                except (Busy, DiskFull):  # any other will not pass
                    self._waiting.insert(0, write)
                    raise

    def settled(self, turns: Sequence[Turn]) -> list[Turn]:
        """These turns, with those that another process was answering as they ended.

        Raises Busy while one of them still is: nothing can be said behind half a reply.
        """
        if all(turn.outcome is not Outcome.OPEN for turn in turns):
            return list(turns)
        self.conversations.recover()  # that process may have died
        found = [self._now(turn) if turn.outcome is Outcome.OPEN else turn for turn in turns]
        if any(turn.outcome is Outcome.OPEN for turn in found):
            said = say("another chat is answering in this conversation")
            raise Busy(said, hint=say("the same again, once it is done"))
        return found

    def _now(self, turn: Turn) -> Turn:
        return self.conversations.find_turn(turn.id)

    def _write(self, write: Callable[[], None], told: str) -> None:
        with self._lock:
            self._waiting.append(write)
        try:
            self.write_rest()
        except (Busy, DiskFull) as error:
            error.kept, error.hint = told, ""
            raise
