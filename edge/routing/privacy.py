"""What may leave this machine: labels only rise, and only the cleared goes on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edge.core.errors import PrivacyRefused
from edge.core.message import Cleared, Label, Message
from edge.core.say import say
from edge.routing.copies import CopyGuard
from edge.routing.detect.finding import OwnWords

DETECTORS_MISSING = "detectors_missing"


@dataclass(frozen=True, slots=True)
class Piece:
    """A message and the turn it is of; no turn: a system prompt."""

    message: Message
    turn_id: str


@dataclass(frozen=True, slots=True)
class Examined:
    """A text's label after the search: what kinds were found, and whether it is a copy."""

    label: Label
    kinds: tuple[str, ...]
    copied: bool


def examine(text: str, label: Label, guard: CopyGuard | None, own: OwnWords) -> Examined:
    """Search a text for what is private; its label rises or stays, and never falls.

    Where the detectors are missing nobody can tell, so the text is private.
    """
    # Their patterns take a tenth of a second to compile: only those with a cloud pay.
    from edge.routing.detect.all import detect, detectors_ready

    ready = detectors_ready()
    found = {finding.kind for finding in detect(text, own)} if ready else {DETECTORS_MISSING}
    copied = guard is not None and guard.repeats(text)
    raised = Label.PRIVATE if found or copied else label
    return Examined(Label.join(label, raised), tuple(sorted(found)), copied)


def clear(pieces: Sequence[Piece], guard: CopyGuard | None, own: OwnWords) -> Cleared:
    """The messages of these pieces, each examined afresh, ready to leave.

    Raises PrivacyRefused if any is private, holds something private or repeats
    private text, if the detectors are missing, or if there is nothing to send;
    the error names turns and kinds, never a text.
    """
    from edge.routing.detect.all import detectors_ready

    if not pieces:
        raise PrivacyRefused(say("there is nothing to send"), kept=say("nothing was sent"))
    if not detectors_ready():
        raise PrivacyRefused(
            say("the detectors of personal data are not installed, so nothing counts as public"),
            hint="pip install 'edge-qwen[cloud]'",
            kept=say("nothing was sent"),
        )
    faults = tuple(fault for piece in pieces for fault in _faults(piece, guard, own))
    if faults:
        raise PrivacyRefused(
            say("private text may not leave: {faults}", faults=say("; ").join(faults)),
            hint=say("ask the device instead: /edge"),
            kept=say("nothing was sent"),
        )
    turn_ids = dict.fromkeys(piece.turn_id for piece in pieces if piece.turn_id)
    return Cleared(tuple(piece.message for piece in pieces), tuple(turn_ids))


def _faults(piece: Piece, guard: CopyGuard | None, own: OwnWords) -> Iterator[str]:
    """Why a piece may not leave, in words; nothing if it may."""
    message = piece.message
    examined = examine(message.text, message.label, guard, own)
    kinds = ", ".join(examined.kinds)
    reasons = [say("has {kinds}", kinds=kinds)] if kinds else []
    if message.label is not Label.PUBLIC:
        reasons.append(say("is marked private"))
    if examined.copied:
        reasons.append(say("repeats private text"))
    if reasons:
        turn = say("turn {id}", id=piece.turn_id) if piece.turn_id else say("the system prompt")
        yield f"{turn} {say(' and ').join(reasons)}"
