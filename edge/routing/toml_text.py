"""TOML a person wrote, read so that every complaint names its file and line.

The standard library's reader tells values and no places, so the places of keys
are found by a second, simpler look at the text. Numbers stay exact.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from edge.core.errors import UsageError
from edge.core.say import noted, say, say_noted

Path = tuple[str | int, ...]

_KEY_PART = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_DOTTED = rf"{_KEY_PART}(?:\s*\.\s*{_KEY_PART})*"
_HEADING = re.compile(rf"\s*(\[\[?)\s*({_DOTTED})\s*\]\]?")
_KEY = re.compile(rf"\s*({_DOTTED})\s*=")
_LARGEST = 10**12
_NO_KEY = noted("there is no key {name!r}{where}")
_LONG_STRING = re.compile(r"\"\"\"|'''")


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a TOML text, and where it stands.

    Every reader raises UsageError, with file and line, for a value it cannot take.
    """

    value: Any
    path: Path
    source: str
    lines: Mapping[Path, int]

    @property
    def key(self) -> str:
        """The name of the value itself; of a table in a list, the list's."""
        return next((part for part in reversed(self.path) if isinstance(part, str)), "")

    def wrong(self, message: str, hint: str = "") -> UsageError:
        """What to raise about this value."""
        path = self.path
        while path and path not in self.lines:  # the key of an inline table: its table's line
            path = path[:-1]
        return UsageError(f"{self.source}:{self.lines.get(path, 1)}: {message}", hint=hint)

    def must_be(self, wanted: str, example: str) -> UsageError:
        """What to raise where a value is another kind."""
        hint = f"{self.key} = {example}"
        if self.value is None:
            return self.wrong(
                say("{key} is missing; it must be {wanted}", key=self.key, wanted=wanted), hint
            )
        shown = str(self.value) if isinstance(self.value, Decimal) else ascii(self.value)
        shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
        return self.wrong(
            say("{key} is {shown} and must be {wanted}", key=self.key, shown=shown, wanted=wanted),
            hint,
        )

    def known(self, names: Collection[str], complaint: str = _NO_KEY) -> None:
        """Raise for the first key of this table that is not one of these.

        `complaint` is a noted text of the key's `{name}` and of `{where}` it stands.
        """
        for name in self.value:
            if name not in names:
                where = say(" in {key}", key=self.key) if self.key else ""
                raise self.at(name).wrong(
                    say_noted(complaint, name=name, where=where), near(name, names)
                )

    def at(self, key: str | int) -> Node:
        """The value below a key, None where there is none."""
        found = self.value[key] if isinstance(key, int) else self.value.get(key)
        return Node(found, (*self.path, key), self.source, self.lines)

    def __contains__(self, key: str) -> bool:
        return key in self.value

    def items(self) -> Iterator[tuple[str, Node]]:
        """The keys of this table with their values."""
        return ((key, self.at(key)) for key in self.value)

    def table(self, example: str = "{ }") -> Node:
        """This, which must be a table."""
        if not isinstance(self.value, dict):
            raise self.must_be(say("a table"), example)
        return self

    def tables(self) -> list[Node]:
        """The tables of a list `[[…]]`; none where there is no list."""
        if self.value is None:
            return []
        if not isinstance(self.value, list) or not all(isinstance(t, dict) for t in self.value):
            raise self.wrong(say("{key} must be tables", key=self.key), f"[[{self.key}]]")
        return [self.at(n) for n in range(len(self.value))]

    def choice(self, words: Collection[str]) -> str:
        """One of a few words."""
        if not isinstance(self.value, str) or self.value not in words:
            nearest = difflib.get_close_matches(str(self.value), words, n=1) or list(words)
            raise self.must_be(say("one of {words}", words=", ".join(words)), f'"{nearest[0]}"')
        return self.value

    def text(self, example: str) -> str:
        """A text that is not empty."""
        if not isinstance(self.value, str) or not self.value:
            raise self.must_be(say("a text"), f'"{example}"')
        return self.value

    def yes(self) -> bool:
        """True or false."""
        if not isinstance(self.value, bool):
            raise self.must_be(say("true or false"), "true")
        return self.value

    def number(self, example: str) -> int | Decimal:
        """A finite number, exact."""
        if not isinstance(self.value, int | Decimal) or isinstance(self.value, bool):
            raise self.must_be(say("a number"), example)
        exact = Decimal(self.value)
        if not exact.is_finite() or abs(exact) > _LARGEST:
            raise self.must_be(say("a number of a size one can measure"), example)
        return self.value

    def count(self, example: str) -> int:
        """A whole number."""
        if type(self.value) is not int:
            raise self.must_be(say("a whole number"), example)
        return int(self.number(example))


def parse(text: str, source: str) -> Node:
    """The whole text as one table; raises UsageError where it is no TOML."""
    try:
        document = tomllib.loads(text, parse_float=Decimal)
    # ValueError: no TOML; ArithmeticError: a number without end; RecursionError: nested so.
    except (ValueError, ArithmeticError, RecursionError) as cause:
        line = re.search(r"line (\d+)", str(cause))
        raise UsageError(
            say(
                "{source}:{line}: this is not TOML: {cause}",
                source=source,
                line=line[1] if line else 1,
                cause=cause,
            ),
            hint=say("write texts in quotes, and one key = value a line"),
        ) from cause
    return Node(document, (), source, places(text))


def near(name: str, known: Collection[str]) -> str:
    """The names most like this one, else all of them."""
    found = difflib.get_close_matches(name, known, n=2, cutoff=0.5)
    return say(" or ").join(found) if found else say("one of {words}", words=", ".join(known))


def places(text: str) -> dict[Path, int]:
    """The line of every heading and of every key that begins one, counted from 1.

    >>> places("[a]\\nb.c = 1\\n[[d]]\\ne = 2")[("d", 0, "e")]
    4
    """
    found: dict[Path, int] = {}
    lists: dict[Path, int] = {}
    within: Path = ()
    is_string = False
    for n, line in enumerate(text.splitlines(), 1):
        begins_in_string = is_string
        is_string ^= len(_LONG_STRING.findall(line)) % 2 == 1
        if begins_in_string:
            continue
        if heading := _HEADING.match(line):
            within = _enter(_parts(heading[2]), heading[1] == "[[", lists)
            _note(found, within, 0, n)
        elif key := _KEY.match(line):
            _note(found, (*within, *_parts(key[1])), len(within), n)
    return found


def _enter(path: Path, is_list: bool, lists: dict[Path, int]) -> Path:
    """The full path of a heading: below a list, it is of the list's last table."""
    if is_list:
        path = (*_enter(path[:-1], False, lists), path[-1])
        lists[path] = lists.get(path, -1) + 1
        return (*path, lists[path])
    full: Path = ()
    for part in path:
        full = (*full, part)
        if full in lists:
            full = (*full, lists[full])
    return full


def _note(found: dict[Path, int], path: Path, known: int, line: int) -> None:
    """A path's line, and that of the paths above it where they have none yet."""
    for end in range(known + 1, len(path) + 1):
        found.setdefault(path[:end], line)


def _parts(dotted: str) -> Path:
    return tuple(part.strip("\"'") for part in re.findall(_KEY_PART, dotted))
