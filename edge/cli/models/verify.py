"""`edge verify`: hash the weights on this machine, every byte of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import typer

from edge.cli.words import models as words

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
            words.some_damaged(damaged, len(chosen)), hint=words.remove_and_fetch(damaged)
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
            with working(words.hashing(name, weights.size_bytes, n, len(chosen))):
                library.shelf.verify(weights)
            show_row(words.ok(), name, size)
        except IntegrityError as error:
            damaged.append(name)
            show_row(words.damaged(), name, error.message)
    if not chosen:
        tell(words.none_here())
    return damaged
