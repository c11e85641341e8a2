"""The parent's side of one reply: mirrors the tape, turns frames into events."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from edge.core.errors import UsageError
from edge.core.event import (
    Channel,
    Confidence,
    Delta,
    Notice,
    NoticeCode,
    Phase,
    Progress,
    StopReason,
    Usage,
)
from edge.core.message import Message, Role
from edge.core.say import say
from edge.engine.edge.frames import Answer, Cancel, Ended, Frame, Planned, Reading, Released, Wrote
from edge.engine.edge.link import Link, LinkLost
from edge.engine.edge.prompt import least_tokens, too_long
from edge.engine.edge.template import Segment, opens_reasoning, render, retell
from edge.engine.protocol import Answered, EngineEvent, Request
from edge.engine.thinking import ThinkingSplitter

_LAST_RESORT_S = 2.0


@dataclass
class ReplyReader:
    """One reply as the parent knows it, across the death of a worker."""

    template: str
    reasons: bool
    request: Request
    number: int
    seed: int
    over: bool = False
    _tokens: tuple[int, ...] = ()
    _owed: tuple[int, ...] = ()
    _cached: int = 0
    _reply: list[int] = field(default_factory=list)
    _answer: list[str] = field(default_factory=list)
    _logprobs: list[float] = field(default_factory=list)
    _first_margin: float = 0.0
    _prefill_s: float = 0.0
    _decode_s: float = 0.0
    _first_text_at: float | None = None
    _started_at: float = field(default_factory=time.perf_counter)
    _timer: threading.Timer | None = None

    def __post_init__(self) -> None:
        thinking = self.request.thinking
        if self.request.schema and (thinking or self.request.reply_so_far):
            raise UsageError(
                say("a reply that is held to a schema has no thoughts and no beginning")
            )
        shown = self.request.reply_so_far
        self._segments = render(
            self.request.messages, self.template, thinking=thinking, shown=shown
        )
        inside = opens_reasoning(self.template, thinking)
        # What goes on behind a shown answer is answer.
        reasons = self.reasons and not shown
        self._splitter = ThinkingSplitter(inside=inside) if reasons else None

    @property
    def answer(self) -> str:
        """The whole answer as it is now, without its reasoning; what another wrote of it, too."""
        return self.request.reply_so_far + "".join(self._answer)

    def told(self) -> tuple[Segment, ...]:
        """The talk and this reply as later prompts will tell them; nothing without an answer."""
        if not self.answer:
            return ()
        said = (*self.request.messages, Message(Role.ASSISTANT, self.answer))
        return retell(said, self.template)

    @property
    def cancel_requested(self) -> bool:
        """Whether the user asked to stop."""
        return self.request.cancel.requested

    def check_length(self, n_ctx: int) -> None:
        """Raise ContextFull for a prompt that cannot fit, before anybody reads it."""
        if (n_tokens := least_tokens(self._segments)) > n_ctx:
            raise too_long(n_tokens, n_ctx, at_least=True)

    def job(self) -> Answer:
        """What a worker needs to begin this reply, or to go on with it."""
        seed = self.request.sampling.seed
        return Answer(
            self.number,
            self.request.timeline_id,
            () if self._tokens else self._segments,
            self.request.sampling,
            self.seed if seed is None else seed,
            self._tokens,
            tuple(self._reply),
            shown=self.request.reply_so_far,
            owed=self._owed,
            schema=self.request.schema,
        )

    def take(self, frame: Frame) -> Iterator[EngineEvent]:
        """The events a frame amounts to."""
        match frame:
            case Planned(_, tokens, cached, owed):
                # A restart reads again what was cached before; the turn still cost it once.
                self._cached = 0 if self._tokens else cached
                self._tokens, self._owed = tokens, owed
            case Reading(_, done, total):
                yield Progress(Phase.PREFILL, done, total)
            case Wrote():
                yield from self._wrote(frame)
            case Released(_, text):
                yield from self._deltas(text)
            case Ended():
                self._prefill_s += frame.prefill_s
                self._decode_s += frame.decode_s
                yield from self._deltas(frame.text)
                yield from self._end(frame.stop_reason)

    def _wrote(self, frame: Wrote) -> Iterator[EngineEvent]:
        self._reply.append(frame.token)
        if frame.logprob is not None:
            self._logprobs.append(frame.logprob)
        if frame.margin is not None:
            self._first_margin = frame.margin
        yield from self._deltas(frame.text)

    def _deltas(self, text: str) -> Iterator[Delta]:
        if not text:
            return
        if self._first_text_at is None:
            self._first_text_at = time.perf_counter()
        pieces = self._splitter.feed(text) if self._splitter else [(Channel.ANSWER, text)]
        yield from self._told(pieces)

    def _told(self, pieces: list[tuple[Channel, str]]) -> Iterator[Delta]:
        self._answer += [text for channel, text in pieces if channel is Channel.ANSWER]
        yield from (Delta(text, channel) for channel, text in pieces)

    def _end(self, stop_reason: StopReason) -> Iterator[EngineEvent]:
        self.over = True
        if self._splitter:
            yield from self._told(self._splitter.close())
        yield Answered(stop_reason, self._usage(), self._confidence())

    def give_up(self) -> Iterator[EngineEvent]:
        """The end of a reply whose worker was killed to honour a cancel."""
        yield from self._end(StopReason.CANCELLED)

    def restart_notice(self, how: str) -> Notice:
        """Tell the user that the engine died and goes on."""
        return Notice(
            NoticeCode.RESTARTED,
            say("the engine's process ended ({how}); it starts again and goes on", how=how),
        )

    def stop(self, link: Link) -> None:
        """Ask the worker to stop, and end it when it does not within two seconds."""
        try:
            link.send(Cancel(self.number))
        except LinkLost:
            return
        self._timer = threading.Timer(_LAST_RESORT_S, self._kill, [link])
        self._timer.daemon = True
        self._timer.start()

    def _kill(self, link: Link) -> None:
        if not self.over:
            link.kill()

    def release(self) -> None:
        """Nothing of this reply runs on."""
        self.over = True
        if self._timer is not None:
            self._timer.cancel()

    def _usage(self) -> Usage:
        first = self._first_text_at or time.perf_counter()
        n_new = len(self._logprobs)  # the others say again what was shown before
        return Usage(
            prompt_tokens=len(self._tokens) + len(self._reply) - n_new,
            cached_tokens=self._cached,
            completion_tokens=n_new,
            ttft_s=first - self._started_at,
            prefill_s=self._prefill_s,
            decode_s=self._decode_s,
        )

    def _confidence(self) -> Confidence | None:
        if not self._logprobs:
            return None
        mean = sum(self._logprobs) / len(self._logprobs)
        return Confidence(mean, min(self._logprobs), self._first_margin)
