"""One utterance: who says it, what it says, and how far it may travel; and what may leave."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Role(StrEnum):
    """Who speaks; the values are the words the Qwen templates use."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class Label(IntEnum):
    """How far a text may travel. Ordered, so the join of labels is their maximum."""

    PUBLIC = 0
    PRIVATE = 1

    @staticmethod
    def join(*labels: Label) -> Label:
        """The label of a value derived from all of these; of nothing: PRIVATE."""
        return max(labels, default=Label.PRIVATE)


@dataclass(frozen=True, slots=True)
class Message:
    """One utterance. Text that nobody labelled is private."""

    role: Role
    text: str
    label: Label = Label.PRIVATE


@dataclass(frozen=True, slots=True)
class Cleared:
    """Messages that may leave this machine, and the turns they are of.

    Built by routing.privacy alone. Raises ValueError for a message that is not
    public: the last check before the door.
    """

    messages: tuple[Message, ...]
    turn_ids: tuple[str, ...]

    def __post_init__(self) -> None:
        if any(message.label is not Label.PUBLIC for message in self.messages):
            raise ValueError("a private message was about to be cleared")
