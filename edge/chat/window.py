"""Which messages fit the context, and what to say of those that do not."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from edge.core.errors import ContextFull
from edge.core.event import Notice, NoticeCode
from edge.core.message import Message
from edge.core.say import say, say_n

Count = Callable[[Sequence[Message]], int]

# More than the tokens of a role, its control tokens and a family's own system prompt.
_FRAME_TOKENS = 128


@dataclass(frozen=True, slots=True)
class Counted:
    """What an engine counted: a prompt of these messages with the reply it got."""

    messages: tuple[Message, ...]
    n_tokens: int


def most_tokens(messages: Sequence[Message], counted: Counted | None) -> int:
    """Tokens a prompt cannot have more of, known without asking an engine.

    What was counted before counts as that; of the rest no token is empty in a
    byte-level vocabulary, so its bytes bound it.
    """
    known, rest = 0, messages
    if counted is not None and tuple(messages[: len(counted.messages)]) == counted.messages:
        known, rest = counted.n_tokens + _FRAME_TOKENS, messages[len(counted.messages) + 1 :]
    return known + sum(len(message.text.encode()) + _FRAME_TOKENS for message in rest)


@dataclass(frozen=True, slots=True)
class Talk:
    """All there is to say again: the system prompt, past turns (prompt, reply), the newest prompt.

    `start_turn` is the first turn the last window kept: what was left out once
    stays out, so that the engine finds the beginning of its tape again. `summary`
    is told in place of what was left out; the turns that are `pinned`, by their
    numbers, are told whatever is left out.
    """

    system: Message | None
    turns: Sequence[tuple[Message, Message]]
    newest: Message
    start_turn: int = 0
    summary: tuple[Message, ...] = ()
    pinned: frozenset[int] = frozenset()

    def messages(self, start: int) -> tuple[Message, ...]:
        """The messages of a window whose first turn is number `start`."""
        head = () if self.system is None else (self.system,)
        kept = (n for n in range(len(self.turns)) if n >= start or n in self.pinned)
        past = (message for n in kept for message in self.turns[n])
        return (*head, *self.summary, *past, self.newest)

    def unseen_turns(self, start: int) -> int:
        """How many turns such a window leaves out."""
        return start - sum(n < start for n in self.pinned)

    def unseen(self, start: int) -> tuple[Message, ...]:
        """What those turns say."""
        gone = (n for n in range(start) if n not in self.pinned)
        return tuple(message for n in gone for message in self.turns[n])


@dataclass(frozen=True, slots=True)
class Window:
    """The messages of a prompt. `left_out_turns` is the next window's `start_turn`.

    `unseen_turns` are those it really leaves out, `dropped_tokens` what those of
    them take that the window before still told.
    """

    messages: tuple[Message, ...]
    left_out_turns: int
    unseen_turns: int = 0
    dropped_tokens: int = 0


def whole(talk: Talk) -> Window:
    """The window as it was before: nothing more is left out."""
    start = min(max(talk.start_turn, 0), len(talk.turns))
    return Window(talk.messages(start), start, talk.unseen_turns(start))


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
    need = tokens(start)
    if need <= budget_tokens:
        return before
    if tokens(bare) > budget_tokens:
        raise _too_long(tokens(bare), budget_tokens, has_pins=bool(talk.pinned))
    if headroom_tokens is None:
        headroom_tokens = budget_tokens // 4
    limit = max(budget_tokens - headroom_tokens, 0)
    limit = limit if tokens(bare) <= limit else budget_tokens
    # Known by now: `start` is too long and `bare` fits, so neither is counted again.
    between = range(start + 1, bare)
    start += 1 + bisect_left(between, True, key=lambda turn: tokens(turn) <= limit)
    return Window(talk.messages(start), start, talk.unseen_turns(start), need - tokens(start))


def notice(window: Window) -> Notice | None:
    """One line on what the prompt leaves out and where it is kept; None if it is whole."""
    if window.unseen_turns == 0:
        return None
    told = say_n(
        "the oldest {n} turn no longer fits the context and the model does not see it; "
        "the conversation keeps everything",
        "the oldest {n} turns no longer fit the context and the model does not see them; "
        "the conversation keeps everything",
        window.unseen_turns,
    )
    return Notice(NoticeCode.LEFT_OUT, told)


def _too_long(need_tokens: int, budget_tokens: int, *, has_pins: bool) -> ContextFull:
    # A prompt should leave about a quarter of the context to its reply.
    n_ctx = -(-need_tokens * 4 // 3 // 1024) * 1024
    if has_pins:
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
    return ContextFull(told, hint=hint, kept=say("the conversation is kept as it was"))
