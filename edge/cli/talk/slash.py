"""What a line of a chat means: a text to send, or a command after a slash (pure)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum, auto
from typing import TYPE_CHECKING

from edge.cli.words import chat as words
from edge.core.errors import UnknownName

if TYPE_CHECKING:
    from edge.cli.talk.chat import Chat


class Offer(Enum):
    """What can be completed after a command."""

    NOTHING = auto()
    MODELS = auto()
    CONVERSATIONS = auto()
    PATHS = auto()


@dataclass(frozen=True, slots=True)
class Command:
    """What a chat obeys after a slash.

    `takes` is what may follow, as /help shows it; `help` says in a few words what it
    does, in the language spoken then; `run` does it, given what followed.
    """

    name: str
    takes: str
    help: Callable[[], str]
    run: Callable[[Chat, str], None]
    offers: Offer = Offer.NOTHING


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
    name, _, rest = line[1:].strip().partition(" ")
    if name not in names:
        near = get_close_matches(name, names, n=1, cutoff=0.5) or ["help"]
        hint = words.nearest_command(f"/{near[0]}", line.strip())
        raise UnknownName(words.no_such_command(f"/{name}"), hint=hint)
    return Called(name, rest.strip())


def unquoted(rest: str) -> str:
    """A text without the quotes somebody may put around it, as `""` for none."""
    quoted = len(rest) >= 2 and rest[0] == rest[-1] and rest[0] in "\"'"
    return rest[1:-1] if quoted else rest
