"""The device's side of a talk: which messages its engine is told, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

from edge.chat.answering import Answering
from edge.chat.asked import Asked, was_heard
from edge.chat.fullness import Fullness, stops
from edge.chat.summary import calmly, is_useful, room_tokens, summarise, told_as, told_tokens
from edge.chat.window import (
    Counted,
    Talk,
    Window,
    fit_window,
    left_out,
    most_tokens,
    slide,
    whole,
)
from edge.core.conversation import Summary, Turn, WhenFull
from edge.core.event import Channel, Delta, Notice, NoticeCode, Phase, Progress, Usage
from edge.core.message import Label, Message, Role
from edge.core.say import say
from edge.core.spec import Sampling
from edge.engine.protocol import Answered, Cancel, EngineEvent, Request

Told = Generator[EngineEvent, None, None]


def _forget(_: Summary) -> None:
    """A talk that is not kept."""


@dataclass(eq=False)
class OnDevice:
    """Tells a talk to the engine here, again and again; what was left out once stays out.

    `when_full` is what becomes of the oldest turns once they must go; a summary
    that is made of them is given to `keep`.
    """

    answering: Answering
    when_full: WhenFull = WhenFull.SLIDE
    keep: Callable[[Summary], None] = _forget
    _full: Fullness = field(default_factory=Fullness)
    _counted: Counted | None = None

    def resume(self, turns: Sequence[Turn], summary: Summary | None = None) -> None:
        """Go on behind these turns: what they left out stays out, if the context is the same."""
        heard = [turn for turn in turns if was_heard(turn)]
        self._full = Fullness.behind(heard, self.answering.n_ctx, summary)

    def in_waiting(self) -> OnDevice:
        """One that may answer in this one's place: what it leaves out counts once it is adopted."""
        return replace(self, keep=_forget)

    def adopt(self, other: OnDevice) -> None:
        """Another answered in this one's place, and all it said was read."""
        summary = other._full.summary
        if summary is not None and summary != self._full.summary:
            self.keep(summary)
        self._full, self._counted = other._full, other._counted

    def stream(self, asked: Asked, cancel: Cancel, reply_so_far: str = "") -> Told:
        """Answer, or go on behind `reply_so_far`; first a Notice when turns were left out.

        Raises ContextFull when the newest prompt alone does not fit, or when turns
        would have to go and nobody chose that.
        """
        window = yield from self._window(asked, cancel)
        request = Request(
            timeline_id=asked.conversation_id,
            messages=window.messages,
            sampling=self._sampling(asked),
            thinking=self.answering.thinks and not reply_so_far,
            cancel=cancel,
            reply_so_far=reply_so_far,
            schema=self.answering.wishes.schema or "",
        )
        said = [reply_so_far]
        with closing(self.answering.engine.stream(request)) as events:
            for event in events:
                if isinstance(event, Answered):
                    self._remember_count(window, "".join(said), event.usage)
                    yield from self._ended(event)
                else:
                    said += _words(event)
                    yield event

    def told(self, asked: Asked) -> tuple[Message, ...]:
        """The talk as the engine was told it last, with `asked` behind it."""
        return whole(self._talk(asked)).messages

    def _sampling(self, asked: Asked) -> Sampling:
        chosen = self.answering.sampling
        return replace(chosen, seed=None) if asked.wish.fresh else chosen

    def _remember_count(self, window: Window, reply: str, usage: Usage) -> None:
        if usage.prompt_tokens:  # else it was stopped before anybody counted
            n_tokens = usage.prompt_tokens + usage.completion_tokens
            self._counted = Counted((*window.messages, Message(Role.ASSISTANT, reply)), n_tokens)

    def _ended(self, answered: Answered) -> Told:
        n_ctx, budget_tokens = self.answering.n_ctx, self.answering.budget_tokens
        if warning := self._full.warning(answered.usage, n_ctx, budget_tokens, self.when_full):
            self._full = self._full.warned()
            yield warning
        yield replace(answered, context=self._full.use(answered.usage, n_ctx))

    # What it is told.

    def _talk(self, asked: Asked) -> Talk:
        past = [(turn.prompt, turn.reply) for turn in asked.told]
        pinned = frozenset(n for n, turn in enumerate(asked.told) if turn.pinned)
        summary = told_as(self._full.summary) if self._full.summary else ()
        return Talk(
            asked.system,
            past,
            asked.prompt,
            self.answering.spec.n_ctx_train,
            self._full.left_out_turns,
            summary,
            pinned,
        )

    def _window(self, asked: Asked, cancel: Cancel) -> Generator[EngineEvent, None, Window]:
        talk, budget_tokens = self._talk(asked), self.answering.budget_tokens
        before = whole(talk)
        yield from self._lose(talk, self._full.seeing(before.unseen))
        # Most prompts need no round trip to be known to fit.
        if most_tokens(before.messages, self._counted) <= budget_tokens:
            return before
        window = slide(talk, count=self._count, budget_tokens=budget_tokens)
        if window == before:
            return before
        slid = self._full.slid(window)
        if self.when_full is WhenFull.STOP:
            raise stops(len(slid.lost - self._full.lost), self.answering.n_ctx)
        sums_up = self.when_full is WhenFull.SUMMARISE
        if sums_up and (yield from self._sum_up(asked, talk, cancel)):
            return (yield from self._window(asked, cancel))
        if not cancel.requested:
            yield from self._lose(talk, slid, unsummed=sums_up)
        return window

    def _lose(self, talk: Talk, then: Fullness, *, unsummed: bool = False) -> Told:
        """From now on other turns are told no more than before; says so of what is gone."""
        gone, back = then.lost - self._full.lost, self._full.lost - then.lost
        lost_tokens = self._size(talk, gone) - self._size(talk, back)
        dropped_tokens = max(self._full.dropped_tokens + lost_tokens, 0)
        self._full = replace(then, dropped_tokens=dropped_tokens)
        if gone:
            yield left_out(len(then.lost), unsummed=unsummed)

    def _size(self, talk: Talk, turns: frozenset[int]) -> int:
        """Tokens these turns take in a prompt."""
        if not turns:
            return 0
        alone = (talk.newest,)  # no template tells no message at all
        return self._count((*talk.said(turns), *alone)) - self._count(alone)

    def _count(self, messages: Sequence[Message]) -> int:
        return self.answering.engine.count_tokens(messages, thinking=self.answering.thinks)

    # What stands for the rest.

    def _sum_up(
        self, asked: Asked, talk: Talk, cancel: Cancel
    ) -> Generator[EngineEvent, None, bool]:
        """Have a summary stand for the oldest turns; says whether there came one."""
        window = self._window_beside_summary(talk)
        if window is None:
            return False
        end = window.left_out_turns
        going = replace(talk, turns=talk.turns[:end])
        # The end of the tape is what they were; so little is read before the summary is written.
        told = going.messages(talk.start_turn)[:-1]
        told = (*told, summarise(told))
        text = yield from self._written(asked, told, cancel)
        if not text:
            return False
        going_tokens = self._size(talk, window.unseen - talk.unseen(talk.start_turn))
        stands_for_tokens = self._full.summarised_tokens + going_tokens
        label = Label.join(*(message.label for message in told))
        summary = Summary(asked.told[end - 1].id, text, stands_for_tokens, label)
        self._full = self._full.summed(summary, window)
        self.keep(summary)
        yield _summarised(summary)
        return True

    def _window_beside_summary(self, talk: Talk) -> Window | None:
        """What is told beside a new summary; None where that would have no room, or no turn."""
        plain, n_ctx = replace(talk, summary=()), self.answering.n_ctx
        free_tokens = max(self.answering.budget_tokens // 4, 2 * room_tokens(n_ctx))
        budget_tokens = self.answering.budget_tokens - told_tokens(n_ctx)
        if self._count(plain.messages(len(talk.turns))) > budget_tokens:
            return None
        headroom_tokens = max(free_tokens - told_tokens(n_ctx), 0)
        window = fit_window(
            plain, count=self._count, budget_tokens=budget_tokens, headroom_tokens=headroom_tokens
        )
        return window if window.left_out_turns > talk.start_turn else None

    def _written(
        self, asked: Asked, told: tuple[Message, ...], cancel: Cancel
    ) -> Generator[EngineEvent, None, str]:
        """What the model says for a summary; empty where that can stand for nothing."""
        room = room_tokens(self.answering.n_ctx)
        if self._count(told) > self.answering.n_ctx - room:
            return ""  # it could not stand for what its writer has not read
        sampling = calmly(self.answering.sampling, room)
        request = Request(asked.conversation_id, told, sampling, cancel=cancel)
        said: list[str] = []
        with closing(self.answering.engine.stream(request)) as events:
            for event in events:
                if words := _words(event):
                    said += words
                    yield Progress(Phase.SUMMARY, len(said), room)
                elif isinstance(event, Progress):
                    yield event
        text = "".join(said).strip()
        return "" if cancel.requested or not is_useful(text) else text


def _words(event: EngineEvent) -> list[str]:
    """What an event adds to an answer."""
    if isinstance(event, Delta) and event.channel is Channel.ANSWER:
        return [event.text]
    return []


def _summarised(summary: Summary) -> Notice:
    told = say(
        "a summary stands for the oldest {n} tokens from now on; the conversation keeps everything",
        n=summary.stands_for_tokens,
    )
    return Notice(NoticeCode.SUMMARISED, told)
