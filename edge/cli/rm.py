"""`edge rm`: take a model's weights off this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

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
    typer.echo(printable(f"{name} is removed; {freed}"))


def _ask(name: str, freed: str) -> None:
    from edge.cli.progress import can_ask, confirm
    from edge.core.errors import Cancelled, UsageError

    if not can_ask():
        raise UsageError(
            f"nobody is here to be asked whether {name!r} may go", hint=f"edge rm --yes {name}"
        )
    if not confirm(f"Remove {name}? ({freed})"):
        raise Cancelled(f"{name!r} stays")


def _what_is_freed(weights: Weights) -> str:
    from edge.core.units import show_bytes

    size = show_bytes(weights.size_bytes)
    # An imported file is often a second name for the original's bytes.
    if weights.path.stat().st_nlink > 1:
        return f"frees nothing: its {size} have another name, at {weights.origin}"
    return f"frees {size}"
