"""An EDGE_HOME with a tiny model on its shelf, under the name `tiny`."""

from __future__ import annotations

from pathlib import Path

from edge.models.shelf import Shelf
from edge.settings import Folders
from tiny_gguf import make_tiny


def furnish(home: Path, *, arch: str = "qwen2", name: str = "tiny", n_ctx: int = 4096) -> Path:
    """Put a tiny model on the shelf of this home; returns the file it came from."""
    folders = Folders.below(home)
    home.mkdir(parents=True, exist_ok=True)
    source = make_tiny(home / f"{name}.gguf", arch, n_ctx=n_ctx)
    Shelf(folders.models).link(source, name)
    return source
