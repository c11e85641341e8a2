"""Write one reply on a timeline: read what is new, then draw token after token."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from edge.core.event import StopReason
from edge.core.spec import Sampling
from edge.engine.edge.capi.model import Model
from edge.engine.edge.capi.sampler import Sampler
from edge.engine.edge.frames import Answer, Ended, Planned, Reading, Wrote
from edge.engine.edge.prompt import (
    common_prefix,
    least_tokens,
    prompt_tokens,
    resting_places,
    too_long,
)
from edge.engine.edge.template import Segment
from edge.engine.edge.timeline import Aborted, Timeline
from edge.engine.text import TextStream

Step = Planned | Reading | Wrote | Ended


def answer(model: Model, timeline: Timeline, job: Answer) -> Iterator[Step]:
    """The frames of one reply, ending with Ended; raises ContextFull for a too long prompt."""
    tokens = list(job.tokens) or _tokenize(model, timeline, job.segments)
    if len(tokens) >= timeline.n_ctx:
        raise too_long(len(tokens), timeline.n_ctx)
    writer = _Writer(model, timeline, job)
    try:
        yield from writer.read_prompt(tokens)
        yield from writer.write()
        yield writer.ended(writer.stop_reason)
    except Aborted:
        yield writer.ended(StopReason.CANCELLED)
    finally:
        writer.close()


def _tokenize(model: Model, timeline: Timeline, segments: tuple[Segment, ...]) -> list[int]:
    if (n_tokens := least_tokens(segments)) > timeline.n_ctx:
        raise too_long(n_tokens, timeline.n_ctx, at_least=True)
    return prompt_tokens(segments, timeline.remembered, model)


def _stop_rule(sampling: Sampling, room: int) -> tuple[int, StopReason]:
    """Tokens a reply may have, and what ending there is called."""
    if sampling.max_tokens is not None and sampling.max_tokens <= room:
        return sampling.max_tokens, StopReason.MAX_TOKENS
    return room, StopReason.CONTEXT_FULL


@dataclass
class _Writer:
    """The state of one reply while it is written."""

    model: Model
    timeline: Timeline
    job: Answer
    stop_reason: StopReason = StopReason.END
    prefill_s: float = 0.0
    _started: float = field(default_factory=time.perf_counter)

    def __post_init__(self) -> None:
        self._sampler = Sampler(self.model, self.job.sampling, self.job.seed)
        self._text = TextStream(self.job.sampling.stop)
        self._n_prompt = 0
        # Tokens an earlier worker wrote were shown: they count, but say nothing again.
        self._sampler.remember(self.job.reply)
        for token in self.job.reply:
            self._text.feed(self.model.piece(token))

    def read_prompt(self, tokens: list[int]) -> Iterator[Step]:
        timeline, target = self.timeline, [*tokens, *self.job.reply]
        self._n_prompt = len(tokens)
        # At least one token is read: the first draw needs its logits.
        timeline.rewind(min(common_prefix(timeline.tape, target), len(target) - 1))
        new = target[len(timeline.tape) :]
        yield Planned(self.job.job, tuple(tokens), min(len(timeline.tape), len(tokens)))
        places = resting_places(tokens, self.model) if self.model.recurrent else []
        for n_read in timeline.read_steps(new, places):
            yield Reading(self.job.job, n_read, len(new))
        self.prefill_s = time.perf_counter() - self._started

    def write(self) -> Iterator[Step]:
        limit, at_limit = _stop_rule(self.job.sampling, self.timeline.n_ctx - self._n_prompt)
        n_written = len(self.job.reply)
        if self._text.stopped:  # an earlier worker ended right behind the stop string
            self.stop_reason = StopReason.STOP_STRING
            return
        while n_written < limit:
            choice = self.timeline.choose(self._sampler)
            if self.model.is_end(choice.token):
                self.stop_reason = StopReason.END
                return
            margin = self.timeline.margin() if n_written == 0 else None
            text = self._text.feed(self.model.piece(choice.token))
            yield Wrote(self.job.job, choice.token, text, choice.logprob, margin)
            n_written += 1
            if self._text.stopped:
                self.stop_reason = StopReason.STOP_STRING
                return
            if n_written < limit:
                self.timeline.read([choice.token])
        self.stop_reason = at_limit

    def ended(self, stop_reason: StopReason) -> Ended:
        total_s = time.perf_counter() - self._started
        return Ended(
            self.job.job, stop_reason, self._text.close(), self.prefill_s, total_s - self.prefill_s
        )

    def close(self) -> None:
        self._sampler.close()
