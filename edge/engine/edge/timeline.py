"""The tape of tokens held in the KV cache, and the only code that moves it."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.core.errors import ContextFull, EdgeError
from edge.core.memory import Layout
from edge.core.say import say
from edge.engine.edge.capi.context import Context
from edge.engine.edge.capi.model import Model
from edge.engine.edge.capi.sampler import Sampler
from edge.engine.edge.checkpoints import Checkpoint, Checkpoints
from edge.engine.edge.snapshot import Snapshot
from edge.engine.edge.threads import Threads

# Far below any logit, penalties included; finite, for the library sorts by casting to integers.
_UNHEARD = -1e6


class Aborted(Exception):
    """Reading was cut short by `Timeline.abort`; the tape says what is held."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A drawn token with its log-probability under the model, before any sampling rule."""

    token: int
    logprob: float


class Timeline:
    """Tokens read in order, one owner thread; truth is the tape, never a re-rendering.

    After every call the tape equals what the cache holds, whatever was raised.
    """

    def __init__(self, model: Model, *, n_ctx: int, threads: Threads, layout: Layout) -> None:
        self._model = model
        self._threads = threads
        self._counts = threads.now()
        self._context = Context(model, n_ctx=n_ctx, n_threads=threads.most, layout=layout)
        self._context.use_threads(*self._counts)
        self._scratch = np.empty(model.n_vocab, dtype=np.float32)
        self.n_ctx = n_ctx
        self.tape: list[int] = []
        self._checkpoints = Checkpoints()
        self._drawn: list[int] = []

    @property
    def remembered(self) -> list[int]:
        """The tape, and behind it the last token drawn when it was not read yet."""
        return self.tape + self._drawn

    def rewind(self, n_tokens: int) -> None:
        """Keep the first `n_tokens` of the tape; fewer where the state cannot be rolled back.

        A recurrent model goes back to its nearest checkpoint, or to the start.
        """
        self._drawn = []
        if n_tokens != len(self.tape):
            self._go_back(n_tokens)

    def _go_back(self, n_tokens: int) -> None:
        if self._model.recurrent:
            place = self._checkpoints.nearest(n_tokens)
            n_tokens = place.n_tokens if place else 0
            held = place and self._context.restore(place.state, n_tokens, partial=True)
        else:
            held = self._context.trim(n_tokens)
        if not held:
            self._context.clear()
            n_tokens = 0
        del self.tape[n_tokens:]
        self._checkpoints.forget_from(n_tokens + 1)

    @property
    def state_bytes(self) -> int:
        """What the state in a snapshot would take."""
        return self._context.state_bytes()

    def place_before(self, n_tokens: int) -> int:
        """The last place at or before `n_tokens` that a recurrent model can go back to; else 0."""
        place = self._checkpoints.nearest(n_tokens)
        return place.n_tokens if place else 0

    def snapshot(self) -> Snapshot:
        """The tape and its state, to be continued in another process."""
        return Snapshot(tuple(self.tape), self._context.save())

    def resume(self, snapshot: Snapshot) -> None:
        """Be what a snapshot was; an empty tape when it cannot be taken up."""
        self._drawn = []
        self._checkpoints.forget_from(0)
        fits = len(snapshot.tokens) < self.n_ctx
        took = fits and self._context.restore(snapshot.state, len(snapshot.tokens))
        if not took:
            self._context.clear()
        self.tape = list(snapshot.tokens) if took else []
        self.mark()

    def mark(self) -> None:
        """Make this place one that a model that cannot roll back can return to."""
        if self._model.recurrent and self.tape:
            state = self._context.save(partial=True)
            self._checkpoints.add(Checkpoint(len(self.tape), state))

    def read(self, tokens: Sequence[int]) -> None:
        """Append tokens; see `read_steps`."""
        for _ in self.read_steps(tokens):
            pass

    def read_steps(self, tokens: Sequence[int], marks: Collection[int] = ()) -> Iterator[int]:
        """Append tokens in batches of the context's chunk; yields the count read after each.

        `marks` are places on the tape, in order, where a batch ends; a recurrent
        model makes a checkpoint there. Raises ContextFull before anything is read
        that does not fit, Aborted when stopped; the tape then ends where the cache does.
        """
        if len(self.tape) + len(tokens) > self.n_ctx:
            raise ContextFull(
                say(
                    "{n} tokens do not fit a context of {n_ctx}",
                    n=len(self.tape) + len(tokens),
                    n_ctx=self.n_ctx,
                ),
                hint=say("a shorter prompt, or a larger --ctx"),
            )
        begin, end = len(self.tape), len(self.tape) + len(tokens)
        for stop in [*marks, end]:
            while len(self.tape) < stop:
                done = len(self.tape) - begin
                size = min(self._context.chunk, stop - len(self.tape))
                self._read_batch(tokens[done : done + size])
                yield len(self.tape) - begin
            if stop in marks and len(self.tape) == stop:
                self.mark()

    def _read_batch(self, batch: Sequence[int]) -> None:
        if (counts := self._threads.now()) != self._counts:
            self._context.use_threads(*counts)
            self._counts = counts
        self._decode(batch)

    def check(self) -> None:
        """Raise Aborted while `abort` is in force."""
        if self._context.aborting:
            raise Aborted

    def _decode(self, batch: Sequence[int]) -> None:
        self.check()  # before the cache is touched: nothing to undo
        try:
            complete = self._context.decode(batch)
        except EdgeError:
            self._recover_truth()
            raise
        if not complete:
            self._recover_truth()
            raise Aborted
        self.tape.extend(batch)
        self._drawn = []

    def rehearse(self, n_threads: int, n_warm: int, n_timed: int) -> float:
        """Seconds `n_timed` single tokens take on so many threads; the tape is as before.

        They are the tape's last token again and again: any token costs the same.
        Raises Aborted when stopped.
        """
        place, drawn, token = len(self.tape), self._drawn, self.tape[-1:]
        self.mark()
        self._context.use_threads(n_threads, n_threads)
        try:
            for _ in range(n_warm):
                self._decode(token)
            started = time.perf_counter()
            for _ in range(n_timed):
                self._decode(token)
            return time.perf_counter() - started
        finally:
            self._context.use_threads(*self._counts)
            self._go_back(min(place, len(self.tape)))
            self._drawn = drawn

    def _recover_truth(self) -> None:
        # A recurrent state has advanced by an unknown number of tokens and the
        # positions do not show it: a retry would succeed with wrong text.
        trusted = len(self.tape) if self._model.recurrent else self._context.n_held
        self._go_back(min(len(self.tape), trusted))

    def choose(self, sampler: Sampler, among: Sequence[int] = ()) -> Choice:
        """Draw the token after the tape; it is not on the tape until it is read.

        With `among` it is one of these; its log-probability is what it would be without.
        """
        logits = self._context.logits()
        best = float(logits.max())
        np.subtract(logits, best, out=self._scratch)
        np.exp(self._scratch, out=self._scratch)
        log_total = best + float(np.log(self._scratch.sum()))
        if among:
            _silence_all_but(among, logits)
        token = sampler.draw(self._context)
        self._drawn = [token]
        return Choice(token, float(logits[token]) - log_total)

    def likeliest(self, n_tokens: int) -> list[int]:
        """So many tokens, or all there are, that are likeliest to come next; in no order."""
        logits = self._context.logits()
        ids: list[int] = np.argpartition(logits, -min(n_tokens, len(logits)))[-n_tokens:].tolist()
        return ids

    def margin(self) -> float:
        """How far, in log-probability, the best next token lies above the second."""
        second, best = np.partition(self._context.logits(), -2)[-2:]
        return float(best - second)

    def abort(self, wanted: bool = True) -> None:
        """Cut a running read short, from any thread; `False` allows reading again."""
        self._context.abort(wanted)

    def close(self) -> None:
        """Give the cache back."""
        self._context.close()


def _silence_all_but(tokens: Sequence[int], logits: NDArray[np.float32]) -> None:
    heard = logits[tokens]
    logits[:] = _UNHEARD
    logits[tokens] = heard
