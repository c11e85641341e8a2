"""An EDGE_HOME with a tiny model on its shelf, under the name `tiny`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edge.models.shelf import Shelf
from edge.settings.folders import Folders
from tiny_gguf import make_tiny


def furnish(home: Path, *, name: str = "tiny", **make: Any) -> Path:
    """Put a tiny model (see `make_tiny`) on the shelf of this home; returns the file it was."""
    folders = Folders.below(home)
    home.mkdir(parents=True, exist_ok=True)
    source = make_tiny(home / f"{name}.gguf", **make)
    Shelf(folders.models).link(source, name)
    return source
