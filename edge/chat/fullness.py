"""How full the context is, and what of the talk it has lost: as values (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from edge.chat.window import Window
from edge.core.conversation import Summary, Turn, WhenFull, last_use
from edge.core.errors import ContextFull
from edge.core.event import ContextUse, Notice, NoticeCode, Usage
from edge.core.say import say, say_n

# Of what a prompt may take: a few turns before the oldest must go.
_NEARLY = 0.8
_NONE: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Fullness:
    """What prompts tell no more: the oldest `left_out_turns`, but for the pinned among them.

    By their numbers: the summary stands for `summed_up`, nothing for `lost`, and those take
    `dropped_tokens`. `was_told`: the user knows that it will overflow soon.
    """

    left_out_turns: int = 0
    lost: frozenset[int] = _NONE
    summed_up: frozenset[int] = _NONE
    dropped_tokens: int = 0
    summary: Summary | None = None
    was_told: bool = False

    @classmethod
    def behind(cls, turns: Sequence[Turn], n_ctx: int, summary: Summary | None) -> Self:
        """As it was after the last of these turns; anew where the context had another size.

        Anew as well where what was told then, turns or a summary, is not there any more.
        """
        last = last_use(turns)
        if last is None or last.n_ctx != n_ctx:
            return cls()
        if last.left_out_turns >= len(turns) or not _is_named(summary, last):
            return cls()
        gone = frozenset(range(last.left_out_turns)) - frozenset(last.pinned_turns)
        dropped_tokens, kept = last.dropped_tokens, summary if last.summarised_tokens else None
        # Where some were lost nobody knows any more which; none of them goes in silence again.
        summed_up = gone if kept and not dropped_tokens else _NONE
        return cls(last.left_out_turns, gone - summed_up, summed_up, dropped_tokens, kept)

    @property
    def summarised_tokens(self) -> int:
        """What the summary stands for."""
        return self.summary.stands_for_tokens if self.summary else 0

    def seeing(self, unseen: frozenset[int]) -> Self:
        """Of the turns left out these are not told now, as others are pinned."""
        return replace(self, lost=unseen - self.summed_up)

    def slid(self, window: Window) -> Self:
        """More turns were left out; what a summary stands for it goes on standing for."""
        told = replace(self, summary=None, summed_up=_NONE) if window.without_summary else self
        told = replace(told, left_out_turns=window.left_out_turns, was_told=False)
        return told.seeing(window.unseen)

    def summed(self, summary: Summary, window: Window) -> Self:
        """The turns that were to be left out have a summary now; what was lost stays lost."""
        return replace(
            self,
            left_out_turns=window.left_out_turns,
            summed_up=self.summed_up | (window.unseen - self.lost),
            summary=summary,
            was_told=False,
        )

    def use(self, usage: Usage, n_ctx: int) -> ContextUse | None:
        """What a turn's record says of it; None where nobody counted its prompt."""
        if not usage.prompt_tokens:
            return None
        pinned = frozenset(range(self.left_out_turns)) - self.lost - self.summed_up
        return ContextUse(
            n_ctx,
            usage.prompt_tokens,
            self.left_out_turns,
            self.dropped_tokens,
            self.summarised_tokens,
            self.summary.turn_id if self.summary else "",
            tuple(sorted(pinned)),
        )

    def warning(
        self, usage: Usage, n_ctx: int, budget_tokens: int, when_full: WhenFull
    ) -> Notice | None:
        """Said once before the oldest turns must go, while there is a choice."""
        held_tokens = usage.prompt_tokens + usage.completion_tokens
        if self.was_told or not usage.prompt_tokens or held_tokens < _NEARLY * budget_tokens:
            return None
        told = say(
            "the context holds {held:,} of {n_ctx:,} tokens, and keeps {room:,} for a reply: "
            "{what}; /context shows it, and the other ways",
            held=held_tokens,
            n_ctx=n_ctx,
            room=n_ctx - budget_tokens,
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
        hint=say(
            "/context slide or /context summarise, and then /retry; or --ctx {n_ctx}",
            n_ctx=2 * n_ctx,
        ),
        kept=say("the conversation is kept as it was"),
    )


def _is_named(summary: Summary | None, use: ContextUse) -> bool:
    """Whether it is the summary that a prompt was told, or neither is there."""
    if summary is None or not use.summarised_tokens:
        return not use.summarised_tokens
    named = use.summary_turn_id, use.summarised_tokens
    return (summary.turn_id, summary.stands_for_tokens) == named


def _what_comes(when_full: WhenFull) -> str:
    match when_full:
        case WhenFull.SLIDE:
            return say("soon the oldest turns are left out")
        case WhenFull.SUMMARISE:
            return say("soon a summary stands for the oldest turns")
        case WhenFull.STOP:
            return say("soon nothing more is sent until you choose")
