"""Where words stand in a text, and the piece of it that shows them (pure).

A text may be one line of megabytes: each is folded once, in stretches, and only what is
shown is looked at letter by letter.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, takewhile
from unicodedata import combining

from edge.store.words import folded

_BEFORE = 40  # characters shown before what was found
_LENGTH = 160
_STRETCH = 2000  # characters folded at once; long enough that a loop over them costs nothing
_CUT = "…"
# What joins the character before it although it is no combining mark: the vowels and
# finals of Hangul syllables, and the voice marks of halfwidth kana.
_JOINS = re.compile("[\u1160-\u11ff\uff9e\uff9f]")
_NOT_SHOWN = re.compile(r"\s")


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of a text on one line; `found` holds where in it what was found begins and ends."""

    text: str
    found: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Folded:
    """A text and what becomes of it; `starts` pairs where its stretches begin in both."""

    text: str
    searched: str
    starts: Sequence[tuple[int, int]]

    @classmethod
    def of(cls, text: str) -> _Folded:
        begins = list(_borders(text))
        pieces = [folded(text[a:b]) for a, b in zip(begins, [*begins[1:], None], strict=True)]
        lengths = accumulate(map(len, pieces[:-1]), initial=0)
        return cls(text, "".join(pieces), list(zip(begins, lengths, strict=True)))

    def before(self, at: int) -> tuple[int, int]:
        """The last start of a stretch that is not after a place in what is searched."""
        return self.starts[max(0, bisect_right(self.starts, at, key=lambda start: start[1]) - 1)]


def cut_out(text: str, patterns: Sequence[re.Pattern[str]]) -> Snippet | None:
    """The piece around the line that holds most of the patterns, the first one of these.

    None where the text does not hold them all.
    """
    whole = _Folded.of(text)
    if not all(pattern.search(whole.searched) for pattern in patterns):
        return None
    return _around(text, _spans(whole, _best_line(whole.searched, patterns), patterns))


def _best_line(searched: str, patterns: Sequence[re.Pattern[str]]) -> tuple[int, int]:
    """Where the first line begins and ends that holds most of the patterns."""
    best, most, at = (0, len(searched)), 0, 0
    for line in searched.splitlines(keepends=True):
        n_found = sum(bool(pattern.search(line)) for pattern in patterns)
        if n_found > most:
            best, most = (at, at + len(line)), n_found
        if most == len(patterns):
            break
        at += len(line)
    return best


def _around(text: str, spans: Sequence[tuple[int, int]]) -> Snippet:
    first = spans[0][0] if spans else 0
    start = max(0, first - _BEFORE)
    end = min(len(text), start + _LENGTH)
    before, after = _CUT if start else "", _CUT if end < len(text) else ""
    shift = len(before) - start
    found = tuple((a + shift, min(b, end) + shift) for a, b in spans if a < end)
    return Snippet(before + _NOT_SHOWN.sub(" ", text[start:end]) + after, found)


def _spans(
    whole: _Folded, line: tuple[int, int], patterns: Sequence[re.Pattern[str]]
) -> list[tuple[int, int]]:
    """Where the patterns are in the text as it was written, in one line of what is searched.

    Told are the first one and those that may be shown with it; none overlaps another.
    """
    firsts = [first.start() for each in patterns if (first := each.search(whole.searched, *line))]
    if not firsts:
        return []
    places = _Places.near(whole, min(firsts))
    found = sorted(
        match.span()
        for each in patterns
        for match in takewhile(places.hold, each.finditer(whole.searched, min(firsts), line[1]))
    )
    spans: list[tuple[int, int]] = []
    for a, b in found:
        start, end = places.span(a, b)
        if spans and start < spans[-1][1]:
            spans[-1] = spans[-1][0], max(end, spans[-1][1])
        else:
            spans.append((start, end))
    return spans


@dataclass(frozen=True, slots=True)
class _Places:
    """Letter by letter, from the place `first` in what is searched: where the text has them."""

    first: int
    starts: Sequence[int]  # of what each letter was folded from; then where the last one ends

    @classmethod
    def near(cls, whole: _Folded, searched_at: int) -> _Places:
        """Of what may be shown where a match begins there."""
        at, first = whole.before(searched_at)
        starts: list[int] = []
        for start, end in _pieces(whole.text, at):
            wanted = searched_at - first
            if len(starts) > wanted and start > starts[wanted] + _LENGTH:
                break
            starts += [start] * len(folded(whole.text[start:end]))
            at = end
        return cls(first, [*starts, at])

    def hold(self, match: re.Match[str]) -> bool:
        """Whether it is known where a match begins."""
        return match.start() - self.first < len(self.starts) - 1

    def span(self, a: int, b: int) -> tuple[int, int]:
        """Where a match begins, and where the last piece ends that it has a part of."""
        last = self.starts[min(max(a, b - 1) - self.first, len(self.starts) - 1)]
        after = min(bisect_right(self.starts, last), len(self.starts) - 1)
        return self.starts[a - self.first], self.starts[after]


def _borders(text: str) -> Iterator[int]:
    """Where the stretches of a text begin that can be folded by themselves."""
    at = 0
    while at < max(len(text), 1):
        yield at
        at += _STRETCH
        while at < len(text) and _joins(text[at]):
            at += 1


def _pieces(text: str, start: int) -> Iterator[tuple[int, int]]:
    """From there on, where what is folded together begins and ends."""
    for at in range(start + 1, len(text) + 1):
        if at == len(text) or not _joins(text[at]):
            yield start, at
            start = at


def _joins(letter: str) -> bool:
    """Whether it is folded together with the one before it."""
    return bool(combining(letter) or _JOINS.match(letter))
