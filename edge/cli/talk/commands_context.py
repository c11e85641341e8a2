"""Commands of a chat that show what a turn took and what the context holds, and choose of it."""

from __future__ import annotations

from edge.cli.talk.chat import Chat
from edge.cli.why.reasons import account_of
from edge.cli.words import chat as words
from edge.cli.words import cloud_chat as cloud_words
from edge.cli.words import context as context_words
from edge.cli.words import why as why_words
from edge.core.conversation import WhenFull
from edge.core.decision import Target
from edge.core.errors import UsageError
from edge.core.event import Attempt, ContextUse


def context(chat: Chat, rest: str) -> None:
    """Show how full the context is, and choose what becomes of the oldest turns."""
    session = chat.talk.session
    if rest and rest not in tuple(WhenFull):
        raise UsageError(context_words.no_such_way(rest), hint="/context slide")
    if rest:
        session.set_when_full(WhenFull(rest))
    use, held = _last_use(chat)
    chat.writer.note(context_words.meter(held, chat.talk.runtime.n_ctx, use))
    talk_id = session.conversation_id
    if use and use.summarised_tokens and talk_id:
        summary = session.conversations.get(talk_id).summary
        chat.writer.note(context_words.summary(summary.text if summary else ""), dim=True)
    n_pinned = sum(turn.pinned for turn in session.turns)
    chat.writer.note(context_words.when_full(session.when_full, n_pinned))


def _last_use(chat: Chat) -> tuple[ContextUse | None, int]:
    """What the device was told last of the talk, and the tokens its context holds."""
    for turn in reversed(chat.talk.session.turns):
        for attempt in reversed(turn.attempts):
            if attempt.context is not None:
                return attempt.context, _held_tokens(attempt)
    return None, 0


def stats(chat: Chat, _: str) -> None:
    """What the last turn took."""
    session = chat.talk.session
    attempts = session.turns[-1].attempts if session.turns else ()
    if not attempts:
        chat.writer.note(words.no_turn_yet())
        return
    chat.writer.note(cloud_words.stats(attempts))
    held, n_ctx = _held_tokens(attempts[-1]), chat.talk.runtime.n_ctx
    chat.writer.note(words.room(held, n_ctx, session.conversation_id or ""))


def _held_tokens(attempt: Attempt) -> int:
    """What the device's context holds after it; nothing where the cloud answered."""
    by_cloud, usage = attempt.decision.target is Target.CLOUD, attempt.usage
    return 0 if by_cloud else usage.prompt_tokens + usage.completion_tokens


def why(chat: Chat, _: str) -> None:
    """Why the last turn went where it went."""
    if not chat.talk.session.turns:
        chat.writer.note(words.no_turn_yet())
        return
    with chat.talk.books() as books:
        account = account_of(chat.talk.session.turns[-1], books)
    chat.writer.note(why_words.told(account))
