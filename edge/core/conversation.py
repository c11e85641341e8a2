"""What is kept of a talk: the turns, and the conversation they belong to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edge.core.event import Attempt
from edge.core.message import Label, Message, Role


class Outcome(StrEnum):
    """How a turn ended; `open` is a turn whose engine has not ended yet."""

    OPEN = "open"
    FINISHED = "finished"
    STOPPED = "stopped"
    INCOMPLETE = "incomplete"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Turn:
    """One prompt with its reply. `parent_id` is the turn it follows: turns form a tree.

    `reply_label` is the join of all the reply was made from.

    `started_at_utc` is ISO 8601 with a trailing Z; order comes from the tree,
    never from the clock.
    """

    id: str
    parent_id: str | None
    prompt: Message
    attempts: tuple[Attempt, ...]
    started_at_utc: str
    outcome: Outcome
    reply_label: Label = Label.PRIVATE

    @property
    def reply(self) -> Message:
        """What was shown, over all attempts, without its reasoning."""
        text = "".join(attempt.answer for attempt in self.attempts if attempt.shown)
        return Message(Role.ASSISTANT, text, Label.join(self.prompt.label, self.reply_label))


@dataclass(frozen=True, slots=True)
class Conversation:
    """All turns from the first to the newest, under one system prompt.

    `label` is how new prompts begin; a private conversation stays private.
    `system_label` is the system prompt's own: it may be private in a public one.
    """

    id: str
    model: str
    system: str
    turns: tuple[Turn, ...]
    started_at_utc: str
    label: Label = Label.PRIVATE
    system_label: Label = Label.PRIVATE
