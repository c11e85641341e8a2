"""What a command of a chat is; the table of them is in edge.cli.talk.commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from edge.cli.words import hints
from edge.core.errors import EdgeError, UsageError

if TYPE_CHECKING:
    from edge.cli.talk.chat import Chat


class Offer(Enum):
    """What can be completed after a command."""

    NOTHING = auto()
    MODELS = auto()
    CONVERSATIONS = auto()
    PATHS = auto()
    PROMPTS = auto()


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

    def obey(self, chat: Chat, rest: str) -> None:
        """Do it; raises UsageError for words behind a command that takes none."""
        if rest and not self.takes:
            name = f"/{self.name}"
            raise UsageError(hints.takes_nothing(name), hint=name)
        self.run(chat, rest)


@contextmanager
def hinting(hint: Callable[[EdgeError], str]) -> Iterator[None]:
    """Within, what fails says what to type next in a chat, as `hint` has it."""
    try:
        yield
    except EdgeError as error:
        error.hint = hint(error)
        raise
