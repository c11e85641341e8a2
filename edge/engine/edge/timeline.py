"""The tape of tokens held in the KV cache, and the only code that moves it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from edge.core.errors import ContextFull, EdgeError
from edge.engine.edge.capi import Context, Model, Sampler


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

    def __init__(self, model: Model, *, n_ctx: int, n_threads: int, chunk: int) -> None:
        self._model = model
        self._context = Context(model, n_ctx=n_ctx, n_threads=n_threads, chunk=chunk)
        self._scratch = np.empty(model.n_vocab, dtype=np.float32)
        self.n_ctx = n_ctx
        self.tape: list[int] = []
        self._drawn: list[int] = []

    @property
    def remembered(self) -> list[int]:
        """The tape, and behind it the last token drawn when it was not read yet."""
        return self.tape + self._drawn

    def rewind(self, n_tokens: int) -> None:
        """Keep the first `n_tokens` of the tape, or none where the state cannot be rolled back."""
        self._drawn = []
        if n_tokens == len(self.tape):
            return
        if self._model.recurrent or not self._context.trim(n_tokens):
            self._context.clear()
            n_tokens = 0
        del self.tape[n_tokens:]

    def read(self, tokens: Sequence[int]) -> None:
        """Append tokens; see `read_steps`."""
        for _ in self.read_steps(tokens):
            pass

    def read_steps(self, tokens: Sequence[int]) -> Iterator[int]:
        """Append tokens in batches of the context's chunk; yields the count read after each.

        Raises ContextFull before anything is read that does not fit, Aborted
        when stopped; the tape then ends where the cache does.
        """
        if len(self.tape) + len(tokens) > self.n_ctx:
            raise ContextFull(
                f"{len(self.tape) + len(tokens)} tokens do not fit a context of {self.n_ctx}",
                hint="a shorter prompt, or a larger --ctx",
            )
        chunk = self._context.chunk
        for start in range(0, len(tokens), chunk):
            self._read_batch(tokens[start : start + chunk])
            yield min(start + chunk, len(tokens))

    def _read_batch(self, batch: Sequence[int]) -> None:
        if self._context.aborting:  # before the cache is touched: nothing to undo
            raise Aborted
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

    def _recover_truth(self) -> None:
        # A recurrent state has advanced by an unknown number of tokens and the
        # positions do not show it: a retry would succeed with wrong text.
        if self._model.recurrent:
            self._context.clear()
            self.tape.clear()
        else:
            self._context.trim(min(len(self.tape), self._context.n_held))
            del self.tape[self._context.n_held :]

    def choose(self, sampler: Sampler) -> Choice:
        """Draw the token after the tape; it is not on the tape until it is read."""
        logits = self._context.logits()
        best = float(logits.max())
        np.subtract(logits, best, out=self._scratch)
        np.exp(self._scratch, out=self._scratch)
        log_total = best + float(np.log(self._scratch.sum()))
        token = sampler.draw(self._context)
        self._drawn = [token]
        return Choice(token, float(logits[token]) - log_total)

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
