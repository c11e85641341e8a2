"""The yardstick: the engine's C functions in this process, with nothing around them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from edge.core.message import Message
from edge.core.spec import Sampling
from edge.engine.edge.capi.context import Context
from edge.engine.edge.capi.model import Model
from edge.engine.edge.capi.sampler import Sampler
from edge.engine.edge.checkpoints import Checkpoint
from edge.engine.edge.options import EngineOptions
from edge.engine.edge.prompt import common_prefix, segment_tokens
from edge.engine.edge.template import Segment, render, retell


@dataclass(frozen=True, slots=True)
class Speed:
    """One reply: seconds to its first token, and tokens per second before and after it."""

    first_s: float
    prefill_tps: float
    decode_tps: float


class RawLoop:
    """One context in this process, read in the same batches by the same threads as the worker's."""

    def __init__(self, options: EngineOptions) -> None:
        self._options = options
        self._model = Model(options.path, gpu=options.gpu, repack=options.layout.repack)
        self._context = Context(
            self._model, n_ctx=options.n_ctx, n_threads=options.n_threads, layout=options.layout
        )
        self._tape: list[int] = []
        self._place: Checkpoint | None = None

    def tokens(self, messages: Sequence[Message]) -> list[int]:
        """The prompt of these messages, as the engine reads it."""
        return self._tokens(render(messages, self._options.template, thinking=False))

    def told(self, messages: Sequence[Message]) -> list[int]:
        """These messages as every later prompt begins with them."""
        return self._tokens(retell(messages, self._options.template))

    def run(self, tokens: Sequence[int], sampling: Sampling) -> Speed:
        """Read a prompt into an empty context and write `max_tokens` tokens behind it."""
        assert sampling.max_tokens is not None
        self._clear()
        sampler = Sampler(self._model, sampling, seed=1)
        started = time.perf_counter()
        self._read(tokens)
        token = sampler.draw(self._context)
        read = time.perf_counter()
        for _ in range(sampling.max_tokens - 1):
            self._context.decode([token])
            token = sampler.draw(self._context)
        written = time.perf_counter()
        sampler.close()
        self._clear()
        first_s, n_more = read - started, sampling.max_tokens - 1
        return Speed(first_s, len(tokens) / first_s, n_more / (written - read))

    def first_token_s(self, tokens: Sequence[int], n_new: int, sampling: Sampling) -> float:
        """Seconds to read the last `n_new` tokens of a prompt and to draw the one behind it.

        What stands before them is brought into the cache off the clock. A model
        that cannot be rolled back goes to a checkpoint for that, made off the
        clock too: a bare loop that knew what is to come would need none.
        """
        self._stand_at(tokens[: len(tokens) - n_new])
        sampler = Sampler(self._model, sampling, seed=1)
        started = time.perf_counter()
        self._read(tokens[len(tokens) - n_new :])
        sampler.draw(self._context)
        took_s = time.perf_counter() - started
        sampler.close()
        return took_s

    def close(self) -> None:
        """Give cache and weights back."""
        self._context.close()
        self._model.close()

    def _tokens(self, segments: Sequence[Segment]) -> list[int]:
        return [token for segment in segments for token in segment_tokens(segment, self._model)]

    def _read(self, tokens: Sequence[int]) -> None:
        chunk = self._context.chunk
        for start in range(0, len(tokens), chunk):
            self._context.decode(tokens[start : start + chunk])
        self._tape.extend(tokens)

    def _stand_at(self, tokens: Sequence[int]) -> None:
        """Hold these tokens and no others."""
        self._go_back(common_prefix(self._tape, tokens))
        self._read(tokens[len(self._tape) :])
        if self._model.recurrent and tokens:
            self._place = Checkpoint(len(tokens), self._context.save(partial=True))

    def _go_back(self, n_tokens: int) -> None:
        if n_tokens == len(self._tape):
            return
        place, context = self._place, self._context
        if not self._model.recurrent:
            held = context.trim(n_tokens)
        elif held := place is not None and place.n_tokens <= n_tokens:
            assert place is not None
            n_tokens = place.n_tokens
            held = context.restore(place.state, n_tokens, partial=True)
        if held:
            del self._tape[n_tokens:]
        else:
            self._clear()

    def _clear(self) -> None:
        self._context.clear()
        self._tape, self._place = [], None
