"""One turn at the terminal: send a prompt, show what comes, let Ctrl-C stop it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.cli.page.writer import Writer
from edge.cli.talk.interrupt import Presses, stopping
from edge.cli.words import cloud_chat as cloud_words
from edge.cli.words import turn as words
from edge.core.decision import Target
from edge.core.event import Done, StopReason
from edge.core.message import Label

if TYPE_CHECKING:
    from edge.chat.session import Session
    from edge.cli.talk.opening import Talk
    from edge.models.fit import Fit


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked for one turn: an engine, and to lift it out of a private talk.

    `at_least` is the label of what its text was made from; `fresh` asks for other
    words than the last time, also where a seed was chosen. Without `tells_end` it is left
    to who asks to say that the reply is not the whole one.
    """

    wanted: Target | None = None
    public: bool = False
    at_least: Label = Label.PUBLIC
    fresh: bool = False
    tells_end: bool = True


AS_USUAL = Asking()
Stopping = Callable[[Callable[[], None]], AbstractContextManager[Presses]]


def take_turn(
    talk: Talk,
    text: str,
    writer: Writer,
    asking: Asking = AS_USUAL,
    stopping: Stopping = stopping,
) -> Done:
    """Send a prompt and show the reply, and say so when it is not the whole one.

    `stopping` is how Ctrl-C reaches the reply. Raises an EdgeError when the turn fails;
    what was shown is kept.
    """
    try:
        with stopping(talk.session.stop) as presses:
            done = _stream(talk.session, text, writer, asking, presses)
    finally:
        writer.end()
    if asking.tells_end and (line := _ending(done, talk.fit)):
        writer.note(line, dim=True)
    return done


def tell_who(talk: Talk, done: Done, writer: Writer) -> None:
    """Below an answer: who wrote it, where the device is not the only one who could."""
    if talk.cloud is not None:
        who = cloud_words.answered_by(done.attempts, talk.cloud.provider.host)
        if who:
            writer.note(who, dim=True)


def _stream(session: Session, text: str, writer: Writer, asking: Asking, presses: Presses) -> Done:
    done: Done | None = None
    told = session.send(
        text,
        wanted=asking.wanted,
        public=asking.public,
        at_least=asking.at_least,
        fresh=asking.fresh,
    )
    # Closed by hand: a reader who leaves (`| head`) must end the turn while the store is open.
    with closing(told) as events:
        for event in events:
            writer.show(event)
            if isinstance(event, Done):
                done = event
            elif presses.count:  # perhaps pressed before the session had begun to listen
                session.stop()
    assert done is not None, "a stream ends with Done, or raises"
    return done


def _ending(done: Done, fit: Fit) -> str:
    said = any(attempt.answer for attempt in done.attempts if attempt.shown)
    cut = words.ended(done.stop_reason, fit.n_ctx, fit.largest_n_ctx)
    return cut or ("" if said else words.nothing_said())


def was_stopped(done: Done) -> bool:
    """Whether the user stopped the reply."""
    return done.stop_reason is StopReason.CANCELLED
