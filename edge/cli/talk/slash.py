"""What a line of a chat means: a text to send, or a command after a slash (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from edge.cli.words import chat as words
from edge.core.errors import UnknownName, UsageError

COMMANDS = (
    "help",
    "new",
    "load",
    "model",
    "think",
    "system",
    "private",
    "public",
    "edge",
    "cloud",
    "stats",
    "why",
    "quit",
)
_ON_OFF = {"on": True, "off": False, "": None}


@dataclass(frozen=True, slots=True)
class Said:
    """A text for the model."""

    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """One of COMMANDS and what followed it."""

    name: str
    rest: str


def parse(line: str) -> Said | Command:
    """Raises UnknownName, with the nearest command, for a slash and an unknown word.

    >>> parse("/model qwen3-0.6b"), parse("//etc/hosts is what?")
    (Command(name='model', rest='qwen3-0.6b'), Said(text='/etc/hosts is what?'))
    """
    if line.startswith("//"):
        return Said(line[1:])
    if not line.startswith("/"):
        return Said(line)
    name, _, rest = line[1:].strip().partition(" ")
    if name not in COMMANDS:
        near = get_close_matches(name, COMMANDS, n=1, cutoff=0.5) or ["help"]
        hint = words.nearest_command(f"/{near[0]}", line.strip())
        raise UnknownName(words.no_such_command(f"/{name}"), hint=hint)
    return Command(name, rest.strip())


def on_or_off(rest: str) -> bool | None:
    """What /think is followed by; None when by nothing."""
    if rest not in _ON_OFF:
        raise UsageError(words.on_or_off(), hint=words.how_to_think())
    return _ON_OFF[rest]


def unquoted(rest: str) -> str:
    """A text without the quotes somebody may put around it, as `""` for none."""
    quoted = len(rest) >= 2 and rest[0] == rest[-1] and rest[0] in "\"'"
    return rest[1:-1] if quoted else rest
