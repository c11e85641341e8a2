"""`edge import`: use model files that are on this machine already."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from edge.cli.words import models as words

if TYPE_CHECKING:
    from edge.core.spec import Quant
    from edge.models.library import Library
    from edge.models.shelf import Weights

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command("import")
def import_(
    file: Path | None = typer.Argument(None, help="A GGUF file; it stays where it is."),
    name: str | None = typer.Option(None, "--name", help="What to call it."),
    found: bool = typer.Option(False, "--found", help="Take what other tools already fetched."),
    yes: bool = typer.Option(False, "--yes", "-y", help="Do not ask before --found takes them."),
) -> None:
    """Use a model file of this machine; nothing is fetched."""
    from edge.core.errors import UsageError
    from edge.loading.model import open_library
    from edge.settings.folders import Folders

    if found == (file is not None):
        raise UsageError(words.file_or_found(), hint="edge import FILE.gguf")
    library = open_library(Folders.find())
    if file is None:
        _take_found(library, yes=yes)
        return
    weights = _take(library, file, name)
    _report(library, weights)


def _take(library: Library, file: Path, name: str | None) -> Weights:
    """Look at a file before anything else, hash it, and put it on the shelf."""
    from edge.cli.progress import tell, working
    from edge.core.spec import Quant
    from edge.models.disk import sha256_of
    from edge.models.gguf import preflight
    from edge.models.names import name_for_import, unused_name
    from edge.models.shelf import check_name

    if name is not None:
        check_name(name)
    header = preflight(file)
    with working(words.reading(file.name)):
        sha256 = sha256_of(file)
        if known := library.catalog.by_sha256(sha256):
            if name not in (None, known[0].name):
                tell(words.keeps_its_name(known[0].name))
            return library.shelf.link(file, known[0].name, known[1])
        called = (
            unused_name(library, file.name, sha256)
            if name is None
            else name_for_import(library, name, sha256)
        )
        quant = Quant(header.quant, file.name, header.size_bytes, sha256, header.read_bytes, ())
        return library.shelf.link(file, called, quant)


def _take_found(library: Library, *, yes: bool) -> None:
    """List the catalog's files that other tools have, and link them where that is agreed."""
    from edge.cli.progress import can_ask, confirm, tell, working
    from edge.core.units import show_bytes

    with working(words.looking()):
        found = list(_not_here(library))
    for name, quant, path in found:
        tell(f"{name} {quant.name}, {show_bytes(quant.size_bytes)}: {path}")
    if not found:
        tell(words.none_found())
    elif yes or (can_ask() and confirm(words.use_them(), default=True)):
        for name, quant, path in found:
            _report(library, library.shelf.link(path, name, quant))
    else:
        tell(words.nothing_taken())


def _not_here(library: Library) -> Iterator[tuple[str, Quant, Path]]:
    from edge.models.found import found_files

    here = {weights.sha256 for weights in library.shelf.entries()}
    specs = library.catalog.models.values()
    wanted = ((s.name, quant) for s in specs for quant in s.quants if quant.sha256 not in here)
    return found_files(wanted)


def _report(library: Library, weights: Weights) -> None:
    from edge.cli.table import printable

    name = library.brought(weights).name
    typer.echo(printable(words.came(name, weights.size_bytes, weights.origin)))
