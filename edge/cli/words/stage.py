"""What stands around the prompt line of a chat."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from edge.cli.words import cloud_chat
from edge.core.decision import Decision, Reason
from edge.core.say import say, say_n
from edge.core.units import show_speed

if TYPE_CHECKING:
    from edge.cli.talk.standing import Standing

LEAST_PARTS = 2  # of `standing`: the model, and how full its context is


def pasted(n_lines: int, n_chars: int) -> str:
    """Stands for a long paste.

    >>> pasted(12345, 99999), pasted(1, 5000)
    ('[pasted 12,345 lines]', '[pasted 5,000 characters]')
    """
    if n_lines > 1:
        return say_n(
            "[pasted {lines} line]", "[pasted {lines} lines]", n_lines, lines=f"{n_lines:,}"
        )
    return say_n(
        "[pasted {chars} character]", "[pasted {chars} characters]", n_chars, chars=f"{n_chars:,}"
    )


def queued(prompt: str) -> str:
    """A prompt that is sent when the reply has ended."""
    return say("next: {prompt}", prompt=prompt)


def leaves_next() -> str:
    """Ctrl-D was pressed while a reply is written."""
    return say("next: leave")


def once_more() -> str:
    """Answers the first Ctrl-C at an empty prompt."""
    return say("Ctrl-C once more leaves, as Ctrl-D does")


def opening() -> str:
    """The bottom line until it is known what answers."""
    return say("opening the model; what you type waits for it")


def enter_queues() -> str:
    """What Enter does while a reply is written."""
    return say("Enter queues")


def draft_back() -> str:
    """What stands in the line was typed before, and not sent."""
    return say("your draft is back")


def unsent(n: int) -> str:
    """Prompts that waited to be sent stand behind the line."""
    return say_n("Up brings back {n} unsent prompt", "Up brings back {n} unsent prompts", n)


def key_failed(kind: str) -> str:
    """What a key does failed with an error of that kind."""
    return say("that key failed ({kind})", kind=kind)


def standing(now: Standing) -> Iterator[str]:
    """The parts of the bottom line, what matters most first; without LEAST_PARTS it says little."""
    yield now.model
    values = {"held": f"{now.held_tokens:,}", "n_ctx": f"{now.n_ctx:,}", "share": _share(now)}
    yield say("context {held} of {n_ctx} ({share} %)", **values)
    yield from _circumstances(now)


def standing_in_short(now: Standing) -> Iterator[str]:
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
