"""The device's side of a talk: which messages its engine is told, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

from edge.chat.answering import Answering
from edge.chat.asked import Asked, was_heard
from edge.chat.fullness import Fullness, stops
from edge.chat.summary import calmly, is_useful, room_tokens, summarise, told_as
from edge.chat.window import Counted, Talk, Window, fit_window, most_tokens, notice, whole
from edge.core.conversation import Summary, Turn, WhenFull
from edge.core.event import Channel, Delta, Notice, NoticeCode, Phase, Progress, Usage
from edge.core.message import Label, Message
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
        with closing(self.answering.engine.stream(request)) as events:
            for event in events:
                yield from self._ended(window, event) if isinstance(event, Answered) else [event]

    def told(self, asked: Asked) -> tuple[Message, ...]:
        """The talk as the engine was told it last, with `asked` behind it."""
        return whole(self._talk(asked)).messages

    def _sampling(self, asked: Asked) -> Sampling:
        chosen = self.answering.sampling
        return replace(chosen, seed=None) if asked.wish.fresh else chosen

    def _ended(self, window: Window, answered: Answered) -> Told:
        self._remember_count(window, answered.usage)
        budget_tokens = self.answering.budget_tokens
        if warning := self._full.warning(answered.usage, budget_tokens, self.when_full):
            self._full = self._full.warned()
            yield warning
        yield replace(answered, context=self._full.use(answered.usage, self.answering.n_ctx))

    def _remember_count(self, window: Window, usage: Usage) -> None:
        if usage.prompt_tokens:  # else it was stopped before anybody counted
            n_tokens = usage.prompt_tokens + usage.completion_tokens
            self._counted = Counted(window.messages, n_tokens)

    def _talk(self, asked: Asked) -> Talk:
        past = [(turn.prompt, turn.reply) for turn in asked.told]
        pinned = frozenset(n for n, turn in enumerate(asked.told) if turn.pinned)
        summary = told_as(self._full.summary) if self._full.summary else ()
        return Talk(asked.system, past, asked.prompt, self._full.left_out_turns, summary, pinned)

    def _window(self, asked: Asked, cancel: Cancel) -> Generator[EngineEvent, None, Window]:
        talk = self._talk(asked)
        before, budget_tokens = whole(talk), self.answering.budget_tokens
        if before.unseen_turns != self._full.unseen_turns:  # a pin was put or taken away
            if before.unseen_turns > self._full.unseen_turns and (gone := notice(before)):
                yield gone
            unseen = talk.unseen(before.left_out_turns)
            n_tokens = self._count(unseen) if unseen else 0
            self._full = self._full.repinned(before.unseen_turns, n_tokens)
        # Most prompts need no round trip to be known to fit.
        if most_tokens(before.messages, self._counted) <= budget_tokens:
            return before
        window = fit_window(talk, count=self._count, budget_tokens=budget_tokens)
        if window.left_out_turns == before.left_out_turns:
            return before
        if self.when_full is WhenFull.STOP:
            raise stops(window.unseen_turns - before.unseen_turns, self.answering.n_ctx)
        if self.when_full is WhenFull.SUMMARISE:
            # What stands for them needs room as well.
            free = max(budget_tokens // 4, 2 * room_tokens(self.answering.n_ctx))
            window = fit_window(
                talk, count=self._count, budget_tokens=budget_tokens, headroom_tokens=free
            )
            summary = yield from self._sum_up(asked, talk, window, cancel)
            if summary is not None:
                self._full = self._full.summed_up(summary, window)
                self.keep(summary)
                yield _summarised(summary)
                return (yield from self._window(asked, cancel))
        if not cancel.requested:
            self._full = self._full.slid(window)
            if left_out := notice(window):
                yield left_out
        return window

    def _sum_up(
        self, asked: Asked, talk: Talk, window: Window, cancel: Cancel
    ) -> Generator[EngineEvent, None, Summary | None]:
        """A summary of all that the window leaves out; None where there came none."""
        end, dropped_tokens = window.left_out_turns, window.dropped_tokens
        going = replace(talk, turns=talk.turns[:end])
        going = replace(going, newest=summarise(going.messages(going.start_turn)[:-1]))
        # The end of the tape is what they were; so little is read before the summary is written.
        n_ctx = self.answering.n_ctx
        room = room_tokens(n_ctx)
        window = fit_window(going, count=self._count, budget_tokens=n_ctx - room, headroom_tokens=0)
        if window.left_out_turns > going.start_turn:
            return None  # it could not stand for what its writer has not read
        told = window.messages
        sampling = calmly(self.answering.sampling, room)
        request = Request(asked.conversation_id, told, sampling, cancel=cancel)
        said: list[str] = []
        with closing(self.answering.engine.stream(request)) as events:
            for event in events:
                if isinstance(event, Delta) and event.channel is Channel.ANSWER:
                    said.append(event.text)
                    yield Progress(Phase.SUMMARY, len(said), room)
                elif isinstance(event, Progress):
                    yield event
        text, label = "".join(said).strip(), Label.join(*(message.label for message in told))
        if cancel.requested or not is_useful(text):
            return None
        stands_for = self._full.summarised_tokens + dropped_tokens
        return Summary(asked.told[end - 1].id, text, stands_for, label)

    def _count(self, messages: Sequence[Message]) -> int:
        return self.answering.engine.count_tokens(messages, thinking=self.answering.thinks)


def _summarised(summary: Summary) -> Notice:
    told = say(
        "a summary stands for the oldest {n} tokens from now on; the conversation keeps everything",
        n=summary.stands_for_tokens,
    )
    return Notice(NoticeCode.SUMMARISED, told)
