"""What a chat says of the context: how full it is, and what becomes of the oldest turns."""

from __future__ import annotations

from edge.core.conversation import WhenFull
from edge.core.event import ContextUse
from edge.core.say import say, say_n

_BAR = 20


def meter(held_tokens: int, n_ctx: int, use: ContextUse | None) -> str:
    """Answers /context: a bar, and what of the talk the model does not see."""
    share = min(held_tokens / n_ctx, 1.0)
    bar = "#" * round(share * _BAR) + "-" * (_BAR - round(share * _BAR))
    line = say(
        "[{bar}] {held:,} of {n_ctx:,} tokens ({percent} %)",
        bar=bar,
        held=held_tokens,
        n_ctx=n_ctx,
        percent=held_tokens * 100 // n_ctx,
    )
    return "\n".join([line, *lost(use)])


def told(use: ContextUse) -> str:
    """What a turn's prompt told of the talk, in a sentence."""
    kept = say("told {kept:,} of {n_ctx:,} tokens", kept=use.kept_tokens, n_ctx=use.n_ctx)
    return say("Context: {parts}.", parts="; ".join([kept, *lost(use)]))


def lost(use: ContextUse | None) -> list[str]:
    """What of the talk a prompt did not tell word for word; nothing where it told all."""
    lines = []
    if use and use.dropped_tokens:
        lines.append(say("left out: {n:,} tokens of the oldest turns", n=use.dropped_tokens))
    if use and use.summarised_tokens:
        lines.append(say("a summary stands for {n:,} tokens", n=use.summarised_tokens))
    return lines


def summary(text: str) -> str:
    """What the model is told in place of the oldest turns, in its own words."""
    return say("the summary:\n{text_told}", text_told=text)


def when_full(way: WhenFull, n_pinned: int) -> str:
    """What happens once it is full, and what else could."""
    match way:
        case WhenFull.SLIDE:
            line = say("once it is full the oldest turns are left out (slide)")
        case WhenFull.SUMMARISE:
            line = say("once it is full a summary stands for the oldest turns (summarise)")
        case WhenFull.STOP:
            line = say("once it is full nothing is sent until you choose (stop)")
    pins = [say_n("{n} turn is pinned", "{n} turns are pinned", n_pinned)] if n_pinned else []
    return "\n".join([*pins, line, say("to choose: /context slide, summarise or stop")])


def no_such_way(typed: str) -> str:
    """/context and something else."""
    return say("{typed} is none of slide, summarise and stop", typed=repr(typed))
