"""What an answer, or a failure, tells the next decision of the same turn (pure)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from edge.chat.share import Share
from edge.core.decision import Signals
from edge.core.errors import BudgetSpent, CloudError, EdgeError, PrivacyRefused
from edge.core.message import Label
from edge.core.units import Money
from edge.routing.checks import checks


def seen(share: Share, signals: Signals) -> dict[str, Any]:
    """What an answer of the device shows of itself."""
    assert share.stop_reason is not None
    sure = share.confidence
    return {
        "edge_confidence": sure.mean_logprob if sure else None,
        "edge_margin": sure.first_margin if sure else None,
        "edge_checks": checks(share.answer, share.stop_reason, signals.capability),
    }


def failed(error: EdgeError | None, signals: Signals) -> dict[str, Any]:
    """What a failure of the cloud tells the next decision."""
    match error:
        case PrivacyRefused():
            return {"label": Label.PRIVATE}
        case BudgetSpent() if signals.cloud_cost is not None:
            return {"budget_left": Money(Decimal(0), signals.cloud_cost.currency)}
        case CloudError():
            return {"cloud_fault": error.fault.value}
        case None:
            return {"cloud_fault": "late"}
        case _:
            return {"cloud_fault": error.code}
