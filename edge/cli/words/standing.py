"""How a talk stands, in the words of the bottom line."""

from __future__ import annotations

from collections.abc import Iterator

from edge.cli.talk.standing import Standing
from edge.cli.words import cloud_chat
from edge.core.decision import Decision, Reason
from edge.core.say import say
from edge.core.units import show_speed


def parts(now: Standing) -> Iterator[str]:
    """The parts of the bottom line, what matters most first."""
    yield now.model
    values = {"held": f"{now.held_tokens:,}", "n_ctx": f"{now.n_ctx:,}", "share": _share(now)}
    yield say("context {held} of {n_ctx} ({share} %)", **values)
    yield from _circumstances(now)


def parts_in_short(now: Standing) -> Iterator[str]:
    """The same for a narrow window."""
    yield say("context {share} %", share=_share(now))
    yield now.model
    yield from _circumstances(now)


def _share(now: Standing) -> int:
    return now.held_tokens * 100 // max(now.n_ctx, 1)


def _circumstances(now: Standing) -> Iterator[str]:
    yield _privacy(now.is_private)
    if now.decision is not None:
        where = cloud_chat.name(now.decision.target)
        yield say("{where} ({why})", where=where, why=_why(now.decision))
    if now.tps is not None:
        yield show_speed(now.tps)
    if now.cost is not None:
        yield cloud_chat.amount(now.cost)


def _privacy(is_private: bool | None) -> str:
    if is_private is None:
        return say("offline")
    return say("private") if is_private else say("public")


def _why(decision: Decision) -> str:
    """The reason in a word or two; a rule of the policy has a name."""
    if decision.reason is Reason.RULE and decision.rule:
        return decision.rule
    words = {
        Reason.CLOUD_OFF: say("cloud off"),
        Reason.OFFLINE: say("offline"),
        Reason.PRIVATE: say("private"),
        Reason.DETECTORS_MISSING: say("no detectors"),
        Reason.NO_KEY: say("no key"),
        Reason.UNREACHABLE: say("no network"),
        Reason.BREAKER_OPEN: say("cloud failing"),
        Reason.CLOUD_FAILED: say("cloud failed"),
        Reason.CLOUD_TOO_SMALL: say("too long"),
        Reason.BUDGET: say("budget"),
        Reason.NOT_CONSENTED: say("you said no"),
        Reason.EDGE_CANNOT: say("device cannot"),
        Reason.ASKED: say("asked"),
        Reason.RULE: say("rule"),
        Reason.SCORE: say("score"),
        Reason.WEAK_ANSWER: say("weak answer"),
        Reason.DEFAULT: say("as usual"),
    }
    return words[decision.reason]
