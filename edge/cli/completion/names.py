"""What can be completed after a command: names found on the disk, without an engine.

A completer is asked while somebody is typing, so it says nothing when it fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from edge.core.errors import EdgeError
from edge.settings.folders import Folders

_LISTED_CONVERSATIONS = 50
# A title goes through shells that read it again: nothing of it may mean anything there.
_NOT_PLAIN = re.compile(r"[^\w .,-]+")


@dataclass(frozen=True, slots=True)
class Offer:
    """One completion, with a word on what it is where the shell shows one."""

    value: str
    help: str = ""
    type: str = "plain"


Completer = Callable[[Folders], Iterable[Offer]]


def _models(folders: Folders) -> Iterator[Offer]:
    """Those on the shelf."""
    from edge.models.catalog import load_catalog
    from edge.models.library import Library
    from edge.models.names import names_here
    from edge.models.shelf import Shelf

    yield from map(Offer, names_here(Library(load_catalog(), Shelf(folders.models))))


def _catalog(_: Folders) -> Iterator[Offer]:
    """Those that can be fetched."""
    from edge.models.catalog import load_catalog

    for spec in load_catalog().models.values():
        yield Offer(spec.name, _plain(spec.title))
        for quant in spec.quants:
            yield Offer(f"{spec.name}:{quant.name}", _plain(spec.title))


def _conversations(folders: Folders) -> Iterator[Offer]:
    """The last ones, by their ids."""
    from edge.cli.kept import opened_store
    from edge.store.conversations import Conversations

    with opened_store(folders) as database:
        for each in Conversations(database).list(_LISTED_CONVERSATIONS):
            yield Offer(each.id, _plain(each.title or each.opening))


def _prompts(folders: Folders) -> Iterator[Offer]:
    from edge.settings.prompts import names_of

    yield from map(Offer, names_of(folders))


def _policies(_: Folders) -> Iterator[Offer]:
    from edge.routing.policy_file import BUILT_IN

    yield from map(Offer, BUILT_IN)


def _sums(_: Folders) -> Iterator[Offer]:
    from edge.store.ledger import By

    yield from map(Offer, By)


def _modes(_: Folders) -> Iterator[Offer]:
    from edge.cli.cloud.login import MODES

    yield from map(Offer, MODES)


def _words(*values: str) -> Completer:
    return lambda _: map(Offer, values)


# By command and parameter; a parameter named alone is meant in every command.
COMPLETERS: Mapping[str, Completer] = {
    "model": _models,
    "conversation": _conversations,
    "template": _prompts,
    "memory": _words("low", "auto", "fast"),
    "when_full": _words("slide", "summarise", "stop"),
    "policy": _policies,
    "chat named": _models,
    "pull name": _catalog,
    "verify name": _models,
    "rm name": _models,
    "log show name": _conversations,
    "log export name": _conversations,
    "log export form": _words("md", "json", "html"),
    "log rename name": _conversations,
    "log rm names": _conversations,
    "prompt show name": _prompts,
    "prompt edit name": _prompts,
    "prompt rm names": _prompts,
    "policy show name": _policies,
    "policy init name": _policies,
    "policy replay name": _policies,
    "cloud login mode": _modes,
    "budget by": _sums,
    "completion shell": _words("bash", "zsh", "fish", "powershell"),
}


def completed(command: Any, path: str) -> Any:
    """A command, fresh from Typer, whose parameters complete; its subcommands likewise."""
    for parameter in command.params:
        completer = COMPLETERS.get(f"{path} {parameter.name}") or COMPLETERS.get(parameter.name)
        if completer is not None:
            parameter.shell_complete = _completing(completer)
    for name, one in getattr(command, "commands", {}).items():
        completed(one, f"{path} {name}")
    return command


def _completing(completer: Completer) -> Callable[[Any, str], list[Offer]]:
    def complete(_: Any, begun: str) -> list[Offer]:
        try:
            return [each for each in completer(Folders.find()) if each.value.startswith(begun)]
        except (EdgeError, OSError):
            return []

    return complete


def _plain(text: str) -> str:
    return " ".join(_NOT_PLAIN.sub(" ", text).split())[:60]
