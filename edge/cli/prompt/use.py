"""`edge ask -t NAME`: a prompt that was kept, filled in with what is typed and piped in."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

from edge.cli.page.streams import is_terminal
from edge.cli.talk.attach import Attached, as_text, with_files
from edge.cli.talk.piped import gather, read
from edge.cli.talk.piped import text as checked
from edge.cli.talk.slash import unquoted
from edge.cli.words import files as file_words
from edge.cli.words import piped as piped_words
from edge.cli.words import prompt as words
from edge.core.errors import UsageError
from edge.settings.folders import Folders
from edge.settings.prompts import find_template, render_template

_GIVEN = re.compile(r"""(\w+)=("[^"]*"|'[^']*'|\S*)\s*""")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked, with the files in it. `system` None: the settings decide.

    `title` is what a talk that begins with files can be called; its first words are theirs.
    """

    system: str | None
    prompt: str
    files: tuple[Attached, ...] = ()
    title: str = ""


def gathered(
    name: str | None,
    given: Sequence[str],
    args: Sequence[str],
    stdin: TextIO | None,
    files: Sequence[Attached] = (),
) -> Asked:
    """The prompt of that name with its variables; without a name the words as they are.

    Raises UsageError for variables that do not fit and for a prompt that is empty.
    """
    if name is None:
        if given:
            raise UsageError(words.variables_without_a_prompt(), hint="edge ask -t NAME --var …")
        text = gather(args, stdin, file_words.how_to_ask() if files else "")
        return Asked(None, with_files(files, text), tuple(files), text)
    text = gather(args, stdin) if args else _piped(stdin)
    asked = filled_in(name, variables(given), text, files)
    if not asked.prompt.strip():
        raise UsageError(piped_words.no_prompt(), hint=f"edge ask -t {name} '{words.text()}'")
    return asked


def filled_in(
    name: str, given: Mapping[str, str], text: str, files: Sequence[Attached] = ()
) -> Asked:
    """A prompt with its variables, its text, and the files before it.

    Where it has a place for a text and there is no other, the files are the text.
    Raises UnknownName, and UsageError for variables that do not fit.
    """
    folders = Folders.find()
    if files and not text.strip() and find_template(name, folders).has_text:
        files, text = as_text(files), with_files(as_text(files), "")
        rendered = render_template(name, given, text, folders)
        title = f"{name}: {', '.join(file.name for file in files)}"
        return Asked(rendered.system, rendered.prompt, tuple(files), title)
    rendered = render_template(name, given, text, folders)
    return Asked(rendered.system, with_files(files, rendered.prompt), tuple(files), text)


def _piped(stdin: TextIO | None) -> str:
    """What is piped in, if anything: a prompt may need no text at all."""
    return "" if stdin is None or is_terminal(stdin) else read(stdin)


def given_first(known: Collection[str], said: str) -> tuple[dict[str, str], str]:
    """The variables a text begins with, of those that are known, and what follows them.

    >>> given_first(["into"], "into='Old English' x=1 is odd")
    ({'into': 'Old English'}, 'x=1 is odd')
    """
    found: dict[str, str] = {}
    while (each := _GIVEN.match(said)) and each[1] in known:
        found[each[1]] = unquoted(each[2])
        said = said[each.end() :]
    return found, said


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
