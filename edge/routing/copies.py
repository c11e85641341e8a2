"""Whether a text repeats private text, without keeping the private text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

WINDOW = 24


class CopyGuard:
    """Remembers private texts by the hashes of their windows; finds copies of 24 characters.

    Only letters and digits count, in one case and width. A Chinese, Japanese or Korean
    character says as much as two Latin ones and counts twice, so twelve of them
    are a copy. A text shorter than a window cannot be recognised.

    Hashes are Python's own: 64 bits, keyed anew in each process, so they are of no
    use to anyone outside it. One takes about 70 bytes of memory.
    """

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self.is_blind = False  # some private text could not be learned: every text may be a copy

    def add(self, text: str) -> None:
        """Remember a private text; 100,000 characters take about 50 ms."""
        self._seen.update(_windows(text))

    def repeats(self, text: str) -> bool:
        """Whether any window of this text stands in a private one, wherever it does."""
        if self.is_blind:
            return True
        return bool(self._seen) and not self._seen.isdisjoint(_windows(text))


def _windows(text: str) -> Iterator[int]:
    """The hash of each stretch of WINDOW letters and digits that begins with a whole one.

    Hashing slices takes 0.2 µs each at this length, half of what rolling a
    hash along takes in Python.
    """
    letters = _letters(text)
    starts = (at for at in range(len(letters) - WINDOW + 1) if letters[at] != _SECOND_HALF)
    return (hash(letters[at : at + WINDOW]) for at in starts)


def _letters(text: str) -> str:
    """What is compared: letters and digits alone, folded, the wide ones in two halves."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return _WIDE.sub(rf"\g<0>{_SECOND_HALF}", _NO_LETTERS.sub("", folded))


_SECOND_HALF = "_"  # no letter, so nothing else becomes one
_NO_LETTERS = re.compile(r"[\W_]+")
# Kana, Hangul, Han with its extensions.
_WIDE = re.compile(
    "[\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
