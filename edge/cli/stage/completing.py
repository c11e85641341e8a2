"""What Tab offers in the prompt line: commands, and what may follow them (pure but for paths)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.cli.talk.command import Command, Offer
from edge.core.errors import EdgeError

_MOST_PATHS = 200
_CHOICES = re.compile(r"\[([a-z]+(?:\|[a-z]+)+)\]")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text that may stand in place of the last `replaces` characters; `about` explains it."""

    text: str
    replaces: int
    about: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """What there is to complete: asked anew each time, since it changes while one talks.

    `conversations` yields ids with titles; an empty title is none.
    """

    commands: Sequence[Command] = ()
    models: Callable[[], Iterable[str]] = tuple
    conversations: Callable[[], Iterable[tuple[str, str]]] = tuple
    prompts: Callable[[], Iterable[str]] = tuple


def offered(typed: str, names: Names) -> list[Candidate]:
    """All candidates; none where they cannot be looked for, as in a store that is busy."""
    try:
        return list(candidates(typed, names))
    except (EdgeError, OSError, ValueError):
        return []


def candidates(typed: str, names: Names) -> Iterator[Candidate]:
    """What can follow what stands before the cursor; nothing for a text to a model."""
    if not typed.startswith("/") or typed.startswith("//") or "\n" in typed:
        return
    name, space, rest = typed[1:].partition(" ")
    if not space:
        yield from _commands(name, names.commands)
        return
    command = next((each for each in names.commands if each.name == name), None)
    if command is not None:
        yield from _following(command, rest, names)


def _following(command: Command, rest: str, names: Names) -> Iterator[Candidate]:
    choices, (first, space, more) = choices_of(command), rest.partition(" ")
    if space and first in choices:
        rest = more  # what stands behind a choice is what stands without one
    else:
        yield from _starting(rest, choices)
    match command.offers:
        case Offer.MODELS:
            yield from _starting(rest, names.models())
        case Offer.CONVERSATIONS:
            yield from _conversations(rest, names.conversations())
        case Offer.PROMPTS:
            yield from _starting(rest, names.prompts())
        case Offer.PATHS:
            yield from _paths(rest)


def choices_of(command: Command) -> Sequence[str]:
    """The words of which a command takes one, as /help shows them."""
    found = _CHOICES.match(command.takes)
    return found[1].split("|") if found else ()


def _commands(begun: str, commands: Iterable[Command]) -> Iterator[Candidate]:
    for command in commands:
        if command.name.startswith(begun):
            text = f"/{command.name}{' ' if command.takes else ''}"
            yield Candidate(text, len(begun) + 1, command.help())


def _starting(begun: str, texts: Iterable[str]) -> Iterator[Candidate]:
    for text in texts:
        if text.startswith(begun):
            yield Candidate(text, len(begun))


def _conversations(begun: str, talks: Iterable[tuple[str, str]]) -> Iterator[Candidate]:
    """By title, where no other has the same, else by id."""
    listed = list(talks)
    titles = [title for _, title in listed]
    for talk_id, title in listed:
        name = title if title and titles.count(title) == 1 else talk_id
        if any(each.casefold().startswith(begun.casefold()) for each in (talk_id, title) if each):
            yield Candidate(name, len(begun), talk_id if name == title else title)


def _paths(begun: str) -> Iterator[Candidate]:
    folder, _, start = begun.rpartition("/")
    place = Path(os.path.expanduser(f"{folder}/" if "/" in begun else "."))
    try:
        found = sorted(place.iterdir(), key=lambda path: path.name)
    except (OSError, ValueError):  # a path with a zero byte in it
        return
    hidden = start.startswith(".")
    near = [path for path in found if path.name.startswith(start)]
    shown = [path for path in near if hidden or not path.name.startswith(".")]
    for path in shown[:_MOST_PATHS]:
        # Unlike the path's own, this asks nothing that a folder one may not enter refuses.
        yield Candidate(f"{path.name}{'/' if os.path.isdir(path) else ''}", len(start))
