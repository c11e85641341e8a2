"""Conversations as values: made of turns and the rest as it mostly is, or found in a store."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from edge.core.conversation import Conversation, Outcome, Turn
from edge.core.decision import Decision, Reason, Signals, Target
from edge.core.event import Attempt, Channel, Span, StopReason, Usage
from edge.core.message import Label, Message, Role
from edge.settings.folders import Folders
from edge.store.conversations import Conversations
from edge.store.database import open_database

BEGUN = "2026-01-31T14:02:59.123Z"
DECIDED = Decision(Target.EDGE, Reason.CLOUD_OFF, Signals(0, Label.PRIVATE, cloud_allowed=False))


def attempt(text: str, *, reasoning: str = "", model: str = "toy", n: int = 0) -> Attempt:
    """What the device wrote, after what it thought."""
    spans = (Span(Channel.REASONING, reasoning), Span(Channel.ANSWER, text))
    said = tuple(span for span in spans if span.text)
    return Attempt(n, DECIDED, model, StopReason.END, Usage(7, 3, 5, 0.1, 0.1, 0.5), None, said)


def by_cloud(told: Attempt) -> Attempt:
    """The same, written in the cloud."""
    return replace(told, decision=replace(DECIDED, target=Target.CLOUD, reason=Reason.ASKED))


def ended_by(told: Attempt, reason: StopReason) -> Attempt:
    """The same, ended by something else than the model."""
    return replace(told, stop_reason=reason)


def turn(prompt: str, *attempts: Attempt | str, id: str = "m2xq0000", **more: Any) -> Turn:
    """A finished turn; a reply that is given as text is one attempt."""
    told = tuple(attempt(each) if isinstance(each, str) else each for each in attempts)
    public = Message(Role.USER, prompt, Label.PUBLIC)
    fields = {"parent_id": None, "outcome": Outcome.FINISHED, "reply_label": Label.PUBLIC} | more
    return Turn(id=id, prompt=public, attempts=told, started_at_utc=BEGUN, **fields)


def talk(*turns: Turn, **more: Any) -> Conversation:
    """A public conversation of these turns."""
    fields = {"label": Label.PUBLIC, "system_label": Label.PUBLIC, "system": ""} | more
    return Conversation(id="k3v90000", model="toy", turns=turns, started_at_utc=BEGUN, **fields)


def keep(kept: Conversations, talk: Conversation) -> Conversation:
    """Write a conversation into a store; its turns get ids of the store, in the same order."""
    made = kept.start(talk.model, talk.system, talk.label, talk.system_label)
    ids: dict[str | None, str | None] = {None: None}
    for each in talk.turns:
        new = kept.begin_turn(made.id, ids[each.parent_id], each.prompt)
        ids[each.id] = new.id
        if each.outcome is not Outcome.OPEN:
            kept.end_turn(new.id, each.attempts, each.outcome, each.reply_label)
        kept.pin(made.id, new.id, each.pinned)
    if talk.title:
        kept.set_title(made.id, talk.title, by_user=True)
    return kept.get(made.id)


def latest(home: Path) -> Conversation:
    """The latest conversation, as it lies in the store of this home."""
    with closing(open_database(Folders.below(home).store)) as database:
        found = Conversations(database).latest()
    assert found is not None
    return found


def prompts(home: Path) -> list[str]:
    """What was said in it."""
    return [turn.prompt.text for turn in latest(home).turns]
