"""What was found in a text, and what a user wants found beyond what everybody does."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from edge.routing.detect.patterns import checked_pattern, word_search


@dataclass(frozen=True, slots=True)
class Finding:
    """`text[start:end]` is of this kind ("mobile", "api_key", …). Holds no text itself."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class OwnWords:
    """The user's own private words and patterns, from `[privacy]` in the settings.

    Words are found in any case, spacing and width, patterns as they are written.
    Raises UsageError where a word or pattern cannot be searched for.
    """

    words: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    word_searches: tuple[re.Pattern[str], ...] = field(init=False, repr=False, compare=False)
    pattern_searches: tuple[re.Pattern[str], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Compiled here, once: a frozen value is filled in this way alone.
        object.__setattr__(self, "word_searches", tuple(map(word_search, self.words)))
        object.__setattr__(self, "pattern_searches", tuple(map(checked_pattern, self.patterns)))


NO_WORDS = OwnWords()
