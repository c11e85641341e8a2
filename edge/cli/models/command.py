"""`edge models`: what exists, what is here, what fits, and about how fast it would be."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import typer

from edge.cli.words import models as words

if TYPE_CHECKING:
    from edge.core.spec import ModelSpec
    from edge.models.library import Library
    from edge.models.standing import Standing, Terms, Unreadable

SCHEMA_VERSION = 1

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def models(
    device: str | None = typer.Option(
        None, "--device", help="Hold them against a device of the catalog, as dimensity-9300."
    ),
    memory: str | None = typer.Option(
        None, "--memory", metavar="POLICY", help="As they would be held: low, auto or fast."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object."),
) -> None:
    """List the models: which there are, which are here, which fit."""
    from edge.cli.progress import tell
    from edge.models.standing import Unreadable, every_model, standing

    library, subject = _open(device, memory)
    found = list(every_model(library))
    broken = [model for model in found if isinstance(model, Unreadable)]
    held = [standing(m, subject.terms) for m in found if not isinstance(m, Unreadable)]
    if as_json:
        typer.echo(json.dumps(_document(subject, held, broken), indent=2))
        return
    _show(held)
    for line in [*_licence_notes(held), *_broken_notes(broken), subject.note(held[0])]:
        tell(line)


@dataclass(frozen=True, slots=True)
class _Subject:
    """The device the models are held against; `measured` if its memory's speed is."""

    terms: Terms
    measured: bool

    def note(self, example: Standing) -> str:
        device, policy = self.terms.device, self.terms.layouts.policy
        gb_per_s = (device.bandwidth_bytes_per_s or 0) / 1e9
        name = device.name or words.this_machine()
        free = words.memory_free(name, device.free_bytes, device.memory_bytes)
        held = words.assumed(example.fit.n_ctx, policy, gb_per_s, measured=self.measured)
        return words.both(free, held)


def _open(name: str | None, memory: str | None) -> tuple[Library, _Subject]:
    """The library, and this machine or the device of that name, under a memory policy."""
    from edge.device.probe import probe_device
    from edge.loading.model import layouts_here, open_library
    from edge.models.layout import Layouts
    from edge.models.standing import Terms, find_device
    from edge.settings.chosen import load_settings
    from edge.settings.folders import Folders

    folders = Folders.find()
    settings = load_settings(flags={"memory": memory}, folders=folders)
    library, layouts = open_library(folders), layouts_here(settings)
    if name is None:
        here = probe_device(with_bandwidth=True)
        return library, _Subject(Terms(here, layouts, settings.n_ctx), measured=True)
    known = find_device(library.catalog, name)
    there = Layouts(layouts.policy, known.arm)
    return library, _Subject(Terms(known.profile(), there, settings.n_ctx), measured=False)


def _show(held: Sequence[Standing]) -> None:
    from edge.cli.table import show_table

    show_table(words.headings(), [_row(one) for one in held], right=words.numbers())


def _row(standing: Standing) -> tuple[str, ...]:
    from edge.core.units import show_bytes, show_speed

    model, fit, tps = standing.model, standing.fit, standing.predicted_tps
    return (
        model.name,
        words.here() if model.weights else "-",
        show_bytes(model.quant.size_bytes),
        show_bytes(fit.need_bytes),
        words.fits() if fit.fits else words.fits_up_to(fit.largest_n_ctx),
        f"~{show_speed(tps)}" if tps else "-",
        _licence(model.spec),
    )


def _licence(spec: ModelSpec) -> str:
    from edge.models.standing import licence_note

    return f"! {spec.licence}" if licence_note(spec) else spec.licence


def _licence_notes(held: Sequence[Standing]) -> Iterator[str]:
    from edge.models.standing import licence_note

    notes = dict.fromkeys(licence_note(standing.model.spec) for standing in held)
    return (f"! {note}" for note in notes if note)


def _broken_notes(broken: Sequence[Unreadable]) -> Iterator[str]:
    for one in broken:
        yield words.cannot_be_used(one.weights.name, one.error.message)


def _document(
    subject: _Subject, held: Sequence[Standing], broken: Sequence[Unreadable]
) -> dict[str, Any]:
    device = subject.terms.device
    return {
        "schema_version": SCHEMA_VERSION,
        "device": {
            "name": device.name,
            "n_cores": device.n_cores,
            "memory_bytes": device.memory_bytes,
            "free_bytes": device.free_bytes,
            "bandwidth_bytes_per_s": device.bandwidth_bytes_per_s,
            "bandwidth_measured": subject.measured,
        },
        "memory": subject.terms.layouts.policy.value,
        "models": [_entry(standing) for standing in held],
        "unreadable": [{"name": b.weights.name, "why": b.error.message} for b in broken],
    }


def _entry(standing: Standing) -> dict[str, Any]:
    model, fit = standing.model, standing.fit
    spec, quant, weights = model.spec, model.quant, model.weights
    return {
        "name": model.name,
        "title": spec.title,
        "quant": quant.name,
        "purpose": spec.purpose.value,
        "thinking": spec.thinking.value,
        "here": weights is not None,
        "path": str(weights.path) if weights else None,
        "origin": weights.origin if weights else None,
        "sha256": quant.sha256,
        "size_bytes": quant.size_bytes,
        "n_ctx": fit.n_ctx,
        "need_bytes": fit.need_bytes,
        "layout": asdict(fit.layout),
        "fits": fit.fits,
        "largest_n_ctx": fit.largest_n_ctx,
        "n_ctx_train": spec.n_ctx_train,
        "predicted_tps": standing.predicted_tps,
        "licence": spec.licence,
        "licence_warning": spec.licence_warning,
        "tested": spec.tested,
    }
