"""Words that say what a number beside them is."""

from __future__ import annotations

import re


class Words:
    """Words in lower case to look for next to a number that has no form of its own.

    A Latin word must begin where a word begins ("tin" is not in "testing").
    """

    __slots__ = ("_pattern", "_words")

    def __init__(self, *words: str) -> None:
        self._words = words
        latin = "|".join(re.escape(word) for word in words if word.isascii())
        other = [re.escape(word) for word in words if not word.isascii()]
        self._pattern = re.compile(
            "|".join([rf"(?<![a-z])(?:{latin})", *other] if latin else other)
        )

    @property
    def pattern(self) -> str:
        """The regular expression of any of them, to build others from."""
        return f"(?:{self._pattern.pattern})"

    def stand_in(self, low: str) -> bool:
        """Whether any of them stands in this text."""
        # Substrings first: that is a search in C, and nearly always the answer is no.
        return any(word in low for word in self._words) and self._pattern.search(low) is not None
