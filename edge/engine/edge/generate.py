"""Write one reply on a timeline: read what is new, then draw token after token."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from edge.core.event import StopReason
from edge.core.message import Role
from edge.core.spec import Sampling
from edge.engine.edge.capi.grammar import Grammar
from edge.engine.edge.capi.model import Model
from edge.engine.edge.capi.sampler import Sampler
from edge.engine.edge.frames import Answer, Ended, Planned, Reading, Wrote
from edge.engine.edge.keeper import Keeper
from edge.engine.edge.prompt import (
    common_prefix,
    least_tokens,
    prompt_tokens,
    resting_places,
    too_long,
)
from edge.engine.edge.seam import Seam, begins_at, taken_back
from edge.engine.edge.timeline import Aborted, Timeline
from edge.engine.text import TextStream

# A shorter one is read in one batch: about a second with a 0.5B on the machines measured.
_WORTH_KEEPING_TOKENS = 128
_NEAR_TOKENS = 256  # some seconds of reading, while the user reads too

# Where a model would write a word as one token, that is among so many likeliest.
_CANDIDATES = 1024

Step = Planned | Reading | Wrote | Ended


def answer(model: Model, timeline: Timeline, job: Answer, keeper: Keeper) -> Iterator[Step]:
    """The frames of one reply, ending with Ended; raises ContextFull for a too long prompt."""
    if not job.tokens:
        job = _plan(model, timeline, job)
    writer = _Writer(model, timeline, job, keeper)
    try:
        yield from writer.read_prompt(list(job.tokens))
        yield from writer.write()
        yield writer.ended(writer.stop_reason)
    except Aborted:
        yield writer.ended(StopReason.CANCELLED)
    finally:
        writer.close()


def _plan(model: Model, timeline: Timeline, job: Answer) -> Answer:
    """The job with its prompt in tokens, and those that the reply has to say again."""
    if (n_tokens := least_tokens(job.segments)) > timeline.n_ctx:
        raise too_long(n_tokens, timeline.n_ctx, at_least=True)
    tokens = prompt_tokens(job.segments, timeline.remembered, model)
    if len(tokens) >= timeline.n_ctx:
        raise too_long(len(tokens), timeline.n_ctx)
    seam = len(tokens) - taken_back(tokens, job.shown, model)
    return replace(job, tokens=tuple(tokens[:seam]), owed=tuple(tokens[seam:]))


def _places(tokens: Sequence[int], model: Model) -> tuple[int, list[int]]:
    """The length of a system prompt that is worth a snapshot, else 0; and where batches end.

    A batch ends behind such a prompt whether it is read or was kept, snapshots
    or none, so that the same replies follow.
    """
    places = resting_places(tokens, model)
    system = places[0] if places and _begins_with_system(tokens, model) else 0
    if system < _WORTH_KEEPING_TOKENS:
        system = 0
    if model.recurrent:
        return system, places
    return system, [system] if system else []


def _begins_with_system(tokens: Sequence[int], model: Model) -> bool:
    # Behind the first control token stands the role, at the worst a token a byte.
    role = f"{Role.SYSTEM}\n".encode()
    return b"".join(map(model.piece, tokens[1 : 1 + len(role)])).startswith(role)


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
    keeper: Keeper
    stop_reason: StopReason = StopReason.END
    prefill_s: float = 0.0
    _started: float = field(default_factory=time.perf_counter)

    def __post_init__(self) -> None:
        grammar = Grammar(self.model, self.job.schema) if self.job.schema else None
        self._sampler = Sampler(self.model, self.job.sampling, self.job.seed, grammar)
        self._text = TextStream(self.job.sampling.stop, after=self.job.shown)
        self._seam = Seam(self.job.owed, self.model)
        # What was shown counts for the penalties, whoever wrote it. Tokens an earlier
        # worker wrote count, but say nothing again.
        shown = begins_at([*self.job.tokens, *self.job.owed], self.job.shown, self.model)
        self._sampler.remember(self.job.tokens[shown:])
        self._sampler.remember(self.job.reply)
        for token in self.job.reply:
            self._text.feed(self._seam.take(token))

    def read_prompt(self, tokens: list[int]) -> Iterator[Step]:
        timeline, target = self.timeline, [*tokens, *self.job.reply]
        # At least one token is read: the first draw needs its logits.
        timeline.rewind(min(common_prefix(timeline.tape, target), len(target) - 1))
        system, places = _places(tokens, self.model)
        if len(timeline.tape) < system:
            self.keeper.take_up_system(timeline, tokens[:system])
        new = target[len(timeline.tape) :]
        cached = min(len(timeline.tape), len(tokens))
        yield Planned(self.job.job, tuple(tokens), cached, self.job.owed)
        for n_read in timeline.read_steps(new, self._stops(places)):
            if len(timeline.tape) == system:
                self.keeper.keep_system(timeline)
            yield Reading(self.job.job, n_read, len(new))
        self.prefill_s = time.perf_counter() - self._started

    def _stops(self, places: list[int]) -> list[int]:
        """The places worth the end of a batch, which costs as much as writing a token.

        Where the reply opens is one only when no other is near before it: what
        stands between is read again with the reply, off the answer's path.
        """
        if not (self.model.recurrent and places and self.job.reread):
            return places
        *before, opening = places
        nearest = max(self.timeline.place_before(opening), *before)
        return before if opening - nearest <= _NEAR_TOKENS else places

    def write(self) -> Iterator[Step]:
        yield from self._cross_seam()
        n_prompt = len(self.job.tokens) + self._seam.n_drawn
        limit, at_limit = _stop_rule(self.job.sampling, self.timeline.n_ctx - n_prompt)
        n_written = len(self.timeline.tape) - n_prompt
        if self._text.stopped:  # at the seam, or an earlier worker ended right behind it
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

    def _cross_seam(self) -> Iterator[Step]:
        """Say again what was taken back of the shown text."""
        while self._seam.open:
            among = self._seam.choices(self.timeline.likeliest(_CANDIDATES))
            token = self.timeline.choose(self._sampler, among).token
            text = self._text.feed(self._seam.take(token))
            yield Wrote(self.job.job, token, text, None, None)
            self.timeline.read([token])

    def ended(self, stop_reason: StopReason) -> Ended:
        total_s = time.perf_counter() - self._started
        return Ended(
            self.job.job, stop_reason, self._text.close(), self.prefill_s, total_s - self.prefill_s
        )

    def close(self) -> None:
        self._sampler.close()
