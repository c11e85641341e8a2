"""The one object `edge ask --json` prints."""

from __future__ import annotations

import errno
import json
from collections.abc import Sequence
from dataclasses import asdict, is_dataclass
from decimal import Decimal
from enum import IntEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from edge.core.decision import Target
from edge.core.errors import Cancelled, DiskFull, EdgeError
from edge.core.event import Attempt, Done
from edge.core.say import say
from edge.core.units import Money

if TYPE_CHECKING:
    from edge.chat.session import Session

SCHEMA_VERSION = 2


def answer_json(session: Session, done: Done, *, saved: bool = True) -> str:
    """One line of JSON in plain ASCII: no terminal obeys it, and nothing in it is changed.

    What is not `saved` has no name to be found by.
    """
    nameless = {} if saved else {"conversation_id": None, "turn_id": None}
    return json.dumps(answer_object(session, done) | nameless)


def error_json(fault: BaseException) -> str:
    """What ended a run, on one line in the same way: all that is known of the error."""
    error = fault if isinstance(fault, EdgeError) else _as_error(fault)
    told = {
        "code": error.code,
        "message": error.message,
        "hint": error.hint,
        "kept": error.kept,
        "exit_code": error.exit_code,
    }
    return json.dumps({"error": told, "schema_version": SCHEMA_VERSION})


def _as_error(fault: BaseException) -> EdgeError:
    """What was not foreseen, as one of ours; the message of a bug may hold anything."""
    match fault:
        case KeyboardInterrupt():
            return Cancelled(say("cancelled"))
        case OSError(errno=errno.ENOSPC):
            return DiskFull(say("no room on the disk for what is written there"))
        case _:
            return EdgeError(say("a bug: {name}", name=type(fault).__name__), hint="edge --debug …")


def answer_object(session: Session, done: Done) -> dict[str, Any]:
    """The reply with all that is known of it; who answered is who had the last word.

    `usage` and `cost` are of all attempts, also of those nobody read; a `cost` that
    is null is none, or was not counted in full.
    """
    attempts, shown = done.attempts, [each for each in done.attempts if each.shown]
    last = (shown or attempts)[-1]
    return {
        "text": "".join(attempt.answer for attempt in shown),
        "reasoning": "".join(attempt.reasoning for attempt in shown),
        "model": last.model,
        "target": last.decision.target,
        "stop_reason": done.stop_reason,
        "conversation_id": session.conversation_id,
        "turn_id": session.turns[-1].id,
        "usage": _sum(attempts),
        "cost": plain(_cost(attempts)),
        "confidence": plain(last.confidence),
        "decision": plain(last.decision),
        "attempts": [_attempt(attempt) for attempt in attempts],
        "switched": any(a.decision.target != b.decision.target for a, b in pairwise(attempts)),
        "schema_version": SCHEMA_VERSION,
    }


def plain(value: Any) -> Any:
    """A value of ours as JSON has them: enums by their words, amounts as exact text.

    >>> plain(Money(Decimal("1E-9"), "CNY"))
    {'amount': '0.000000001', 'currency': 'CNY'}
    """
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.name.lower() if isinstance(value, IntEnum) else value


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "target": attempt.decision.target,
        "model": attempt.model,
        "shown": attempt.shown,
        "stop_reason": attempt.stop_reason,
        "reason": attempt.decision.reason,
        "cost": plain(attempt.usage.cost),
    }


def _cost(attempts: Sequence[Attempt]) -> Money | None:
    """What the cloud's attempts cost together; None where one of them was not counted."""
    costs = [each.usage.cost for each in attempts if each.decision.target is Target.CLOUD]
    known = [cost for cost in costs if cost is not None]
    if not known or len(known) < len(costs):
        return None
    return Money(sum((cost.amount for cost in known), Decimal(0)), known[0].currency)


def _sum(attempts: Sequence[Attempt]) -> dict[str, float]:
    each = [asdict(attempt.usage) for attempt in attempts]
    return {name: sum(usage[name] for usage in each) for name in each[0] if name != "cost"}
