"""Which messages fit the context, and what to say of those that do not."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge.core.errors import ContextFull
from edge.core.event import Notice, NoticeCode
from edge.core.message import Message

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
    stays out, so that the engine finds the beginning of its tape again.
    """

    system: Message | None
    turns: Sequence[tuple[Message, Message]]
    newest: Message
    start_turn: int = 0

    def messages(self, start: int) -> tuple[Message, ...]:
        """The messages of a window whose first turn is number `start`."""
        head = () if self.system is None else (self.system,)
        past = (message for turn in self.turns[start:] for message in turn)
        return (*head, *past, self.newest)


@dataclass(frozen=True, slots=True)
class Window:
    """The messages of a prompt. `left_out_turns` is the next window's `start_turn`."""

    messages: tuple[Message, ...]
    left_out_turns: int


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
    prompt and the newest prompt alone exceed the budget.
    """
    start, bare = min(max(talk.start_turn, 0), len(talk.turns)), len(talk.turns)
    need = count(talk.messages(start))
    if need <= budget_tokens:
        return Window(talk.messages(start), start)
    bare_tokens = need if start == bare else count(talk.messages(bare))
    if bare_tokens > budget_tokens:
        raise _too_long(bare_tokens, budget_tokens)
    if headroom_tokens is None:
        headroom_tokens = budget_tokens // 4
    limit = max(budget_tokens - headroom_tokens, 0)
    limit = limit if bare_tokens <= limit else budget_tokens
    # Known by now: `start` is too long and `bare` fits, so neither is counted again.
    between = range(start + 1, bare)
    at = bisect_left(between, True, key=lambda turn: count(talk.messages(turn)) <= limit)
    start = start + 1 + at
    return Window(talk.messages(start), start)


def notice(window: Window) -> Notice | None:
    """One line on what the prompt leaves out and where it is kept; None if it is whole."""
    n = window.left_out_turns
    if n == 0:
        return None
    turns = "1 turn no longer fits" if n == 1 else f"{n} turns no longer fit"
    return Notice(
        NoticeCode.LEFT_OUT,
        f"the oldest {turns} the context and the model does not see "
        f"{'it' if n == 1 else 'them'}; the conversation keeps everything",
    )


def _too_long(need_tokens: int, budget_tokens: int) -> ContextFull:
    # A prompt should leave about a quarter of the context to its reply.
    n_ctx = -(-need_tokens * 4 // 3 // 1024) * 1024
    return ContextFull(
        f"the newest message with the system prompt takes {need_tokens} tokens; "
        f"the context leaves {budget_tokens} for a prompt",
        hint=f"send a shorter message, or set --ctx {n_ctx}",
        kept="the conversation is kept as it was",
    )
