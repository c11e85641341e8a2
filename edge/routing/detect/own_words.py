"""Where the user's own private words and patterns stand in a text."""

from __future__ import annotations

from collections.abc import Iterator

from edge.routing.detect.finding import Finding, OwnWords
from edge.routing.detect.reading import Reading


def find_own(reading: Reading, written: str, own: OwnWords) -> Iterator[Finding]:
    """Words in the text made plain; patterns there, and in the text as it was written."""
    for search in own.word_searches:
        for found in search.finditer(reading.low):
            yield reading.finding("own_word", *found.span())
    for search in own.pattern_searches:
        for found in search.finditer(reading.text):
            yield reading.finding("own_pattern", *found.span())
        for found in search.finditer(written) if written != reading.text else ():
            yield Finding("own_pattern", *found.span())
