"""Small files a system tells about itself in; one that is missing or closed to us says nothing."""

from __future__ import annotations

from pathlib import Path


def read_text(path: Path) -> str:
    """All of it, without the white space around; empty when there is nothing to read."""
    try:
        return path.read_bytes().decode(errors="replace").strip()
    except OSError:
        return ""


def read_number(path: Path) -> int | None:
    """The number it holds; None when it holds something else ("max") or nothing."""
    text = read_text(path)
    return int(text) if text.isdigit() else None


def read_numbers(path: Path) -> dict[str, int]:
    """Lines of "name number" or "Name:  number kB", by name."""
    found = {}
    for line in read_text(path).splitlines():
        words = line.split()
        if len(words) >= 2 and words[1].isdigit():
            found[words[0].rstrip(":")] = int(words[1])
    return found
