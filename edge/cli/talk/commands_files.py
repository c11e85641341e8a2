"""Commands of a chat that send along what is already written: a file, a prompt kept for later."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from edge.cli.prompt.list import in_short
from edge.cli.prompt.use import Asked, filled_in, given_first
from edge.cli.talk.attach import attach, measured, with_files
from edge.cli.talk.chat import Chat
from edge.cli.words import chat as chat_words
from edge.cli.words import files as words
from edge.cli.words import piped as piped_words
from edge.cli.words import prompt as prompt_words
from edge.core.errors import EdgeError, UsageError
from edge.settings.prompt_text import Template
from edge.settings.prompts import find_template, list_templates

_QUOTED = re.compile(r"""(["'])(?P<path>.+?)\1\s*(?P<said>.*)""", re.DOTALL)
_MOST_PATH_CHARS = 4096  # as many as a system takes


def file(chat: Chat, rest: str) -> None:
    """Take a text file along with the next prompt, or with the one that is said beside it."""
    if not rest:
        chat.writer.note(words.taken_along([each.name for each in chat.files]))
        return
    path, said = _path_and_text(rest)
    files = [*chat.files, attach(path)]
    for line in measured(chat.talk, files, with_files(files, said), chat.writer)[-1:]:
        chat.writer.note(line)
    chat.files = files
    if said:
        chat.say(said)
    else:
        chat.writer.note(words.goes_along())


def prompt(chat: Chat, rest: str) -> None:
    """Send a prompt that is kept, filled in; without a name, show which there are.

    What it has of a system prompt stands before it, for this turn: the talk keeps its own.
    """
    folders = chat.talk.desk.folders
    if not rest:
        chat.writer.note(in_short(list_templates(folders), chat.writer.width))
        return
    name, said, *_ = *rest.split(maxsplit=1), ""
    template = find_template(name, folders)
    given, text = given_first(template.variables, said)
    try:
        asked = filled_in(name, given, text, chat.files)
    except UsageError as error:
        hint = prompt_words.how_to_fill(name, template.wanted)
        raise UsageError(error.message, hint=hint) from error
    if template.prompt:
        _send(chat, asked)
    else:
        _become(chat, template, asked, text)


def _send(chat: Chat, asked: Asked) -> None:
    """Send it, with the files that waited: they are in it."""
    files, chat.files = chat.files, []
    try:
        chat.send("\n\n".join(filter(None, [asked.system, asked.prompt])))
    except EdgeError:  # they are not lost with it
        chat.files = files
        raise


def _become(chat: Chat, template: Template, asked: Asked, text: str) -> None:
    """A system prompt and nothing else is for the talk, from now on."""
    if not template.system:
        raise UsageError(piped_words.no_prompt(), hint=f"edge prompt edit {template.name}")
    chat.talk.session.set_system(asked.system or "")
    chat.writer.note(chat_words.system_now(chat.talk.session.system))
    chat.say(text)


def _path_and_text(rest: str) -> tuple[Path, str]:
    """A path and the text behind it; in quotes, or as far as there is a file of that name."""
    if (quoted := _QUOTED.fullmatch(rest)) and not os.path.exists(rest):
        return Path(os.path.expanduser(quoted["path"])), quoted["said"]
    for end in _ends(rest):
        path = os.path.expanduser(rest[:end])
        if os.path.exists(path):
            return Path(path), rest[end:].strip()
    path, _, said = rest.partition(" ")
    return Path(os.path.expanduser(path)), said.strip()


def _ends(rest: str) -> Iterator[int]:
    """Where a path may end, the longest first: names have blanks in them."""
    blanks = [found.start() for found in re.finditer(r"\s+", rest[:_MOST_PATH_CHARS])]
    yield from (end for end in (len(rest), *reversed(blanks)) if end <= _MOST_PATH_CHARS)
