"""How full the context is, and what of the talk it has lost: as values (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from edge.chat.window import Window
from edge.core.conversation import Summary, Turn, WhenFull
from edge.core.errors import ContextFull
from edge.core.event import ContextUse, Notice, NoticeCode, Usage
from edge.core.say import say, say_n

# Of what a prompt may take: a few turns before the oldest must go.
_NEARLY = 0.8


@dataclass(frozen=True, slots=True)
class Fullness:
    """What prompts tell no more: the oldest `left_out_turns`, and what stands for them.

    `unseen_turns` of them really are left out; the others are pinned. `was_told`: the
    user knows that it will overflow soon.
    """

    left_out_turns: int = 0
    unseen_turns: int = 0
    dropped_tokens: int = 0
    summary: Summary | None = None
    was_told: bool = False

    @classmethod
    def behind(cls, turns: Sequence[Turn], n_ctx: int, summary: Summary | None) -> Self:
        """As it was after the last of these turns; anew where the context had another size."""
        uses = (attempt.context for turn in reversed(turns) for attempt in reversed(turn.attempts))
        last = next((use for use in uses if use is not None), None)
        if last is None or last.n_ctx != n_ctx:
            return cls()
        left_out, dropped = last.left_out_turns, last.dropped_tokens
        if summary is None or not last.summarised_tokens:
            return cls(left_out, _unseen(turns[:left_out]), dropped)
        ids = [turn.id for turn in turns]
        if summary.turn_id not in ids:
            return cls()
        # What it does not stand for is told again, whatever was left out before.
        left_out = ids.index(summary.turn_id) + 1
        return cls(left_out, _unseen(turns[:left_out]), dropped, summary)

    @property
    def summarised_tokens(self) -> int:
        """What the summary stands for."""
        return self.summary.stands_for_tokens if self.summary else 0

    def slid(self, window: Window) -> Self:
        """More turns were left out; what a summary stands for already it goes on standing for."""
        dropped_tokens = self.dropped_tokens + window.dropped_tokens
        return replace(
            self,
            left_out_turns=window.left_out_turns,
            unseen_turns=window.unseen_turns,
            dropped_tokens=dropped_tokens,
            was_told=False,
        )

    def repinned(self, unseen_turns: int, unseen_tokens: int) -> Self:
        """A turn among those left out was pinned, or let go; so many tokens are unseen now."""
        dropped_tokens = max(unseen_tokens - self.summarised_tokens, 0)
        return replace(self, unseen_turns=unseen_turns, dropped_tokens=dropped_tokens)

    def summed_up(self, summary: Summary, window: Window) -> Self:
        """The turns that were to be left out have a summary now."""
        return replace(
            self,
            left_out_turns=window.left_out_turns,
            unseen_turns=window.unseen_turns,
            summary=summary,
            was_told=False,
        )

    def use(self, usage: Usage, n_ctx: int) -> ContextUse | None:
        """What a turn's record says of it; None where nobody counted its prompt."""
        if not usage.prompt_tokens:
            return None
        return ContextUse(
            n_ctx,
            usage.prompt_tokens,
            self.left_out_turns,
            self.dropped_tokens,
            self.summarised_tokens,
        )

    def warning(self, usage: Usage, budget_tokens: int, when_full: WhenFull) -> Notice | None:
        """Said once before the oldest turns must go, while there is a choice."""
        held_tokens = usage.prompt_tokens + usage.completion_tokens
        if self.was_told or not usage.prompt_tokens or held_tokens < _NEARLY * budget_tokens:
            return None
        told = say(
            "the context is {percent} % full: {what}; /context shows it, and the other ways",
            percent=min(held_tokens * 100 // budget_tokens, 100),
            what=_what_comes(when_full),
        )
        return Notice(NoticeCode.NEARLY_FULL, told)

    def warned(self) -> Self:
        """The user knows."""
        return replace(self, was_told=True)


def stops(n_turns: int, n_ctx: int) -> ContextFull:
    """Turns would have to go, and the user wants to be asked first."""
    told = say_n(
        "the context of {n_ctx} tokens is full: the oldest {n} turn would be left out",
        "the context of {n_ctx} tokens is full: the oldest {n} turns would be left out",
        n_turns,
        n_ctx=n_ctx,
    )
    return ContextFull(
        told,
        hint=say("/context slide, /context summarise, or --ctx {n_ctx}", n_ctx=2 * n_ctx),
        kept=say("the conversation is kept as it was"),
    )


def _unseen(turns: Sequence[Turn]) -> int:
    return sum(not turn.pinned for turn in turns)


def _what_comes(when_full: WhenFull) -> str:
    match when_full:
        case WhenFull.SLIDE:
            return say("soon the oldest turns are left out")
        case WhenFull.SUMMARISE:
            return say("soon a summary stands for the oldest turns")
        case WhenFull.STOP:
            return say("soon nothing more is sent until you choose")
