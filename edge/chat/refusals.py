"""Why a turn does not go to the cloud: as an error to who insisted, as words to who did not."""

from __future__ import annotations

from edge.core.decision import Decision, Reason
from edge.core.errors import (
    BudgetSpent,
    CloudAuth,
    CloudFault,
    CloudUnavailable,
    EdgeError,
    PrivacyRefused,
    UsageError,
)

WORDS = {
    Reason.CLOUD_OFF: "the cloud is off",
    Reason.OFFLINE: "offline is set",
    Reason.PRIVATE: "it is private",
    Reason.DETECTORS_MISSING: "what finds private text is not installed",
    Reason.NO_KEY: "there is no key",
    Reason.UNREACHABLE: "there is no network",
    Reason.BREAKER_OPEN: "the cloud failed a moment ago",
    Reason.CLOUD_FAILED: "the cloud failed",
    Reason.CLOUD_TOO_SMALL: "it is too long for the cloud, too",
    Reason.BUDGET: "the budget does not allow it",
    Reason.NOT_CONSENTED: "you were asked and did not agree",
    Reason.EDGE_CANNOT: "the device cannot",
    Reason.ASKED: "as you asked",
    Reason.RULE: "by a rule",
    Reason.SCORE: "by a score",
    Reason.WEAK_ANSWER: "the answer of the device did not pass",
    Reason.DEFAULT: "by default",
}
_HINTS = {
    Reason.CLOUD_OFF: "edge cloud login",
    Reason.OFFLINE: "offline = false in config.toml",
    Reason.PRIVATE: "edge why",
    Reason.DETECTORS_MISSING: "pip install 'edge-qwen[cloud]'",
    Reason.BUDGET: "edge budget",
    Reason.NOT_CONSENTED: "edge why",
}
_KINDS: dict[Reason, type[EdgeError]] = {
    Reason.CLOUD_OFF: UsageError,
    Reason.OFFLINE: UsageError,
    Reason.DETECTORS_MISSING: UsageError,
    Reason.PRIVATE: PrivacyRefused,
    Reason.NOT_CONSENTED: PrivacyRefused,
    Reason.BUDGET: BudgetSpent,
}


def refusal(decision: Decision) -> EdgeError:
    """What to raise when the user asked for the cloud and a guard keeps the turn here."""
    reason = decision.reason
    message = f"the cloud was not asked: {WORDS[reason]}"
    if reason is Reason.NO_KEY:
        return CloudAuth(message, fault=CloudFault.AUTH, hint="edge cloud login")
    if kind := _KINDS.get(reason):
        return kind(message, hint=_HINTS[reason], kept="nothing was sent")
    return CloudUnavailable(message, fault=CloudFault.UNREACHABLE, hint="edge cloud status")
