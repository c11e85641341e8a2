"""The numbers of a text, however their digits are spaced, dashed, dotted or broken over lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

# What may stand between two digits of one number. No comma and no colon: those make
# lists, prices and times of day.
SEPARATORS = r"\s\-./\\_()|~。"


@dataclass(frozen=True, slots=True)
class Numbers:
    """Every digit of a text in one row, runs apart by a bar, each with its place.

    A search over this row sees through all separators at once; what it finds
    counts only where it begins and ends with a piece as written, so that no
    number is found inside a longer one.
    """

    text: str = field(repr=False)
    row: str = field(repr=False)
    places: list[int] = field(repr=False)

    def like(self, pattern: re.Pattern[str]) -> Iterator[Written]:
        """The numbers a pattern finds; it is a lookahead with one group: `(?=(1\\d{10}))`."""
        for found in pattern.finditer(self.row):
            start, end = found.span(1)
            if self.cut_before(start) and self.cut_before(end):
                number = Written(self, start, end)
                if not number.is_hex():
                    yield number

    def cut_before(self, at: int) -> bool:
        """Whether the digit here does not touch the one before it."""
        return (
            at == 0
            or self.places[at] > self.places[at - 1] + 1
            or "|" in (self.row[at - 1], self.row[at])
        )

    def joint(self, at: int) -> str:
        """What stands between the digit before this one and this one; empty between runs."""
        if at == 0 or "|" in (self.row[at - 1], self.row[at]):
            return ""
        return self.text[self.places[at - 1] + 1 : self.places[at]]


@dataclass(frozen=True, slots=True)
class Written:
    """One number as it stands in a text; its parts are worked out when asked for."""

    numbers: Numbers
    first: int  # in the row
    last: int  # one further

    @property
    def digits(self) -> str:
        """The digits alone; an X at the end is a check character."""
        return self.numbers.row[self.first : self.last]

    @property
    def start(self) -> int:
        """Where it begins in the text."""
        return self.numbers.places[self.first]

    @property
    def end(self) -> int:
        """Where it ends in the text."""
        return self.numbers.places[self.last - 1] + 1

    @property
    def groups(self) -> tuple[int, ...]:
        """The sizes of the pieces it is written in."""
        return tuple(b - a for a, b in pairwise((self.first, *self._cuts(), self.last)))

    @property
    def joints(self) -> tuple[str, ...]:
        """What stands between its pieces."""
        return tuple(self.numbers.joint(at) for at in self._cuts())

    @property
    def alone(self) -> bool:
        """Whether nothing else is joined to it in the same way, as it is in a table."""
        around = {self.numbers.joint(self.first), self.numbers.joint(self.last)} - {""}
        return not around or not any(self.numbers.joint(at) in around for at in self._cuts())

    @property
    def whole_part(self) -> str:
        """What stands before a decimal point right before it; empty if there is none."""
        if self.numbers.joint(self.first) != ".":
            return ""
        point = self.start - 1
        found = _DIGITS_AT_END.search(self.numbers.text[max(0, point - 12) : point])
        return found[0] if found else ""

    @property
    def is_decimal(self) -> bool:
        """Whether a decimal point stands in it, or right before it."""
        return bool(self.whole_part) or self.joints == (".",)

    def is_hex(self) -> bool:
        """Whether the digits are part of a hash or an identifier written in hexadecimal."""
        text, start, end = self.numbers.text, self.start, self.end
        if not (_is_alnum(text[start - 1 : start]) or _is_alnum(text[end : end + 1])):
            return False
        before = start
        while start - before < _LONGEST_HASH and _is_alnum(text[before - 1 : before]):
            before -= 1
        after = _ALNUMS.match(text, end, end + _LONGEST_HASH)
        around = text[before:start] + (after[0] if after else "")
        letters = [c for c in around if c.isalpha()]
        return len(letters) > 1 and set(letters) <= _HEX_LETTERS

    def _cuts(self) -> Iterator[int]:
        inside = range(self.first + 1, self.last)
        return (at for at in inside if self.numbers.cut_before(at))


def numbers_of(text: str) -> Numbers:
    """The numbers of a text whose digits are all 0 to 9; UUIDs and IP addresses hold none."""
    row, places = [], list[int]()
    text = _NO_NUMBER.sub(lambda found: "#" * len(found[0]), text)
    for found in _RUN.finditer(text):
        run, start = found[0], found.start()
        if run.isalnum():
            row.append(run)
            places += range(start, found.end())
        else:
            row.append(_BETWEEN.sub("", run))
            places += [at for at, c in enumerate(run, start) if c.isalnum()]
        row.append("|")
        places.append(found.end())
    return Numbers(text, "".join(row).upper(), places)


_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_IP_PART = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IP = rf"(?:{_IP_PART}\.){{3}}{_IP_PART}(?:/[0-9]{{1,2}})?"
_NO_NUMBER = re.compile(rf"(?<![0-9A-Za-z.])(?:{_UUID}|{_IP})(?![0-9A-Za-z])(?!\.[0-9])")

# An X at the end is the check character 10 of a Chinese resident number.
_RUN = re.compile(
    rf"[0-9](?:[{SEPARATORS}]{{0,3}}[0-9])*(?:[{SEPARATORS}]{{0,3}}[Xx](?![0-9A-Za-z]))?"
)
_BETWEEN = re.compile(rf"[{SEPARATORS}]+")
_DIGITS_AT_END = re.compile(r"[0-9]+\Z")
_ALNUMS = re.compile(r"[0-9A-Za-z]*")
_HEX_LETTERS = frozenset("abcdefxABCDEFX")
_LONGEST_HASH = 128


def _is_alnum(c: str) -> bool:
    return c.isascii() and c.isalnum()
