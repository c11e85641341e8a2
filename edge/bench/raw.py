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
from edge.engine.edge.options import EngineOptions
from edge.engine.edge.prompt import segment_tokens
from edge.engine.edge.template import render


@dataclass(frozen=True, slots=True)
class Speed:
    """Tokens per second of one reply: reading its prompt, and writing from the first token on."""

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

    def tokens(self, messages: Sequence[Message]) -> list[int]:
        """The prompt of these messages, as the engine reads it."""
        segments = render(messages, self._options.template, thinking=False)
        return [token for segment in segments for token in segment_tokens(segment, self._model)]

    def run(self, tokens: Sequence[int], sampling: Sampling) -> Speed:
        """Read a prompt into an empty context and write `max_tokens` tokens behind it."""
        assert sampling.max_tokens is not None
        chunk, context = self._context.chunk, self._context
        context.clear()
        sampler = Sampler(self._model, sampling, seed=1)
        started = time.perf_counter()
        for start in range(0, len(tokens), chunk):
            context.decode(tokens[start : start + chunk])
        token = sampler.draw(context)
        read = time.perf_counter()
        for _ in range(sampling.max_tokens - 1):
            context.decode([token])
            token = sampler.draw(context)
        written = time.perf_counter()
        sampler.close()
        return Speed(len(tokens) / (read - started), (sampling.max_tokens - 1) / (written - read))

    def close(self) -> None:
        """Give cache and weights back."""
        self._context.close()
        self._model.close()
