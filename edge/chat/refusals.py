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
from edge.core.say import noted, say, say_noted

_WORDS = {
    Reason.CLOUD_OFF: noted("the cloud is off"),
    Reason.OFFLINE: noted("offline is set"),
    Reason.PRIVATE: noted("it is private"),
    Reason.DETECTORS_MISSING: noted("what finds private text is not installed"),
    Reason.NO_KEY: noted("there is no key"),
    Reason.UNREACHABLE: noted("there is no network"),
    Reason.BREAKER_OPEN: noted("the cloud failed a moment ago"),
    Reason.CLOUD_FAILED: noted("the cloud failed"),
    Reason.CLOUD_TOO_SMALL: noted("it is too long for the cloud, too"),
    Reason.BUDGET: noted("the budget does not allow it"),
    Reason.NOT_CONSENTED: noted("you were asked and did not agree"),
    Reason.EDGE_CANNOT: noted("the device cannot"),
    Reason.ASKED: noted("as you asked"),
    Reason.RULE: noted("by a rule"),
    Reason.SCORE: noted("by a score"),
    Reason.WEAK_ANSWER: noted("the answer of the device did not pass"),
    Reason.DEFAULT: noted("by default"),
}
_HINTS = {
    Reason.CLOUD_OFF: "edge cloud login",
    Reason.OFFLINE: noted("offline = false in config.toml"),
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


def words(reason: Reason) -> str:
    """A reason in a few words."""
    return say_noted(_WORDS[reason])


def refusal(decision: Decision) -> EdgeError:
    """What to raise when the user asked for the cloud and a guard keeps the turn here."""
    reason = decision.reason
    message = say("the cloud was not asked: {why}", why=words(reason))
    if reason is Reason.NO_KEY:
        return CloudAuth(message, fault=CloudFault.AUTH, hint="edge cloud login")
    if kind := _KINDS.get(reason):
        return kind(message, hint=say_noted(_HINTS[reason]), kept=say("nothing was sent"))
    return CloudUnavailable(message, fault=CloudFault.UNREACHABLE, hint="edge cloud status")
