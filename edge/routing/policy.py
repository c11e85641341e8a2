"""The one pure verb of routing: from signals to a decision."""

from __future__ import annotations

from edge.core.decision import Decision, Reason, Signals, Target


def decide(signals: Signals) -> Decision:
    """Who answers. The cloud is off, so the edge does, and the reason says so."""
    return Decision(target=Target.EDGE, reason=Reason.CLOUD_OFF, signals=signals)
