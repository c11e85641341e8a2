"""What Tab offers in the prompt line: commands, and what may follow them (pure but for paths)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.cli.talk.slash import Command, Offer

_MOST_PATHS = 200


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


def candidates(typed: str, names: Names) -> Iterator[Candidate]:
    """What can follow what stands before the cursor; nothing for a text to a model."""
    if not typed.startswith("/") or typed.startswith("//") or "\n" in typed:
        return
    name, space, rest = typed[1:].partition(" ")
    if not space:
        yield from _commands(name, names.commands)
        return
    match _offer(name, names.commands):
        case Offer.MODELS:
            yield from _starting(rest, names.models())
        case Offer.CONVERSATIONS:
            yield from _conversations(rest, names.conversations())
        case Offer.PATHS:
            yield from _paths(rest)


def _commands(begun: str, commands: Iterable[Command]) -> Iterator[Candidate]:
    for command in commands:
        if command.name.startswith(begun):
            text = f"/{command.name}{' ' if command.takes else ''}"
            yield Candidate(text, len(begun) + 1, command.help())


def _offer(name: str, commands: Iterable[Command]) -> Offer:
    return next((each.offers for each in commands if each.name == name), Offer.NOTHING)


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
    except OSError:
        return
    hidden = start.startswith(".")
    near = [path for path in found if path.name.startswith(start)]
    shown = [path for path in near if hidden or not path.name.startswith(".")]
    for path in shown[:_MOST_PATHS]:
        yield Candidate(f"{path.name}{'/' if path.is_dir() else ''}", len(start))
