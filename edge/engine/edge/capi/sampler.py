"""Drawing the next token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edge.core.spec import Sampling
from edge.engine.edge.capi.binding import llama
from edge.engine.edge.capi.context import Context
from edge.engine.edge.capi.grammar import Candidates, Grammar
from edge.engine.edge.capi.model import Model

_PENALTY_WINDOW = 256  # tokens


class Sampler:
    """Draws tokens as `Sampling` says, from a given seed.

    Penalties see the reply only, never the prompt: a prompt's line breaks and
    control tokens are not repetition. What a grammar forbids is never drawn.
    """

    def __init__(
        self, model: Model, sampling: Sampling, seed: int, grammar: Grammar | None = None
    ) -> None:
        self._grammar = grammar
        self._chain = llama.llama_sampler_chain_init(llama.llama_sampler_chain_default_params())
        for link in self._links(model, sampling, seed):
            llama.llama_sampler_chain_add(self._chain, link)

    @staticmethod
    def _links(model: Model, s: Sampling, seed: int) -> list[Any]:
        links: list[Any] = []
        if s.repetition_penalty != 1.0 or s.presence_penalty:
            window, repeat, present = _PENALTY_WINDOW, s.repetition_penalty, s.presence_penalty
            links.append(
                llama.llama_sampler_init_penalties(model.n_vocab, window, repeat, 0.0, present)
            )
        if s.temperature == 0:
            return [*links, llama.llama_sampler_init_greedy()]
        return [
            *links,
            llama.llama_sampler_init_top_k(s.top_k),
            llama.llama_sampler_init_top_p(s.top_p, 1),
            llama.llama_sampler_init_min_p(s.min_p, 1),
            llama.llama_sampler_init_temp(s.temperature),
            llama.llama_sampler_init_dist(seed),
        ]

    def draw(self, context: Context) -> int:
        """The next token after the context's last; remembered for the penalties."""
        if self._grammar is None:
            return int(llama.llama_sampler_sample(self._chain, context.handle, -1))
        logits = context.logits()
        token = self._among(Candidates(logits))
        # Asking of one token costs nothing, of all of them as much as reading one: mostly
        # the model wants what it may say. What is drawn is as likely either way.
        if not self._grammar.allows(token):
            allowed = Candidates(logits)
            self._grammar.silence(allowed)
            token = self._among(allowed)
        self.remember([token])
        return token

    def _among(self, candidates: Candidates) -> int:
        llama.llama_sampler_apply(self._chain, candidates.pointer)
        return candidates.selected

    def remember(self, tokens: Sequence[int]) -> None:
        """Count tokens drawn before, in another process, as part of this reply."""
        for token in tokens:
            llama.llama_sampler_accept(self._chain, token)
            if self._grammar is not None:
                self._grammar.accept(token)

    def close(self) -> None:
        """Give the chain back."""
        if self._chain:
            llama.llama_sampler_free(self._chain)
            self._chain = None
        if self._grammar is not None:
            self._grammar.close()
