"""One turn at the terminal: send a prompt, show what comes, let Ctrl-C stop it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from typing import TYPE_CHECKING, cast

from edge.cli import words
from edge.cli.interrupt import stopping
from edge.cli.writer import Writer
from edge.core.event import Done, Event, StopReason

if TYPE_CHECKING:
    from edge.chat.session import Session


def take_turn(session: Session, text: str, writer: Writer) -> Done:
    """Send a prompt and show the reply, and say so when it is not the whole one.

    Raises an EdgeError when the turn fails; what was shown is kept.
    """
    try:
        done = _stream(session, text, writer)
    finally:
        writer.end()
    if line := _ending(done, session.answering.n_ctx):
        writer.note(line)
    return done


def _stream(session: Session, text: str, writer: Writer) -> Done:
    done: Done | None = None
    sent = cast("Generator[Event, None, None]", session.send(text))
    # Closed by hand: a reader who leaves (`| head`) must end the turn while the store is open.
    with stopping(session.stop) as presses, closing(sent) as events:
        for event in events:
            writer.show(event)
            if isinstance(event, Done):
                done = event
            elif presses.count:  # perhaps pressed before the session had begun to listen
                session.stop()
    assert done is not None, "a stream ends with Done, or raises"
    return done


def _ending(done: Done, n_ctx: int) -> str:
    said = any(attempt.answer for attempt in done.attempts)
    return words.ended(done.stop_reason, n_ctx) or ("" if said else words.nothing_said())


def was_stopped(done: Done) -> bool:
    """Whether the user stopped the reply."""
    return done.stop_reason is StopReason.CANCELLED
