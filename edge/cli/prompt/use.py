"""`edge ask -t NAME`: a prompt that was kept, filled in with what is typed and piped in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from edge.cli.page.writer import is_terminal
from edge.cli.talk.piped import gather, read
from edge.cli.talk.piped import text as checked
from edge.cli.words import prompt as words
from edge.cli.words import turn as turn_words
from edge.core.errors import UsageError
from edge.settings.folders import Folders
from edge.settings.prompt_text import Rendered
from edge.settings.prompts import render_template


def gathered(
    name: str | None, given: Sequence[str], args: Sequence[str], stdin: TextIO | None
) -> Rendered:
    """The prompt of that name with its variables; without a name the words as they are.

    Raises UsageError for variables that do not fit and for a prompt that is empty.
    """
    if name is None:
        if given:
            raise UsageError(words.variables_without_a_prompt(), hint="edge ask -t NAME --var …")
        return Rendered(None, gather(args, stdin))
    text = gather(args, stdin) if args else _piped(stdin)
    rendered = render_template(name, variables(given), text, Folders.find())
    if not rendered.prompt.strip():
        raise UsageError(turn_words.no_prompt(), hint=f"edge ask -t {name} '{words.text()}'")
    return rendered


def _piped(stdin: TextIO | None) -> str:
    """What is piped in, if anything: a prompt may need no text at all."""
    return "" if stdin is None or is_terminal(stdin) else read(stdin)


def variables(given: Sequence[str]) -> dict[str, str]:
    """What each --var says: NAME=VALUE; raises UsageError for another form, and for a second value.

    >>> variables(["into=French", "tone=a=b"])
    {'into': 'French', 'tone': 'a=b'}
    """
    found: dict[str, str] = {}
    for each in given:
        name, is_set, value = checked(each, "--var").partition("=")
        if not is_set or not name:
            raise UsageError(words.not_a_variable(each), hint="--var into=French")
        if name in found:
            raise UsageError(words.variable_twice(name), hint=f"--var {name}={found[name]}")
        found[name] = value
    return found
