"""Small trees of files that stand in for machines, containers and phones."""

from __future__ import annotations

from pathlib import Path


def put(root: Path, name: str, text: object) -> None:
    """A file of the machine below `root`."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n")


def cgroup(root: Path, name: str, **files: object) -> None:
    """Files of a cgroup; "memory__max" is memory.max."""
    for file, text in files.items():
        put(root, f"sys/fs/cgroup/{name}/{file.replace('__', '.')}", text)
