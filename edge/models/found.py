"""Models of the catalog that other tools have already fetched: nothing to download twice."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from edge.core.spec import Quant
from edge.models.disk import plain_file, sha256_of


def tool_folders(environ: Mapping[str, str], home: Path) -> tuple[Path, ...]:
    """Where Hugging Face's tools, Ollama and LM Studio keep model files."""
    hub_home = Path(environ.get("HF_HOME") or home / ".cache" / "huggingface")
    return (
        Path(environ.get("HF_HUB_CACHE") or hub_home / "hub"),
        Path(environ.get("OLLAMA_MODELS") or home / ".ollama" / "models") / "blobs",
        home / ".lmstudio" / "models",
        home / ".cache" / "lm-studio" / "models",
    )


def found_files(
    catalog_quants: Iterable[tuple[str, Quant]], folders: Iterable[Path] | None = None
) -> Iterator[tuple[str, Quant, Path]]:
    """Name, quant and path of each catalog model below `folders`, its bytes hashed.

    Only files of exactly a quant's size are read. Each quant is found once;
    `Shelf.link` takes it from there.
    """
    wanted: dict[int, list[tuple[str, Quant]]] = {}
    for name, quant in catalog_quants:
        wanted.setdefault(quant.size_bytes, []).append((name, quant))
    if folders is None:
        folders = tool_folders(os.environ, Path.home())
    seen: set[str] = set()
    for path, size_bytes in _plain_files(folders, set(wanted)):
        digest = _readable_hash(path)
        for name, quant in wanted[size_bytes]:
            if quant.sha256 == digest and digest not in seen:
                seen.add(digest)
                yield name, quant, path


def _plain_files(folders: Iterable[Path], sizes_bytes: set[int]) -> Iterator[tuple[Path, int]]:
    """Plain files of one of these sizes; links are passed over, what they point to is not."""
    for folder in folders:
        for parent, _, files in os.walk(folder):
            for file in sorted(files):
                path = Path(parent, file)
                found = plain_file(path)
                if found is not None and found.st_size in sizes_bytes:
                    yield path, found.st_size


def _readable_hash(path: Path) -> str | None:
    try:
        return sha256_of(path)
    except OSError:  # another user's, or gone meanwhile
        return None
