"""One live conversation: a prompt goes in, events come out, and what was said is kept."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace

from edge.chat.share import Share
from edge.chat.window import Counted, Talk, Window, fit_window, most_tokens, notice
from edge.core.conversation import Conversation, Outcome, Turn
from edge.core.decision import Decision, Signals
from edge.core.errors import Busy, EdgeError, UsageError
from edge.core.event import Done, Event, Notice, Routed, StopReason, Usage
from edge.core.message import Message, Role
from edge.core.spec import ModelSpec, Sampling
from edge.engine.protocol import Answered, Cancel, Engine, Request
from edge.routing.policy import decide
from edge.store.conversations import Conversations

# Room the prompt leaves for its reply when no limit was given; a quarter of a small context.
_REPLY_ROOM_TOKENS = 1024

_OUTCOMES = {
    StopReason.END: Outcome.FINISHED,
    StopReason.STOP_STRING: Outcome.FINISHED,
    StopReason.MAX_TOKENS: Outcome.INCOMPLETE,
    StopReason.CONTEXT_FULL: Outcome.INCOMPLETE,
    StopReason.FILTERED: Outcome.INCOMPLETE,
    StopReason.CANCELLED: Outcome.STOPPED,
    StopReason.FAILED: Outcome.FAILED,
}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user asks of replies; None leaves it to the model."""

    thinking: bool | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    seed: int | None = None

    def applied_to(self, sampling: Sampling) -> Sampling:
        """The model's own sampling where no wish stands against it."""
        return replace(
            sampling,
            temperature=sampling.temperature if self.temperature is None else self.temperature,
            max_tokens=self.max_tokens,
            seed=self.seed,
        )


