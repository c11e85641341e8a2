"""`edge ask --schema`: the schema is read first, the talk is held to it, the reply is checked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from edge.cli.talk.attach import attach
from edge.cli.words import files as words
from edge.cli.words import turn as turn_words
from edge.core.errors import Cancelled, ContextFull, EdgeError, ReplyUnfit, UsageError
from edge.core.event import Done, StopReason
from edge.engine.schema import Schema
from edge.routing.policy import OFFLINE

if TYPE_CHECKING:
    from edge.chat.session import Session
    from edge.cli.talk.opening import Talk

_WHOLE = (StopReason.END, StopReason.STOP_STRING)


def schema_in(path: Path) -> Schema:
    """The schema a file holds; raises UsageError that names the file and the place."""
    file = attach(path)
    try:
        return Schema.read(file.text)
    except UsageError as error:
        raise UsageError(words.of_schema(file.name, error.message), hint=error.hint) from error


def hold(session: Session, schema: Schema) -> None:
    """From now on replies are JSON of this schema, and this device alone writes them.

    Raises UsageError where the model cannot answer without thinking first.
    """
    wishes = replace(session.answering.wishes, schema=schema.text)
    session.answering = replace(session.answering, wishes=wishes)
    session.set_thinking(False)
    if session.answering.thinks:
        raise words.thoughts_and_schema(session.answering.named)
    # Grammars are the device's: no policy may find that the cloud would do better.
    session.routes = replace(session.routes, policy=OFFLINE)


def whole(talk: Talk, schema: Schema, done: Done) -> str:
    """The reply, valid JSON; raises an EdgeError for one that is cut or not valid."""
    if done.stop_reason not in _WHOLE:
        raise _cut(talk, done.stop_reason)
    reply = "".join(attempt.answer for attempt in done.attempts if attempt.shown)
    try:
        return schema.valid(reply)
    except ReplyUnfit as error:
        raise ReplyUnfit(error.message, hint=error.hint, kept=_kept(talk)) from error


def _cut(talk: Talk, reason: StopReason) -> EdgeError:
    fit = talk.fit
    why = words.cut_before_whole(turn_words.ended(reason, fit.n_ctx, fit.largest_n_ctx))
    match reason:
        case StopReason.CANCELLED:
            return Cancelled(why, kept=_kept(talk))
        case StopReason.CONTEXT_FULL:
            return ContextFull(why, hint=words.longer_replies(), kept=_kept(talk))
    return ReplyUnfit(why, hint=words.longer_replies(), kept=_kept(talk))


def _kept(talk: Talk) -> str:
    session = talk.session
    return words.kept_in(session.conversation_id) if talk.saved and session.conversation_id else ""
