"""Who answers on the device, and what the user wished of replies."""

from __future__ import annotations

from dataclasses import dataclass, replace

from edge.core.spec import ModelSpec, Sampling
from edge.engine.protocol import Engine

# Room the prompt leaves for its reply when no limit was given; a quarter of a small context.
_REPLY_ROOM_TOKENS = 1024


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user asks of replies; None leaves it to the model.

    `schema` is a JSON schema that replies of the device are held to.
    """

    thinking: bool | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    schema: str | None = None

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
    def room_tokens(self) -> int:
        """Tokens a prompt leaves for its reply."""
        wanted = self.wishes.max_tokens
        room = _REPLY_ROOM_TOKENS if wanted is None else wanted
        return min(room, self.n_ctx // 4)

    @property
    def budget_tokens(self) -> int:
        """Tokens a prompt may take so that a reply has room."""
        return self.n_ctx - self.room_tokens
