"""`edge pull`: bring a model's weights to this machine."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import typer

if TYPE_CHECKING:
    from edge.core.spec import Quant
    from edge.models.library import Library, Model
    from edge.models.shelf import Shelf, Weights

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def pull(
    name: str = typer.Argument(help="A model of `edge models`, NAME:QUANT, or hf:OWNER/REPO/FILE."),
    yes: bool = typer.Option(False, "--yes", "-y", help="Agree to unofficial sources beforehand."),
) -> None:
    """Fetch a model; what was fetched before a stop is kept."""
    from edge.cli.table import printable
    from edge.cli.words import models as words
    from edge.loading.model import open_library
    from edge.settings.folders import Folders

    library = open_library(Folders.find())
    asked = _reference if name.startswith("hf:") else _by_name
    model, fetched = asked(library, name, yes=yes)
    assert model.weights is not None
    size_bytes = model.quant.size_bytes
    said = words.already_here(model.name, size_bytes)
    if fetched:
        said = words.came(model.name, size_bytes, _place(model.weights.origin))
    typer.echo(printable(said))


def _by_name(library: Library, name: str, *, yes: bool) -> tuple[Model, bool]:
    """A model of the catalog, or one imported before; says whether it had to be fetched."""
    from edge.cli.models.pulling import pull_for_terminal
    from edge.cli.progress import tell
    from edge.core.errors import UnknownName
    from edge.models.library import Model
    from edge.models.standing import licence_note

    try:
        spec, quant = library.catalog.find(name)
    except UnknownName:
        weights = library.shelf.find(name)
        if weights is None:
            raise
        return library.brought(weights), False
    if weights := _sound(library.shelf, quant):
        return Model(spec, quant, weights), False
    if note := licence_note(spec):
        tell(f"! {note}")
    return pull_for_terminal(library, Model(spec, quant, None), yes=yes), True


def _reference(library: Library, reference: str, *, yes: bool) -> tuple[Model, bool]:
    """A file of the Hub, looked up there; one that is no model of ours does not stay."""
    from edge.cli.models.pulling import Order, fetch, hosts_in_force
    from edge.cli.progress import tell
    from edge.cli.words import models as words
    from edge.core.errors import BadModelFile, UnsupportedModel
    from edge.models.names import unused_name
    from edge.models.reference import resolve_reference

    hosts = hosts_in_force()
    quant = resolve_reference(reference, hosts)
    if known := library.catalog.by_sha256(quant.sha256):
        return _by_name(library, f"{known[0].name}:{known[1].name}", yes=yes)
    if here := _sound(library.shelf, quant):
        return library.brought(here), False
    name = unused_name(library, quant.file, quant.sha256)
    tell(words.licence_unknown())
    weights = fetch(library.shelf, Order(quant, name, reference), yes=yes, hosts=hosts)
    try:
        return library.brought(weights), True
    except (BadModelFile, UnsupportedModel):
        library.shelf.remove(weights)
        raise


def _sound(shelf: Shelf, quant: Quant) -> Weights | None:
    """The weights if they are on the shelf; changed ones are for the pull to replace."""
    from edge.core.errors import IntegrityError

    with suppress(IntegrityError):
        return shelf.get(quant.sha256)
    return None


def _place(origin: str) -> str:
    """Where weights came from, in a word: the host, the file, or the packages."""
    if origin.startswith(("http://", "https://")):
        return urlsplit(origin).netloc.rpartition("@")[2]
    return origin.replace("{n}", "1") + " …" if "{n" in origin else origin
