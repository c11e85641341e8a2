"""One table of a settings file: its values taken out by kind, and what is wrong with them said."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from edge.core.errors import UsageError
from edge.core.say import say

# The prefix of the keys of Model Studio and of most others; or what no name looks like.
_KEY = re.compile(r"sk-.*|(?=[^0-9]*[0-9])(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9_-]{24,}", re.IGNORECASE)
_KEY_WITHIN = re.compile(r"sk-[\w-]{8,}", re.IGNORECASE)
_MOST_AMOUNT = Decimal(10) ** 9
_LEAST_EXPONENT = -9  # the ledger counts in units of 1e-9


def looks_like_key(text: str) -> bool:
    """Whether a word is probably a key that was typed where it does not belong.

    >>> looks_like_key("sk-1234"), looks_like_key("qwen-plus")
    (True, False)
    """
    return _KEY.fullmatch(text.strip()) is not None


def shown(value: object) -> str:
    """A value for an error's eye: short, in ASCII, and not if it could be a key."""
    if isinstance(value, str) and (looks_like_key(value) or _KEY_WITHIN.search(value)):
        return say("something like a key (not shown)")
    text = ascii(value) if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def near(name: str, known: Collection[str]) -> str:
    """The names most like this one, else all of them."""
    found = difflib.get_close_matches(name, known, n=2, cutoff=0.5)
    return say(" or ").join(found) if found else say("one of {words}", words=", ".join(known))


@dataclass(frozen=True, slots=True)
class Table:
    """The values below one heading; `name` is empty for the file's top.

    Every reader returns None, or nothing, for a key that is not there, and raises
    UsageError naming file, key and what it must be for a value it cannot take.
    """

    file: str
    name: str
    values: Mapping[str, Any]

    def bad(self, key: str, wanted: str, example: str) -> UsageError:
        """What to raise for a value that is not `wanted`."""
        place = say(" below [{table}]", table=self.name) if self.name else ""
        return UsageError(
            say(
                "{name} is {said} (from {file}) and must be {wanted}",
                name=self._path(key),
                said=shown(self.values[key]),
                file=self.file,
                wanted=wanted,
            ),
            hint=f"{key} = {example}{place}",
        )

    def refuse_unknown(self, known: Collection[str]) -> None:
        """Raise for the first key that is not one of these."""
        for key in self.values:
            if key not in known:
                said = say("something like a key") if looks_like_key(key) else repr(self._path(key))
                raise UsageError(
                    say("there is no setting {said} (from {file})", said=said, file=self.file),
                    hint=near(key, known),
                )

    def table(self, key: str) -> Table:
        """The table of that name, empty when it is not there."""
        found = self.values.get(key, {})
        if not isinstance(found, dict):
            raise self.bad(key, say("a table, as in [{name}]", name=self._path(key)), "{ }")
        return Table(self.file, self._path(key), found)

    def tables(self) -> Iterable[tuple[str, Table]]:
        """The tables below this one."""
        return ((k, self.table(k)) for k, value in self.values.items() if isinstance(value, dict))

    def text(self, key: str, example: str) -> str | None:
        """One line of text."""
        found = self.values.get(key)
        if found is None:
            return None
        if not isinstance(found, str) or not found.strip() or not found.isprintable():
            raise self.bad(key, say("one line of text"), f'"{example}"')
        return found.strip()

    def texts(self, key: str, example: str) -> tuple[str, ...]:
        """A list of texts."""
        found = self.values.get(key, [])
        if not isinstance(found, list) or not all(isinstance(t, str) and t.strip() for t in found):
            raise self.bad(key, say("a list of texts that are not empty"), f'["{example}"]')
        return tuple(dict.fromkeys(text.strip() for text in found))

    def choice(self, key: str, among: Collection[str]) -> str | None:
        """One of a few words."""
        found = self.values.get(key)
        if found is None:
            return None
        if not isinstance(found, str) or found not in among:
            nearest = difflib.get_close_matches(str(found), among, n=1) or list(among)
            raise self.bad(key, say("one of {words}", words=", ".join(among)), f'"{nearest[0]}"')
        return found

    def yes(self, key: str) -> bool:
        """Whether something is wanted; no, when nothing is said."""
        found = self.values.get(key, False)
        if not isinstance(found, bool):
            raise self.bad(key, say("true or false"), "true")
        return found

    def count(self, key: str, example: int) -> int | None:
        """A whole number of things, one at least."""
        found = self.values.get(key)
        if found is None:
            return None
        if type(found) is not int or not 0 < found < 2**40:
            raise self.bad(key, say("a whole number at least 1"), str(example))
        return found

    def amount(self, key: str, example: str) -> Decimal | None:
        """An exact amount of money: a number, or a text that spells one."""
        found = self.values.get(key)
        if found is None:
            return None
        try:
            if isinstance(found, bool) or not isinstance(found, (int, str, Decimal)):
                raise ValueError("another kind")
            amount = Decimal(found)
        except (ArithmeticError, ValueError):
            amount = Decimal("NaN")
        if not (amount.is_finite() and 0 <= amount <= _MOST_AMOUNT) or _too_fine(amount):
            raise self.bad(key, say("an amount from 0 to 1e9 with at most 9 decimals"), example)
        return amount

    def _path(self, key: str) -> str:
        return f"{self.name}.{key}" if self.name else key


def _too_fine(amount: Decimal) -> bool:
    exponent = amount.normalize().as_tuple().exponent
    return isinstance(exponent, int) and exponent < _LEAST_EXPONENT