@dataclass(frozen=True, slots=True)
class Answering:
    """Who answers and how: the engine, its model and context, and the user's wishes.

    `model_name` is what a user types for the model, its quant included; empty
    for the spec's own name.
    """

    engine: Engine
    spec: ModelSpec
    n_ctx: int
    wishes: Wishes = Wishes()
    model_name: str = ""

    @property
    def named(self) -> str:
        """The model's name, as kept with what it says."""
        return self.model_name or self.spec.name

    @property
    def thinks(self) -> bool:
        """Whether the next reply thinks first."""
        return self.spec.thinking.resolve(self.wishes.thinking)

    @property
    def sampling(self) -> Sampling:
        """How the next reply is drawn."""
        return self.wishes.applied_to(self.spec.sampling_for(thinking=self.thinks))

    @property
    def budget_tokens(self) -> int:
        """Tokens a prompt may take so that a reply has room."""
        wanted = self.wishes.max_tokens
        room = _REPLY_ROOM_TOKENS if wanted is None else wanted
        return self.n_ctx - min(room, self.n_ctx // 4)


def _nothing() -> Generator[Event, None, None]:
    yield from ()


@dataclass(eq=False)
class Session:
    """Sends prompts and yields what comes back; one prompt at a time.

    `send` blocks while the engine works; `stop` may be called from any thread.
    A conversation that is None is begun with the first prompt; `opening` is
    what to tell the user before the first reply.
    """

    answering: Answering
    conversations: Conversations
    conversation: Conversation | None = None
    system: str = ""
    opening: tuple[Notice, ...] = ()
    _turns: list[Turn] = field(init=False)
    _left_out: int = field(default=0, init=False)
    _counted: Counted | None = field(default=None, init=False)
    _closed: bool = field(default=False, init=False)
    _cancel: Cancel = field(default_factory=Cancel, init=False)
    _busy: threading.Lock = field(default_factory=threading.Lock, init=False)
    _events: Generator[Event, None, None] = field(default_factory=_nothing, init=False)

    def __post_init__(self) -> None:
        self._turns = list(self.conversation.turns) if self.conversation else []
        if self.conversation is not None:
            self.system = self.conversation.system

    @property
    def conversation_id(self) -> str | None:
        """The conversation's id, None before the first prompt."""
        return self.conversation.id if self.conversation else None

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The turns so far, oldest first."""
        return tuple(self._turns)

    def set_thinking(self, wanted: bool | None) -> None:
        """Whether replies from now on think first; None leaves it to the model."""
        wishes = replace(self.answering.wishes, thinking=wanted)
        self.answering = replace(self.answering, wishes=wishes)

    def set_system(self, text: str) -> None:
        """The system prompt from now on; kept with the conversation."""
        self.system = text
        if self.conversation is not None:
            self.conversations.set_system(self.conversation.id, text)

    def stop(self) -> None:
        """End the reply that is being written; what was shown is kept."""
        self._cancel.set()

    def send(self, text: str) -> Generator[Event, None, None]:
        """Say something and yield what happens, ending with Done.

        The prompt is on disk before the first event, the reply before Done;
        `stop` counts from now on. Raises an EdgeError when the turn fails; what
        was shown is kept.
        """
        if self._closed:
            raise UsageError("the session is closed", hint="open a runtime, and a session, anew")
        prompt = Message(Role.USER, _speakable(text))
        if self._busy.locked():
            raise _one_at_a_time()
        self._cancel = Cancel()
        self._events = self._send(prompt, self._cancel)
        return self._events

    def close(self) -> None:
        """End a reply that is being written, and keep what was shown; nothing can be sent after."""
        self._closed = True
        self.stop()
        # Where another thread reads it, that thread will meet the end.
        with suppress(ValueError):
            self._events.close()

    def _send(self, prompt: Message, cancel: Cancel) -> Generator[Event, None, None]:
        if not self._busy.acquire(blocking=False):
            raise _one_at_a_time()
        try:
            self._cancel = cancel
            turn = self._begin(prompt)
            yield from self._answer(turn)
        finally:
            self._busy.release()

    def _begin(self, prompt: Message) -> Turn:
        if self.conversation is None:
            self.conversation = self.conversations.start(self.answering.named, self.system)
        parent_id = self._turns[-1].id if self._turns else None
        return self.conversations.begin_turn(self.conversation.id, parent_id, prompt)

    def _answer(self, turn: Turn) -> Iterator[Event]:
        share = Share(self.answering.named, self._decide(turn.prompt))
        try:
            yield Routed(share.decision)
            yield from self.opening
            self.opening = ()
            yield from self._stream(turn, share)
        except EdgeError:
            self._end(turn, share.cut(StopReason.FAILED))
            raise
        except BaseException as left:  # the reader left, or a bug: what was shown is kept
            gone = isinstance(left, (GeneratorExit, KeyboardInterrupt, SystemExit))
            self._end(turn, share.cut(StopReason.CANCELLED if gone else StopReason.FAILED))
            raise

    def _stream(self, turn: Turn, share: Share) -> Iterator[Event]:
        window = self._window(turn.prompt)
        if window.left_out_turns > self._left_out and (left_out := notice(window)):
            yield left_out
        self._left_out = window.left_out_turns
        with closing(self.answering.engine.stream(self._request(window))) as events:
            for event in events:
                if isinstance(event, Answered):
                    self._remember_count(window, event.usage)
                    self._end(turn, share.finish(event))
                    yield Done(event.stop_reason, share.attempts)
                else:
                    share.add(event)
                    yield event

    def _remember_count(self, window: Window, usage: Usage) -> None:
        if usage.prompt_tokens:  # else it was stopped before anybody counted
            n_tokens = usage.prompt_tokens + usage.completion_tokens
            self._counted = Counted(window.messages, n_tokens)

    def _end(self, turn: Turn, share: Share) -> None:
        """Record a turn once; a store that cannot take it does not take it from the talk."""
        assert share.stop_reason is not None
        if share.recorded:
            return
        outcome = _OUTCOMES[share.stop_reason]
        if not self._turns or self._turns[-1].id != turn.id:
            self._turns.append(replace(turn, attempts=share.attempts, outcome=outcome))
        self.conversations.end_turn(turn.id, share.attempts, outcome)
        share.recorded = True

    def _decide(self, prompt: Message) -> Decision:
        return decide(Signals(len(self._turns), prompt.label, cloud_allowed=False))

    def _window(self, newest: Message) -> Window:
        system = Message(Role.SYSTEM, self.system) if self.system else None
        past = [(turn.prompt, turn.reply) for turn in self._turns if _was_heard(turn)]
        talk = Talk(system, past, newest, self._left_out)
        whole = talk.messages(self._left_out)
        # Most prompts need no round trip to be known to fit.
        if most_tokens(whole, self._counted) <= self.answering.budget_tokens:
            return Window(whole, self._left_out)
        return fit_window(talk, count=self._count, budget_tokens=self.answering.budget_tokens)

    def _count(self, messages: Sequence[Message]) -> int:
        return self.answering.engine.count_tokens(messages, thinking=self.answering.thinks)

    def _request(self, window: Window) -> Request:
        assert self.conversation is not None
        return Request(
            timeline_id=self.conversation.id,
            messages=window.messages,
            sampling=self.answering.sampling,
            thinking=self.answering.thinks,
            cancel=self._cancel,
        )


def _one_at_a_time() -> Busy:
    return Busy("a reply is being written", hint="wait for it, or stop it")


def _was_heard(turn: Turn) -> bool:
    """Whether later prompts tell this turn: not one that failed before a word of it was said."""
    return turn.outcome is not Outcome.FAILED or bool(turn.reply.text)


def _speakable(text: str) -> str:
    if not text.strip():
        raise UsageError("the prompt is empty", hint='edge ask "a question"')
    try:
        text.encode()
    except UnicodeEncodeError as cause:
        raise UsageError(
            f"the prompt is not text at character {cause.start}", hint="send it as UTF-8"
        ) from cause
    return text
