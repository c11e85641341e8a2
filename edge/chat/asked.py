"""One prompt in its talk: what engines may be told of it, and what the user wished for it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from edge.core.conversation import Outcome, Turn
from edge.core.decision import Target
from edge.core.message import Label, Message
from edge.engine.protocol import Cancel


@dataclass(frozen=True, slots=True)
class Asked:
    """A turn that waits for its reply; `past` are the turns before it, oldest first.

    `wanted` is the engine the user asked for, for this turn alone. `lifted`: public by
    the user's word, so they are shown what would be sent and asked. `locked` is set
    when they make the talk private while the reply is being written.
    """

    conversation_id: str
    turn: Turn
    past: tuple[Turn, ...]
    system: Message | None
    cancel: Cancel
    wanted: Target | None = None
    lifted: bool = False
    locked: threading.Event = field(default_factory=threading.Event)

    @property
    def prompt(self) -> Message:
        """What the user said."""
        return self.turn.prompt

    @property
    def told(self) -> tuple[Turn, ...]:
        """The past turns that prompts tell: not one that failed before a word of it was said."""
        return tuple(turn for turn in self.past if was_heard(turn))

    @property
    def messages(self) -> tuple[Message, ...]:
        """The whole talk: the system prompt, what past prompts tell, the prompt."""
        head = () if self.system is None else (self.system,)
        past = (message for turn in self.told for message in (turn.prompt, turn.reply))
        return (*head, *past, self.prompt)

    @property
    def label(self) -> Label:
        """Of what is made from all of it."""
        return Label.join(*(message.label for message in self.messages))


def was_heard(turn: Turn) -> bool:
    """Whether later prompts tell this turn."""
    return turn.outcome is not Outcome.FAILED or bool(turn.reply.text)
