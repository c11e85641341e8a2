"""What a line of a chat means: a text to send, or a command after a slash (pure)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches

from edge.cli.words import chat as words
from edge.core.errors import UnknownName

# What other tools call it, where no name here is spelled like it.
_ELSEWHERE = {
    "again": "retry",
    "bye": "quit",
    "clear": "new",
    "continue": "load",
    "exit": "quit",
    "history": "branch",
    "q": "quit",
    "regenerate": "retry",
    "reset": "new",
    "save": "export",
}


@dataclass(frozen=True, slots=True)
class Said:
    """A text for the model."""

    text: str


@dataclass(frozen=True, slots=True)
class Called:
    """The name of a command and what followed it."""

    name: str
    rest: str


def parse(line: str, names: Collection[str]) -> Said | Called:
    """Raises UnknownName, with the nearest of `names`, for a slash and an unknown word.

    >>> parse("/model qwen3-0.6b", ["model"]), parse("//etc/hosts is what?", [])
    (Called(name='model', rest='qwen3-0.6b'), Said(text='/etc/hosts is what?'))
    """
    if line.startswith("//"):
        return Said(line[1:])
    if not line.startswith("/"):
        return Said(line)
    name, rest, *_ = *line[1:].split(maxsplit=1), "", ""
    if name not in names:
        hint = words.nearest_command(f"/{_nearest(name.lower(), names)}", line.strip())
        raise UnknownName(words.no_such_command(f"/{name}"), hint=hint)
    return Called(name, rest.strip())


def _nearest(name: str, names: Collection[str]) -> str:
    meant = _ELSEWHERE.get(name, name)
    return next(iter(get_close_matches(meant, names, n=1, cutoff=0.5)), "help")


def unquoted(rest: str) -> str:
    """A text without the quotes somebody may put around it, as `""` for none."""
    quoted = len(rest) >= 2 and rest[0] == rest[-1] and rest[0] in "\"'"
    return rest[1:-1] if quoted else rest
