"""ScriptedEngine: replies, pauses and faults from a list; for tests, demos and docs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from edge.core.errors import ContextFull, EdgeError
from edge.core.event import Channel, Delta, Phase, Progress, StopReason, Usage
from edge.core.message import Message
from edge.core.say import say
from edge.engine.protocol import Answered, EngineEvent, Request, unheard
from edge.engine.text import TextStream

CHARS_PER_TOKEN = 4
_FRAME_TOKENS = 4  # around every message, and before the reply


@dataclass(frozen=True, slots=True)
class Fault:
    """An error raised after this many tokens of the reply, or at its end if it has fewer."""

    error: EdgeError
    after_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """What the engine says once. Reasoning is told only when the request thinks."""

    text: str
    reasoning: str = ""
    pause_s: float = 0.0  # before every delta; cancelling ends it
    fault: Fault | None = None


class ScriptedEngine:
    """An Engine that says what its script says, one reply a request, in order.

    A token is four characters, rounded up, and every delta is one token; a
    message takes four tokens more, and so does the opening of the reply.
    Limits, stop strings and cancelling work as in a real engine; nothing is
    cached, no time is measured, no confidence known. Asked to go on with a reply,
    it says the rest of its own if that begins with the words shown, else all of
    it, and no reasoning.

    >>> engine = ScriptedEngine(["Hello!"])
    >>> engine.count_tokens([], thinking=False)
    4
    """

    def __init__(self, replies: Iterable[str | Reply], *, n_ctx: int = 4096) -> None:
        self._script = deque(Reply(each) if isinstance(each, str) else each for each in replies)
        self._n_ctx = n_ctx
        self.requests: list[Request] = []
        self.closed = False

    @property
    def ready(self) -> bool:
        """Always: there is nothing to load."""
        return True

    @property
    def settled(self) -> bool:
        """Always: it does nothing that it was not asked for."""
        return True

    @property
    def worker_pid(self) -> int | None:
        """There is none."""
        return None

    @property
    def queue(self) -> int:
        """Nobody waits."""
        return 0

    def prepare(self, told: Callable[[Progress], None] = unheard) -> None:
        """There is nothing to load."""

    def count_tokens(self, messages: Sequence[Message], *, thinking: bool) -> int:
        """Four tokens and one per four characters for each message, four for the reply."""
        return _FRAME_TOKENS + sum(_FRAME_TOKENS + _n_tokens(each.text) for each in messages)

    def stream(self, request: Request) -> Iterator[EngineEvent]:
        """Say the next reply; raises ContextFull, the script's fault, or EdgeError at its end."""
        self.requests.append(request)
        return self._play(request)

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True

    def _play(self, request: Request) -> Iterator[EngineEvent]:
        n_prompt = self.count_tokens(request.messages, thinking=request.thinking)
        n_prompt += _n_tokens(request.reply_so_far)
        room = self._n_ctx - n_prompt
        if room <= 0:
            raise ContextFull(
                say(
                    "the prompt is {n_prompt} tokens and the context holds {n_ctx}",
                    n_prompt=n_prompt,
                    n_ctx=self._n_ctx,
                ),
                hint=say("a shorter prompt, or a larger n_ctx"),
            )
        reply = self._next_reply()
        yield Progress(Phase.PREFILL, n_prompt, n_prompt)
        speech = _Speech(reply, request, room)
        yield from speech.deltas()
        usage = Usage(n_prompt, 0, speech.n_tokens, 0.0, 0.0, 0.0)
        yield Answered(speech.stop_reason, usage, None)

    def _next_reply(self) -> Reply:
        if not self._script:
            raise EdgeError(
                say("the script has no reply for request {n}", n=len(self.requests)),
                hint=say("give the ScriptedEngine as many replies as it is asked for"),
            )
        return self._script.popleft()


class _Speech:
    """One reply while it is said: how many tokens it has, and why it stopped."""

    def __init__(self, reply: Reply, request: Request, room: int) -> None:
        self._reply = reply
        self._request = request
        self._room = room
        self.n_tokens = 0
        self.stop_reason = StopReason.END

    def deltas(self) -> Iterator[Delta]:
        """The reply in pieces; sets `stop_reason` before it ends."""
        shown = self._request.reply_so_far
        if self._request.thinking and not shown:
            yield from self._say(self._reply.reasoning, Channel.REASONING)
        yield from self._say(self._reply.text.removeprefix(shown), Channel.ANSWER)
        if self.stop_reason is StopReason.END and self._reply.fault is not None:
            raise self._reply.fault.error

    def _say(self, text: str, channel: Channel) -> Iterator[Delta]:
        marks = self._request.sampling.stop if channel is Channel.ANSWER else ()
        stops = TextStream(marks, after=self._request.reply_so_far)
        for at in range(0, len(text), CHARS_PER_TOKEN):
            if not self._may_go_on():
                break
            self.n_tokens += 1
            if shown := stops.feed(text[at : at + CHARS_PER_TOKEN].encode()):
                yield Delta(shown, channel)
            if stops.stopped:
                self.stop_reason = StopReason.STOP_STRING
        if rest := stops.close():
            yield Delta(rest, channel)

    def _may_go_on(self) -> bool:
        fault, limit = self._reply.fault, self._request.sampling.max_tokens
        if self.stop_reason is not StopReason.END:
            return False
        if fault is not None and self.n_tokens >= fault.after_tokens:
            raise fault.error
        if self._request.cancel.wait(self._reply.pause_s):
            self.stop_reason = StopReason.CANCELLED
        elif limit is not None and self.n_tokens >= limit:
            self.stop_reason = StopReason.MAX_TOKENS
        elif self.n_tokens >= self._room:
            self.stop_reason = StopReason.CONTEXT_FULL
        return self.stop_reason is StopReason.END


def _n_tokens(text: str) -> int:
    return -(-len(text) // CHARS_PER_TOKEN)
