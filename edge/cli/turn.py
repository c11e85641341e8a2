"""One turn at the terminal: send a prompt, show what comes, let Ctrl-C stop it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from edge.cli import words
from edge.cli.interrupt import stopping
from edge.cli.writer import Writer
from edge.core.event import Done, StopReason

if TYPE_CHECKING:
    from edge.chat.session import Session
    from edge.cli.opening import Talk
    from edge.models.fit import Fit


def take_turn(talk: Talk, text: str, writer: Writer) -> Done:
    """Send a prompt and show the reply, and say so when it is not the whole one.

    Raises an EdgeError when the turn fails; what was shown is kept.
    """
    try:
        done = _stream(talk.session, text, writer)
    finally:
        writer.end()
    if line := _ending(done, talk.fit):
        writer.note(line)
    return done


def _stream(session: Session, text: str, writer: Writer) -> Done:
    done: Done | None = None
    # Closed by hand: a reader who leaves (`| head`) must end the turn while the store is open.
    with stopping(session.stop) as presses, closing(session.send(text)) as events:
        for event in events:
            writer.show(event)
            if isinstance(event, Done):
                done = event
            elif presses.count:  # perhaps pressed before the session had begun to listen
                session.stop()
    assert done is not None, "a stream ends with Done, or raises"
    return done


def _ending(done: Done, fit: Fit) -> str:
    said = any(attempt.answer for attempt in done.attempts)
    cut = words.ended(done.stop_reason, fit.n_ctx, fit.largest_n_ctx)
    return cut or ("" if said else words.nothing_said())


def was_stopped(done: Done) -> bool:
    """Whether the user stopped the reply."""
    return done.stop_reason is StopReason.CANCELLED
