"""Which messages fit the context, and what to say of those that do not."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from edge.core.errors import ContextFull
from edge.core.event import Notice, NoticeCode
from edge.core.message import Message, Role
from edge.core.say import say, say_n

Count = Callable[[Sequence[Message]], int]

# More than the tokens of a role, its control tokens and a family's own system prompt.
_FRAME_TOKENS = 128


@dataclass(frozen=True, slots=True)
class Counted:
    """What an engine counted: a prompt, and behind it the reply it got, as the last message."""

    messages: tuple[Message, ...]
    n_tokens: int


def most_tokens(messages: Sequence[Message], counted: Counted | None) -> int:
    """Tokens a prompt cannot have more of, known without asking an engine.

    What was counted before counts as that; of the rest no token is empty in a
    byte-level vocabulary, so its bytes bound it.
    """
    known, rest = 0, messages
    if counted is not None and _said(messages[: len(counted.messages)]) == _said(counted.messages):
        known, rest = counted.n_tokens + _FRAME_TOKENS, messages[len(counted.messages) :]
    return known + sum(len(message.text.encode()) + _FRAME_TOKENS for message in rest)


def _said(messages: Sequence[Message]) -> list[tuple[Role, str]]:
    """What an engine sees of messages: their labels it does not."""
    return [(message.role, message.text) for message in messages]


@dataclass(frozen=True, slots=True)
class Talk:
    """All there is to say again: the system prompt, past turns (prompt, reply), the newest prompt.

    `start_turn` is the first turn the last window kept: what was left out once
    stays out, so that the engine finds the beginning of its tape again. `summary`
    is told in place of what was left out; the turns that are `pinned`, by their
    numbers, are told whatever is left out. A context of `longest_n_ctx` is the most the
    model reads.
    """

    system: Message | None
    turns: Sequence[tuple[Message, Message]]
    newest: Message
    longest_n_ctx: int
    start_turn: int = 0
    summary: tuple[Message, ...] = ()
    pinned: frozenset[int] = frozenset()

    def messages(self, start: int) -> tuple[Message, ...]:
        """The messages of a window whose first turn is number `start`."""
        head = () if self.system is None else (self.system,)
        past = self.said(frozenset(range(len(self.turns))) - self.unseen(start))
        return (*head, *self.summary, *past, self.newest)

    def unseen(self, start: int) -> frozenset[int]:
        """The turns such a window leaves out."""
        return frozenset(range(start)) - self.pinned

    def said(self, turns: frozenset[int]) -> tuple[Message, ...]:
        """What these turns say."""
        return tuple(message for n in sorted(turns) for message in self.turns[n])


@dataclass(frozen=True, slots=True)
class Window:
    """The messages of a prompt. `left_out_turns` is the next window's `start_turn`.

    `unseen` are those turns it really leaves out, by their numbers, and with
    `without_summary` it tells nothing in their place.
    """

    messages: tuple[Message, ...]
    left_out_turns: int
    unseen: frozenset[int] = frozenset()
    without_summary: bool = False


def whole(talk: Talk) -> Window:
    """The window as it was before: nothing more is left out."""
    return _from(talk, min(max(talk.start_turn, 0), len(talk.turns)))


def fit_window(
    talk: Talk, *, count: Count, budget_tokens: int, headroom_tokens: int | None = None
) -> Window:
    """The longest recent part of a talk that fits; whole oldest turns go, nothing else.

    Every turn left out changes the prompt near its beginning and makes the
    engine read all of it again. So when turns must go, as many go as leave
    `headroom_tokens` of the budget free (a quarter unless told), or, where the
    newest prompt alone leaves less, just those that do not fit.

    `count` gives the tokens of a prompt and may be a round trip: it is called
    once while everything fits, and about log2(turns) times when turns must go.
    More messages must never count less. Raises ContextFull when the system
    prompt, the pinned turns and the newest prompt alone exceed the budget.
    """

    @cache
    def tokens(start: int) -> int:
        return count(talk.messages(start))

    before, bare = whole(talk), len(talk.turns)
    start = before.left_out_turns
    if tokens(start) <= budget_tokens:
        return before
    if tokens(bare) > budget_tokens:
        raise _too_long(talk, tokens(bare), budget_tokens)
    if headroom_tokens is None:
        headroom_tokens = budget_tokens // 4
    limit = max(budget_tokens - headroom_tokens, 0)
    limit = limit if tokens(bare) <= limit else budget_tokens
    # Known by now: `start` is too long and `bare` fits, so neither is counted again.
    between = range(start + 1, bare)
    start += 1 + bisect_left(between, True, key=lambda turn: tokens(turn) <= limit)
    return _from(talk, start)


def slide(talk: Talk, *, count: Count, budget_tokens: int) -> Window:
    """The window of a talk; where not even its newest prompt fits beside the summary, without."""
    try:
        return fit_window(talk, count=count, budget_tokens=budget_tokens)
    except ContextFull:
        if not talk.summary:
            raise
    plain = fit_window(replace(talk, summary=()), count=count, budget_tokens=budget_tokens)
    return replace(plain, without_summary=True)


def _from(talk: Talk, start: int) -> Window:
    return Window(talk.messages(start), start, talk.unseen(start))


def left_out(n_turns: int, *, unsummed: bool = False) -> Notice:
    """One line on turns that are told no more, not even in short, and where they are kept.

    `unsummed`: a summary was to stand for them, and none came.
    """
    told = say_n(
        "the oldest turn no longer fits the context and the model does not see it; "
        "the conversation keeps everything",
        "the oldest {n} turns no longer fit the context and the model does not see them; "
        "the conversation keeps everything",
        n_turns,
    )
    if unsummed:
        told = say("no summary could be made; {left_out}", left_out=told)
    return Notice(NoticeCode.LEFT_OUT, told)


def _too_long(talk: Talk, need_tokens: int, budget_tokens: int) -> ContextFull:
    # A prompt should leave about a quarter of the context to its reply.
    n_ctx = -(-need_tokens * 4 // 3 // 1024) * 1024
    if talk.pinned:
        told = say(
            "the newest message with the system prompt and what is pinned takes {need} tokens; "
            "the context leaves {budget} for a prompt",
            need=need_tokens,
            budget=budget_tokens,
        )
        hint = say("/unpin, a shorter message, or --ctx {n_ctx}", n_ctx=n_ctx)
    else:
        told = say(
            "the newest message with the system prompt takes {need} tokens; "
            "the context leaves {budget} for a prompt",
            need=need_tokens,
            budget=budget_tokens,
        )
        hint = say("send a shorter message, or set --ctx {n_ctx}", n_ctx=n_ctx)
    if n_ctx > talk.longest_n_ctx:
        hint = say("a shorter message: the model holds no more")
    return ContextFull(told, hint=hint, kept=say("the conversation is kept as it was"))
