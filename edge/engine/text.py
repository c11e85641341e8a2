"""Bytes of token pieces in, text out: never half a character, and cut before a stop string."""

from __future__ import annotations

import codecs
from collections.abc import Sequence


def tail_that_may_begin(text: str, marks: Sequence[str]) -> int:
    """Length of the longest end of `text` that is the beginning of a mark, but not all of it.

    >>> tail_that_may_begin("so <th", ["<think>"]), tail_that_may_begin("so", ["<think>"])
    (3, 0)
    """
    longest = max((len(mark) for mark in marks), default=1) - 1
    for size in range(min(longest, len(text)), 0, -1):
        tail = text[-size:]
        if any(len(mark) > size and mark.startswith(tail) for mark in marks):
            return size
    return 0


class TextStream:
    """Turns the bytes of one reply into text as they arrive.

    A token may end inside a character, and a stop string may span tokens: both
    are held back until they are decided, since text shown cannot be taken back.
    Bytes that are no UTF-8 become U+FFFD. The stop string that is complete
    first wins (the longest, if two end together), so that the text does not
    depend on how it was cut into pieces.

    `after` is what was shown before by others: it is not shown again and no stop
    string within it counts, but one that begins in it and ends behind it does;
    its beginning cannot be taken back.
    """

    def __init__(self, stop: Sequence[str] = (), *, after: str = "") -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stop = tuple(mark for mark in stop if mark)
        n_held = tail_that_may_begin(after, self._stop)
        self._held = after[len(after) - n_held :]
        self._n_shown = n_held  # characters of what is held that others have shown
        self._stopped = False

    @property
    def stopped(self) -> bool:
        """Whether a stop string was met; everything from it on is swallowed."""
        return self._stopped

    def feed(self, piece: bytes) -> str:
        """The text that is certain after this piece; may be empty."""
        return self._take(self._decoder.decode(piece))

    def close(self) -> str:
        """The rest: a held tail that became no stop string, a last broken character."""
        text = self._take(self._decoder.decode(b"", final=True)) + self._held[self._n_shown :]
        self._held, self._n_shown = "", 0
        return text

    def _take(self, new: str) -> str:
        if self._stopped:
            return ""
        text = self._held + new
        cut = self._first_stop(text)
        self._stopped = cut is not None
        if cut is None:
            cut = len(text) - tail_that_may_begin(text, self._stop)
        # Only a tail shorter than the longest stop string is kept and searched
        # again, so a token costs the same at the end of a reply as at its start.
        self._held = "" if self._stopped else text[cut:]
        n_shown, self._n_shown = self._n_shown, max(0, self._n_shown - cut)
        return text[n_shown:cut]

    def _first_stop(self, text: str) -> int | None:
        """Where the stop string begins that ends first, if there is one."""
        behind = self._n_shown + 1  # where one may end at the earliest
        found = [(text.find(mark, max(0, behind - len(mark))), len(mark)) for mark in self._stop]
        ends = [(start + size, start) for start, size in found if start >= 0]
        return min(ends)[1] if ends else None
