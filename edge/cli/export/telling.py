"""What an export says of a conversation and its turns beside their texts (pure)."""

from __future__ import annotations

from collections.abc import Callable

from edge.cli.words import log as words
from edge.core.conversation import Conversation, Turn
from edge.core.decision import Target
from edge.core.event import Attempt
from edge.core.message import Label

_TITLE_CHARS = 80


def title_of(conversation: Conversation) -> str:
    """Its title; without one how its first prompt begins. One line, never empty."""
    opening = conversation.turns[0].prompt.text if conversation.turns else ""
    line = " ".join((conversation.title or opening).split())
    if len(line) > _TITLE_CHARS:
        line = f"{line[: _TITLE_CHARS - 1]}…"
    return line or words.untitled(conversation.id)


def in_utc(at_utc: str) -> str:
    """A time of the store for readers anywhere, to the minute.

    >>> in_utc("2026-01-31T14:02:59.123Z")
    '2026-01-31 14:02 UTC'
    """
    date, _, time = at_utc.partition("T")
    return words.at(date, time[:5])


def facts_of(conversation: Conversation, moment: Callable[[str], str] = in_utc) -> tuple[str, ...]:
    """Its id, who answers, when it began, how long it is, and whether it is private."""
    facts = (
        conversation.id,
        conversation.model,
        moment(conversation.started_at_utc),
        words.turns(len(conversation.turns)),
    )
    return (*facts, words.private()) if conversation.label is Label.PRIVATE else facts


def who_replied(turn: Turn) -> str:
    """The model whose words were shown; both, where one went on for the other."""
    names = list(dict.fromkeys(map(_who, shown(turn))))
    if not names:
        return words.nobody()
    first, *others = names
    for other in others:
        first = words.then(first, other)
    return first


def reasoning_of(turn: Turn) -> str:
    """What was thought before what was shown."""
    return "".join(attempt.reasoning for attempt in shown(turn))


def ending_of(turn: Turn) -> str:
    """What is missing from the reply; empty when it is whole."""
    reason = turn.attempts[-1].stop_reason if turn.attempts else None
    return words.not_whole(turn.outcome, reason)


def shown(turn: Turn) -> tuple[Attempt, ...]:
    """The attempts somebody read."""
    return tuple(attempt for attempt in turn.attempts if attempt.shown and attempt.spans)


def _who(attempt: Attempt) -> str:
    by_cloud = attempt.decision.target is Target.CLOUD
    return words.in_the_cloud(attempt.model) if by_cloud else attempt.model
