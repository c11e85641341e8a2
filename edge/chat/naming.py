"""A title for a talk, by the model that holds it, while nobody waits for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

from edge.chat.asked import Asked, Wish
from edge.chat.on_device import OnDevice
from edge.chat.summary import for_title, name_it, title_of
from edge.core.conversation import Conversation, Outcome, Turn
from edge.core.event import Channel, Delta
from edge.core.message import Message
from edge.engine.protocol import Cancel, Request

_PATIENCE_S = 2.0
_GLANCE_S = 0.2


class Naming:
    """A search for a title, ended by whoever needs the engine."""

    def __init__(self) -> None:
        self._cancel = Cancel()
        self._over = threading.Event()
        self._over.set()

    @contextmanager
    def search(self) -> Iterator[Cancel]:
        """Within, it is searched for; the value says when somebody needs the engine."""
        self._cancel = Cancel()
        self._over.clear()
        try:
            yield self._cancel
        finally:
            self._over.set()

    def end(self) -> None:
        """Call it off, and wait until the engine is free: a queue would count as a wait."""
        self._cancel.set()
        self._over.wait(_PATIENCE_S)


def name(device: OnDevice, talk: Conversation, system: Message | None, cancel: Cancel) -> str:
    """What the model calls a talk, under its system prompt; empty where it finds no name.

    It is told on the talk's own tape, so that it reads little more than the question.
    First the engine does what it does behind a reply. Raises what the engine raises.
    """
    while not device.answering.engine.settled:
        if cancel.wait(_GLANCE_S):
            return ""
    said: list[str] = []
    sampling = for_title(device.answering.sampling)
    told = device.told(_asked(talk, system))
    request = Request(talk.id, told, sampling, cancel=cancel, aside=True)
    with closing(device.answering.engine.stream(request)) as events:
        for event in events:
            if isinstance(event, Delta) and event.channel is Channel.ANSWER:
                said.append(event.text)
    return "" if cancel.requested else title_of("".join(said))


def _asked(talk: Conversation, system: Message | None) -> Asked:
    """The talk so far, and the question what to call it."""
    told = [message for turn in talk.turns for message in (turn.prompt, turn.reply)]
    question = Turn("", talk.turns[-1].id, name_it(told), (), "", Outcome.OPEN)
    return Asked(talk.id, question, talk.turns, system, Wish(""))
