"""What is kept of a talk: the turns, and the conversation they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from edge.core.event import Attempt, ContextUse, StopReason
from edge.core.message import Label, Message, Role


class Outcome(StrEnum):
    """How a turn ended; `open` is a turn whose engine has not ended yet."""

    OPEN = "open"
    FINISHED = "finished"
    STOPPED = "stopped"
    INCOMPLETE = "incomplete"
    FAILED = "failed"

    @classmethod
    def of(cls, stop_reason: StopReason) -> Outcome:
        """Of a turn whose reply ended so."""
        match stop_reason:
            case StopReason.END | StopReason.STOP_STRING:
                return cls.FINISHED
            case StopReason.CANCELLED:
                return cls.STOPPED
            case StopReason.FAILED:
                return cls.FAILED
            case _:
                return cls.INCOMPLETE


@dataclass(frozen=True, slots=True)
class Turn:
    """One prompt with its reply. `parent_id` is the turn it follows: turns form a tree.

    `reply_label` is the join of all the reply was made from. A `pinned` turn is never
    left out of a prompt.

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
    pinned: bool = False

    @property
    def reply(self) -> Message:
        """What was shown, over all attempts, without its reasoning."""
        text = "".join(attempt.answer for attempt in self.attempts if attempt.shown)
        return Message(Role.ASSISTANT, text, Label.join(self.prompt.label, self.reply_label))

    def locked(self) -> Turn:
        """The same turn, to be kept on this machine."""
        prompt = replace(self.prompt, label=Label.PRIVATE)
        return replace(self, prompt=prompt, reply_label=Label.PRIVATE)


class WhenFull(StrEnum):
    """What becomes of the oldest turns once a talk is longer than the context."""

    SLIDE = "slide"  # they are left out
    SUMMARISE = "summarise"  # a summary by the model itself stands for them
    STOP = "stop"  # nothing more is sent until the user chose


@dataclass(frozen=True, slots=True)
class Summary:
    """What stands for turns of a branch up to `turn_id`, that one included.

    Not for those pinned at that time, which are told besides, nor for what had been left
    out before, which its writer did not read. `stands_for_tokens` counts what it replaced;
    `label` is the join of all it was made from.
    """

    turn_id: str
    text: str
    stands_for_tokens: int
    label: Label = Label.PRIVATE


@dataclass(frozen=True, slots=True)
class Conversation:
    """One branch of a talk, from its first turn to its newest, under one system prompt.

    `turns` is the branch the talk is at; others are kept and can be gone to. `summary`
    is the one that its newest prompt was told. An empty `title` is none yet.
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
    title: str = ""
    summary: Summary | None = None


def last_use(turns: Sequence[Turn]) -> ContextUse | None:
    """What the device was told of a talk when it was asked last; None where nobody counted."""
    uses = (attempt.context for turn in reversed(turns) for attempt in reversed(turn.attempts))
    return next((use for use in uses if use is not None), None)
