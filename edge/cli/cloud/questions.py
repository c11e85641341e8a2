"""The questions of `edge cloud login`: a key nobody sees, and one of a few words."""

from __future__ import annotations

import getpass
import sys
import warnings
from collections.abc import Sequence

import typer

from edge.cli.progress import tell
from edge.cli.table import printable
from edge.cli.words import cloud_login as words
from edge.core.errors import Cancelled, UsageError
from edge.core.say import say
from edge.settings.table import shown

_LONGEST_BYTES = 4096


def asked_key(provider: str) -> str:
    """A key typed at the terminal, which does not show it; empty when Enter alone was pressed.

    Raises UsageError where the terminal would show it, Cancelled at Ctrl-D.
    """
    with warnings.catch_warnings():
        # Python would go on and show what is typed.
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(printable(words.ask_key(provider)), stream=sys.stderr).strip()
        except getpass.GetPassWarning as cause:
            hint = words.how_to_give_a_key()
            raise UsageError(words.terminal_shows_keys(), hint=hint) from cause
        except EOFError as cause:
            raise Cancelled(words.key_not_kept()) from cause


def piped_key() -> str:
    """What stands on standard input; what is no text becomes a text that is no key."""
    if sys.stdin is None or sys.stdin.closed:
        return ""
    return sys.stdin.buffer.read(_LONGEST_BYTES).decode("utf-8", "replace").strip()


def one_of(given: str | None, flag: str, among: Sequence[str]) -> str | None:
    """A word that a flag gave; raises UsageError for one that is none of these."""
    if given is None or given.lower() in among:
        return given and given.lower()
    raise UsageError(
        say(
            "{flag} is {said} and must be one of {known}",
            flag=flag,
            said=shown(given),
            known=", ".join(among),
        ),
        hint=f"{flag} {among[0]}",
    )


def choose(among: Sequence[str], question: str | None) -> str:
    """One of a few words, as answered; where there is no question, the first."""
    while question is not None:
        said = typer.prompt(f"{question} [{'/'.join(among)}]", default=among[0], err=True)
        if said.strip().lower() in among:
            return str(said.strip().lower())
        tell(words.answer_with(among))
    return among[0]
