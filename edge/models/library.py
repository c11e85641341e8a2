"""What a name means here: a model of the catalog, or a file somebody brought."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from edge.core.errors import EdgeError, UnknownName
from edge.core.spec import ModelSpec, Purpose, Quant, Sampling, Thinking
from edge.models.catalog import Catalog
from edge.models.gguf import Header, preflight
from edge.models.shelf import Shelf, Weights

# How an imported file is spoken to when its template is not one we know by its hash.
_FORMATS = {"qwen2": "qwen2.5", "qwen3": "qwen3", "qwen35": "qwen3.5"}
_SWITCHES = {"qwen2": Thinking.NEVER, "qwen3": Thinking.ON, "qwen35": Thinking.ON}
_UNKNOWN_LICENCE = "unknown"


@dataclass(frozen=True, slots=True)
class Model:
    """A model with one of its quants, and its weights when they are on the shelf."""

    spec: ModelSpec
    quant: Quant
    weights: Weights | None

    @property
    def name(self) -> str:
        """What to type for it: the quant is named unless it is the model's first."""
        first = self.quant == self.spec.quants[0]
        return self.spec.name if first else f"{self.spec.name}:{self.quant.name}"


@dataclass(frozen=True, slots=True)
class Library:
    """The catalog and the shelf as one: everything that has a name here."""

    catalog: Catalog
    shelf: Shelf

    def find(self, name: str) -> Model:
        """The model of that name, or of the file imported under it; raises UnknownName."""
        try:
            spec, quant = self.catalog.find(name)
        except UnknownName:
            weights = self.shelf.find(name)
            if weights is None:
                raise
            return self.brought(weights)
        return Model(spec, quant, self.shelf.get(quant.sha256))

    def brought(self, weights: Weights) -> Model:
        """The model a file on the shelf is: the catalog's, or what its header says."""
        if known := self.catalog.by_sha256(weights.sha256):
            return Model(*known, weights)
        spec = imported_spec(weights, preflight(weights.path))
        return Model(spec, spec.quants[0], weights)

    def here(self) -> Iterator[Model]:
        """Every model on the shelf whose file can be read; `edge models` tells of the others."""
        for weights in self.shelf.entries():
            with suppress(EdgeError):  # one damaged file must not hide the sound ones
                yield self.brought(weights)


def imported_spec(weights: Weights, header: Header) -> ModelSpec:
    """A catalog entry for a file nobody catalogued, from its header.

    Sampling is what the makers of all three families advise for a reply that
    does not think: temperature 0.7, top-p 0.8, top-k 20.
    """
    quant = Quant(
        header.quant, weights.file, weights.size_bytes, weights.sha256, header.read_bytes, ()
    )
    sampling = Sampling(temperature=0.7, top_p=0.8, top_k=20)
    return ModelSpec(
        name=weights.name,
        title=header.name or weights.file,
        purpose=Purpose.GENERAL,
        arch=header.arch,
        template=_FORMATS[header.arch],
        params=0,
        n_layers=header.n_layers,
        n_kv_layers=header.n_kv_layers,
        n_kv_heads=header.n_kv_heads,
        head_dim=header.head_dim,
        hidden=header.hidden,
        n_vocab=header.n_vocab,
        n_ctx_train=header.n_ctx_train,
        recurrent_state_bytes=header.recurrent_state_bytes,
        thinking=_SWITCHES[header.arch],
        sampling=sampling,
        thinking_sampling=Sampling(temperature=0.6, top_p=0.95, top_k=20),
        licence=_UNKNOWN_LICENCE,
        licence_warning="edge does not know this file's licence",
        tested=False,
        quants=(quant,),
    )
