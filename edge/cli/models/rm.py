"""`edge rm`: take a model's weights off this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from edge.cli.words import models as words

if TYPE_CHECKING:
    from edge.models.shelf import Weights

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def rm(
    name: str = typer.Argument(help="A model that is here."),
    yes: bool = typer.Option(False, "--yes", "-y", help="Do not ask."),
) -> None:
    """Remove a model's weights; conversations stay."""
    from edge.cli.table import printable
    from edge.loading.model import open_library
    from edge.models.names import find_here
    from edge.settings.folders import Folders

    library = open_library(Folders.find())
    weights = find_here(library, name)
    freed = _what_is_freed(weights)
    if not yes:
        _ask(name, freed)
    library.shelf.remove(weights)
    typer.echo(printable(words.removed(name, freed)))


def _ask(name: str, freed: str) -> None:
    from edge.cli.progress import can_ask, confirm
    from edge.core.errors import Cancelled, UsageError

    if not can_ask():
        raise UsageError(words.nobody_to_ask(name), hint=f"edge rm --yes {name}")
    if not confirm(words.remove(name, freed)):
        raise Cancelled(words.stays(name))


def _what_is_freed(weights: Weights) -> str:
    # An imported file is often a second name for the original's bytes.
    if weights.path.stat().st_nlink > 1:
        return words.frees_nothing(weights.size_bytes, weights.origin)
    return words.frees(weights.size_bytes)
