"""Where words stand in a text, and the piece of it that shows them (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from unicodedata import combining

from edge.store.words import folded

_BEFORE = 40  # characters shown before what was found
_LENGTH = 160
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


def holds(text: str, patterns: Sequence[re.Pattern[str]]) -> bool:
    """Whether each pattern is found in the text."""
    searched = folded(text)
    return all(pattern.search(searched) for pattern in patterns)


def cut_out(text: str, patterns: Sequence[re.Pattern[str]]) -> Snippet:
    """The piece around the line that holds most of the patterns, the first one of these."""
    best, best_at, most, at = "", 0, 0, 0
    for line in text.splitlines(keepends=True):
        searched = folded(line)
        if (n_found := sum(bool(pattern.search(searched)) for pattern in patterns)) > most:
            best, best_at, most = line, at, n_found
        at += len(line)
    spans = [(best_at + start, best_at + end) for start, end in _spans(best, patterns)]
    return _around(text, spans)


def _around(text: str, spans: Sequence[tuple[int, int]]) -> Snippet:
    first = spans[0][0] if spans else 0
    start = max(0, first - _BEFORE)
    end = min(len(text), start + _LENGTH)
    before, after = _CUT if start else "", _CUT if end < len(text) else ""
    shift = len(before) - start
    found = tuple((a + shift, min(b, end) + shift) for a, b in spans if a < end)
    return Snippet(before + _NOT_SHOWN.sub(" ", text[start:end]) + after, found)


def _spans(line: str, patterns: Sequence[re.Pattern[str]]) -> list[tuple[int, int]]:
    """Where the patterns are in a line as it was written; none overlaps another."""
    starts, searched = [], ""
    for start, piece in _pieces(line):
        starts += [start] * len(piece)
        searched += piece
    starts.append(len(line))
    found = sorted(match.span() for each in patterns for match in each.finditer(searched))
    spans: list[tuple[int, int]] = []
    for a, b in found:
        start, end = starts[a], _end(starts, a, b)
        if spans and start < spans[-1][1]:
            spans[-1] = spans[-1][0], max(end, spans[-1][1])
        else:
            spans.append((start, end))
    return spans


def _end(starts: Sequence[int], a: int, b: int) -> int:
    """Where the last piece ends that a match has a part of."""
    last = starts[b - 1] if b > a else starts[a]
    return next((start for start in starts[b:] if start > last), starts[-1])


def _pieces(line: str) -> Iterator[tuple[int, str]]:
    """What is folded together: where it begins in the line, and what becomes of it."""
    start = 0
    for at in range(1, len(line) + 1):
        if at == len(line) or not (combining(line[at]) or _JOINS.match(line[at])):
            yield start, folded(line[start:at])
            start = at
