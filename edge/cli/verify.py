"""`edge verify`: hash the weights on this machine, every byte of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from edge.models.library import Library
    from edge.models.shelf import Weights

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def verify(
    name: str | None = typer.Argument(None, help="A model that is here; all of them if left out."),
) -> None:
    """Hash every byte of the weights here; exit 11 if some are damaged."""
    from edge.core.errors import IntegrityError
    from edge.loading.model import open_library
    from edge.models.names import find_here, names_here
    from edge.settings.folders import Folders

    library = open_library(Folders.find())
    chosen = names_here(library) if name is None else {name: find_here(library, name)}
    damaged = _damaged(library, chosen)
    if damaged:
        # Not `pull` alone: bytes that rotted under an old time stamp pass its quick check.
        raise IntegrityError(
            f"{len(damaged)} of {len(chosen)} damaged: {', '.join(damaged)}",
            hint=" && ".join(f"edge rm --yes {one}" for one in damaged) + ", and fetch them again",
        )


def _damaged(library: Library, chosen: Mapping[str, Weights]) -> list[str]:
    """The names of those that are not the bytes once hashed; each is reported as it is found."""
    from edge.cli.progress import tell, working
    from edge.cli.table import show_row
    from edge.core.errors import IntegrityError
    from edge.core.units import show_bytes

    damaged = []
    for n, (name, weights) in enumerate(chosen.items(), 1):
        size = show_bytes(weights.size_bytes)
        try:
            with working(f"{name}, {size} ({n} of {len(chosen)})"):
                library.shelf.verify(weights)
            show_row("ok", name, size)
        except IntegrityError as error:
            damaged.append(name)
            show_row("DAMAGED", name, error.message)
    if not chosen:
        tell("no model is here")
    return damaged
