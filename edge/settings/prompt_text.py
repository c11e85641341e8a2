"""A prompt kept for later: its text taken apart and filled in (pure).

The text is Markdown with a head of TOML between two lines of "+++". Head: `about`, one
line; `system`, the system prompt; [variables], names with the values they have when none
is given. The rest is the prompt, in which `{{name}}` stands for a variable.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edge.core.errors import UsageError
from edge.core.say import say
from edge.settings.table import Table, near, shown

TEXT = "text"  # the variable that is typed or piped in
TOLD = ("language", "into", "my_language")  # those that need not be given
_VARIABLE = re.compile(r"\{\{\s*([^\W\d]\w*)\s*\}\}")
_MARK = "+++"
_HEAD = ("about", "system", "variables")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Template:
    """A prompt with places to fill in; `system` empty: it has no system prompt of its own."""

    name: str
    about: str = ""
    system: str = ""
    prompt: str = ""
    defaults: Mapping[str, str] = field(default_factory=dict)

    @property
    def variables(self) -> tuple[str, ...]:
        """The names in it, in their order, without that of the text itself."""
        found = _VARIABLE.findall(f"{self.system}\n{self.prompt}")
        return tuple(name for name in dict.fromkeys(found) if name != TEXT)

    @property
    def has_text(self) -> bool:
        """Whether there is a place in it for the text itself."""
        return TEXT in _VARIABLE.findall(f"{self.system}\n{self.prompt}")

    @property
    def wanted(self) -> tuple[str, ...]:
        """Those that must be given."""
        return tuple(n for n in self.variables if n not in {*self.defaults, *TOLD})


@dataclass(frozen=True, slots=True)
class Rendered:
    """What is asked. `system` None: the prompt has none, so the settings decide."""

    system: str | None
    prompt: str


def read_text(name: str, text: str, file: str) -> Template:
    """The prompt in a file's text; raises UsageError naming the file and what is wrong."""
    head, body = _parts(text.replace("\r\n", "\n").removeprefix("\ufeff"), file)
    table = Table(file, "", head)
    if unknown := next((key for key in head if key not in _HEAD), None):
        raise UsageError(
            say("the head of {file} has no place for {key}", file=repr(file), key=shown(unknown)),
            hint=near(unknown, _HEAD),
        )
    return Template(
        name,
        about=table.text("about", "What it is for") or "",
        system=_lines(table, "system"),
        prompt=body.strip(),
        defaults=_defaults(table.table("variables")),
    )


def render(
    template: Template, variables: Mapping[str, str], text: str, my_language: str = "English"
) -> Rendered:
    """The prompt filled in. A text that has no place in it follows after a blank line.

    `my_language` is the one of the person who asks, as one tells it to a model. Raises
    UsageError naming every variable that is missing, or one the prompt does not have.
    """
    known = template.variables
    for name in variables:
        if name not in known:
            raise _no_such_variable(template, name)
    told = {"my_language": my_language, **told_by_text(text)}
    values = {**told, **template.defaults, **variables}
    missing = [name for name in known if name not in values]
    if template.has_text and not text:
        missing.append(TEXT)
    if missing:
        raise _missing(template, missing)
    values[TEXT] = text
    return Rendered(_filled(template.system, values) or None, _with_text(template.prompt, values))


def told_by_text(text: str) -> dict[str, str]:
    """The variables that follow from the text; any of them may be given instead.

    `language` is that of the text, as one tells it to a model, `into` the one to
    translate it into: English for Chinese and Japanese, and else Chinese.

    >>> told_by_text("今天天气很好")
    {'language': 'Chinese', 'into': 'English'}
    """
    if _KANA.search(text):
        return {"language": "Japanese", "into": "English"}
    # A Han character weighs about as much as a word does elsewhere.
    if _HAN.search(text) and len(_HAN.findall(text)) >= len(_WORD.findall(_HAN.sub(" ", text))):
        return {"language": "Chinese", "into": "English"}
    return {"language": "the language of the text", "into": "Simplified Chinese"}


def _parts(text: str, file: str) -> tuple[dict[str, Any], str]:
    """The head and the rest; a text without a head is all prompt."""
    lines = text.split("\n")
    if lines[0].rstrip() != _MARK:
        return {}, text
    end = next((n for n, line in enumerate(lines) if n and line.rstrip() == _MARK), None)
    if end is None:
        raise UsageError(
            say("the head of {file} has no end", file=repr(file)),
            hint=say("a line of {mark} after it", mark=_MARK),
        )
    try:
        return tomllib.loads("\n".join(lines[1:end])), "\n".join(lines[end + 1 :])
    except (ValueError, RecursionError) as cause:
        raise UsageError(
            say("the head of {file} is not valid TOML: {why}", file=repr(file), why=str(cause)),
            hint=say("its lines count from the first {mark}", mark=_MARK),
        ) from cause


def _lines(table: Table, key: str) -> str:
    """Text of any number of lines."""
    found = table.values.get(key, "")
    if not isinstance(found, str):
        raise table.bad(key, say("text"), '"Answer in one sentence."')
    return found.strip()


def _defaults(table: Table) -> dict[str, str]:
    for name in table.values:
        if not _VARIABLE.fullmatch(f"{{{{{name}}}}}"):
            raise table.bad(name, say("named by a word"), '"…"')
    return {name: _lines(table, name) for name in table.values}


def _filled(text: str, values: Mapping[str, str]) -> str:
    """In one go, so that what a value says is never read as a place itself."""
    return _VARIABLE.sub(lambda found: values[found[1]], text)


def _with_text(prompt: str, values: Mapping[str, str]) -> str:
    filled = _filled(prompt, values)
    if TEXT in _VARIABLE.findall(prompt):
        return filled
    return "\n\n".join(part for part in (filled, values[TEXT]) if part)


def _missing(template: Template, names: list[str]) -> UsageError:
    given = [f"--var {name}=…" for name in names if name != TEXT]
    line = " ".join(["edge ask -t", template.name, *given, f"'{say('TEXT')}'"])
    return UsageError(
        say(
            "the prompt {name} wants {missing}", name=repr(template.name), missing=", ".join(names)
        ),
        hint=line,
    )


def _no_such_variable(template: Template, name: str) -> UsageError:
    known = template.variables
    return UsageError(
        say(
            "the prompt {name} has no variable {given}", name=repr(template.name), given=repr(name)
        ),
        hint=f"--var {near(name, known)}=…" if known else f"edge prompt show {template.name}",
    )
