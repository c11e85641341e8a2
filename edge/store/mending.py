"""What is whole of a damaged store, and how it fits together again (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from edge.core.conversation import Outcome
from edge.core.decision import Decision
from edge.core.event import Channel, Confidence, ContextUse, StopReason, Usage
from edge.core.message import Label
from edge.store.codec import decode
from edge.store.drafts import OF_NEW
from edge.store.packing import unpacked
from edge.store.rows import checked
from edge.store.wreck import Fields, Wreck

_DECODED: dict[str, type] = {
    "decision": Decision,
    "confidence": Confidence,
    "context": ContextUse,
}
_BOOKS = ("policies", "reservations", "sends")


@dataclass(slots=True)
class Mended:
    """Rows for a new store that keep its rules, and what of the old one was lost."""

    conversations: list[Fields] = field(default_factory=list)
    turns: dict[str, Fields] = field(default_factory=dict)
    attempts: list[Fields] = field(default_factory=list)
    spans: list[Fields] = field(default_factory=list)
    others: dict[str, list[Fields]] = field(default_factory=dict)
    n_lost_turns: int = 0
    n_lost_replies: int = 0

    def rows(self) -> Iterator[tuple[str, list[Fields]]]:
        """The rows of each table, in the order they can be written in."""
        yield "conversations", self.conversations
        yield "turns", list(self.turns.values())
        yield "attempts", self.attempts
        yield "spans", self.spans
        yield from self.others.items()


def mend(wreck: Wreck) -> Mended:
    """Keep what is whole: a turn with its prompt, an attempt with all its text.

    A turn whose parent is lost follows the one before that; a conversation that is known
    by its turns alone is begun anew, private and under no system prompt.
    """
    mended = Mended()
    _keep_turns(wreck, mended)
    _keep_replies(wreck, mended)
    _keep_conversations(wreck, mended)
    mended.others = {name: wreck[name] for name in _BOOKS}
    mended.others["summaries"] = [
        row for row in wreck["summaries"] if row["turn_id"] in mended.turns and _is_sound(row)
    ]
    keys = {talk["id"] for talk in mended.conversations} | {"new"}
    mended.others["drafts"] = [
        row for row in wreck["drafts"] if row["key"] in keys or row["key"].startswith(OF_NEW)
    ]
    return mended


def _keep_turns(wreck: Wreck, mended: Mended) -> None:
    seen = {row["id"]: row for row in wreck["turns"]}
    numbers = set()
    newest: dict[str, str] = {}  # of each conversation, the turn kept last
    for row in wreck["turns"]:
        if row["id"] in mended.turns or row["seq"] in numbers or not _is_sound(row):
            continue
        numbers.add(row["seq"])
        talk = row["conversation_id"]
        parent_id = _kept_parent(row, seen, mended.turns, newest.get(talk))
        kept = row | {"parent_id": parent_id, "owner": ""}
        if row["outcome"] == Outcome.OPEN:  # nobody answers it in the new store
            kept["outcome"] = Outcome.INCOMPLETE
        mended.turns[row["id"]] = kept
        newest[talk] = row["id"]
    named = {row["parent_id"] for row in wreck["turns"]} - {None}
    named |= {row["turn_id"] for table in ("attempts", "summaries") for row in wreck[table]}
    mended.n_lost_turns = len((named | seen.keys()) - mended.turns.keys())


def _kept_parent(
    row: Fields, seen: Mapping[str, Fields], kept: Mapping[str, Fields], newest: str | None
) -> str | None:
    """The nearest turn before this one that is kept; the newest where the way is lost."""
    parent_id, below = row["parent_id"], row["seq"]
    while parent_id is not None:
        parent = seen.get(parent_id)
        # A parent was begun before its child, and in the same conversation.
        if (
            parent is None
            or parent["seq"] >= below
            or parent["conversation_id"] != row["conversation_id"]
        ):
            return newest
        if parent_id in kept:
            return str(parent_id)
        parent_id, below = parent["parent_id"], parent["seq"]
    return None


def _keep_replies(wreck: Wreck, mended: Mended) -> None:
    spans: dict[int, list[Fields]] = {}
    for span in wreck["spans"]:
        spans.setdefault(span["attempt_id"], []).append(span)
    answered, lost, known = set(), set(), set()
    for attempt in wreck["attempts"]:
        turn_id, key = attempt["turn_id"], (attempt["turn_id"], attempt["n"])
        if turn_id not in mended.turns or key in known or attempt["id"] in known:
            continue
        known |= {key, attempt["id"]}
        found = sorted(spans.get(attempt["id"], []), key=lambda span: int(span["n"]))
        if _is_whole(attempt, found):
            answered.add(turn_id)
            mended.attempts.append(attempt)
            mended.spans += found
        else:
            lost.add(turn_id)
    for turn_id, turn in mended.turns.items():
        if turn["outcome"] == Outcome.FINISHED and turn_id not in answered:
            lost.add(turn_id)
        if turn_id in lost:  # what is not all of an answer is not shown as one
            turn["outcome"] = Outcome.INCOMPLETE
    mended.n_lost_replies = len(lost)


def _is_whole(attempt: Fields, spans: Sequence[Fields]) -> bool:
    try:
        usage = decode(Usage, attempt["usage"])
        for name, kind in _DECODED.items():
            if attempt.get(name) is not None:
                decode(kind, attempt[name])
    except (ValueError, TypeError):
        return False
    if [span["n"] for span in spans] != list(range(len(spans))) or not all(map(_is_sound, spans)):
        return False
    # Of a last span that is lost nothing tells but these.
    ended = attempt["stop_reason"] == StopReason.END
    expected = (Channel.ANSWER,) if ended else tuple(Channel)
    return not usage.completion_tokens or any(span["channel"] in expected for span in spans)


def _keep_conversations(wreck: Wreck, mended: Mended) -> None:
    turns: dict[str, list[Fields]] = {}
    for turn in mended.turns.values():
        turns.setdefault(turn["conversation_id"], []).append(turn)
    known = {row["id"]: row for row in sorted(wreck["conversations"], key=lambda r: int(r["used"]))}
    models = {row["turn_id"]: row["model"] for row in mended.attempts}
    begun_anew = [_begun_anew(talk, turns[talk], models) for talk in turns if talk not in known]
    for used, row in enumerate([*begun_anew, *known.values()], start=1):
        own = turns.get(row["id"], [])
        head = row.get("head", "")  # empty of a store that had no branches
        if head is not None and head not in {turn["id"] for turn in own}:
            head = own[-1]["id"] if own else None
        mended.conversations.append(row | {"used": used, "head": head})


def _begun_anew(talk: str, turns: list[Fields], models: Mapping[str, str]) -> Fields:
    model = next((models[turn["id"]] for turn in turns if turn["id"] in models), "")
    started = turns[0]["started_at_utc"]
    labels = {"label": Label.PRIVATE, "system_label": Label.PRIVATE}
    return {"id": talk, "model": model, "system": "", "started_at_utc": started, **labels}


def _is_sound(row: Fields) -> bool:
    deflated = row.get("packed")
    try:
        text = str(row["text"]) if deflated is None else unpacked(deflated)
    except (ValueError, TypeError):
        return False
    return checked(text) == int(row["crc"])
