"""The one object `edge ask --json` prints."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from edge.core.decision import Decision
from edge.core.event import Attempt, Done

if TYPE_CHECKING:
    from edge.chat.session import Session

SCHEMA_VERSION = 1


def answer_json(session: Session, done: Done) -> str:
    """One line of JSON in plain ASCII: no terminal obeys it, and nothing in it is changed."""
    return json.dumps(answer_object(session, done))


def answer_object(session: Session, done: Done) -> dict[str, object]:
    """The reply with all that is known of it; who answered is the last attempt's to say."""
    last = done.attempts[-1]
    return {
        "text": "".join(attempt.answer for attempt in done.attempts),
        "reasoning": "".join(attempt.reasoning for attempt in done.attempts),
        "model": last.model,
        "target": last.decision.target,
        "stop_reason": done.stop_reason,
        "conversation_id": session.conversation_id,
        "turn_id": session.turns[-1].id,
        "usage": _sum(done.attempts),
        "confidence": asdict(last.confidence) if last.confidence else None,
        "decision": _decision(last.decision),
        "schema_version": SCHEMA_VERSION,
    }


def _decision(decision: Decision) -> dict[str, object]:
    signals = asdict(decision.signals) | {"label": decision.signals.label.name.lower()}
    return asdict(decision) | {"signals": signals}


def _sum(attempts: Sequence[Attempt]) -> dict[str, float]:
    each = [asdict(attempt.usage) for attempt in attempts]
    return {name: sum(usage[name] for usage in each) for name in each[0] if name != "cost"}
