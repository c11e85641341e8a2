"""One prompt in its talk: what engines may be told of it, and what the user wished for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from edge.core.conversation import Outcome, Turn
from edge.core.decision import Target
from edge.core.errors import Busy, UsageError
from edge.core.message import Label, Message, Role
from edge.core.say import say
from edge.engine.protocol import Cancel


class Lock:
    """Whether a talk was made private while its reply is written: here, or by another process."""

    def __init__(self, is_marked: Callable[[], bool] = bool) -> None:
        self._is_marked = is_marked
        self._set = threading.Event()

    def set(self) -> None:
        """Make it so, from any thread."""
        self._set.set()

    def is_set(self) -> bool:
        """Whether this process made it so; asked at every piece of a reply."""
        return self._set.is_set()

    def holds(self) -> bool:
        """Whether anybody did; asks the store, so before a send and not at every piece."""
        if not self._set.is_set() and self._is_marked():
            self._set.set()
        return self._set.is_set()


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user said, and how it is to be answered.

    `wanted` is the engine they asked for, for this turn alone. `lifted`: public by
    their word, so they are shown what would be sent and asked. `at_least` is the
    label of what the text was made from. `fresh`: other words than the last time,
    also where a seed was chosen. `lock` holds once the talk is made private while the
    reply is being written.
    """

    text: str
    wanted: Target | None = None
    lifted: bool = False
    at_least: Label = Label.PUBLIC
    fresh: bool = False
    cancel: Cancel = field(default_factory=Cancel)
    lock: Lock = field(default_factory=Lock)

    def message(self, label: Label) -> Message:
        """What was said in a talk of that label, under the label it begins with."""
        lifted = self.lifted and not self.lock.is_set()
        begins = Label.PUBLIC if lifted else Label.join(label, self.at_least)
        return Message(Role.USER, self.text, begins)


@dataclass(frozen=True, slots=True)
class Asked:
    """A turn that waits for its reply; `past` are the turns before it, oldest first."""

    conversation_id: str
    turn: Turn
    past: tuple[Turn, ...]
    system: Message | None
    wish: Wish

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


def speakable(text: str) -> str:
    """A text that can be kept and told; raises UsageError for one that is empty or no Unicode."""
    if not text.strip():
        raise UsageError(say("the prompt is empty"), hint='edge ask "a question"')
    try:
        text.encode()
    except UnicodeEncodeError as cause:
        said = say("the prompt is not text at character {n}", n=cause.start)
        raise UsageError(said, hint=say("send it as UTF-8")) from cause
    return text


def was_heard(turn: Turn) -> bool:
    """Whether later prompts tell this turn."""
    return turn.outcome is not Outcome.FAILED or bool(turn.reply.text)


def one_at_a_time() -> Busy:
    """A second prompt, or a wish to be elsewhere, while a reply is written."""
    return Busy(say("a reply is being written"), hint=say("wait for it, or stop it"))
