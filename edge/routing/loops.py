"""Whether a text says the same again and again, as small models do when they are stuck."""

from __future__ import annotations

import re
from collections import Counter

# A loop covers this much and says its piece three times at least: half a screen of
# table cells or a chorus is less, and a model that is stuck does not stop there.
COVERED_CHARS = 160
TIMES = 3
LONGEST_PIECE_CHARS = 600

_ANCHOR_CHARS = 12  # where these come again, a piece may have ended
_ANCHOR_STEP = 8
_LETTER = re.compile(r"[^\W\d_]")
_FIRST_WIDE = "\u2e80"  # Chinese, Japanese, Korean: half as many characters say as much

LINE_TIMES = 5
LINE_CHARS = 12
_LIST_MARK = re.compile(r"[ \t]*(?:\d{1,3}[.)、．]|[-*•+])[ \t]*")


def is_repeating(text: str) -> bool:
    """Whether a piece follows itself again and again, or most lines are one line.

    Pieces without a letter do not count: rows of dashes, zeros and dots are meant.
    """
    return _has_loop(text) or _is_one_line(text)


def _has_loop(text: str) -> bool:
    """Looks from every few characters for where they come again, and whether all between does.

    Anchors overlap, so one of them holds what a piece says only once.
    """
    for start in range(0, len(text) - COVERED_CHARS // 2, _ANCHOR_STEP):
        anchor = text[start : start + _ANCHOR_CHARS]
        horizon = start + LONGEST_PIECE_CHARS + _ANCHOR_CHARS
        again = text.find(anchor, start + 1, horizon) if _LETTER.search(anchor) else -1
        if again > 0 and _loops_from(text, start, again - start):
            return True
    return False


def _loops_from(text: str, start: int, step: int) -> bool:
    """Whether the piece of `step` characters at `start` follows itself often enough."""
    covered = COVERED_CHARS // 2 if text[start] >= _FIRST_WIDE else COVERED_CHARS
    size = step * (max(TIMES, -(-covered // step)) - 1)
    run = text[start : start + size]
    return len(run) == size and text.startswith(run, start + step)


def _is_one_line(text: str) -> bool:
    """Whether one line, whatever number it carries, makes up half of them or more."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < LINE_TIMES:
        return False
    said = (line[mark.end() :] if (mark := _LIST_MARK.match(line)) else line for line in lines)
    (line, times), *_ = Counter(one.strip() for one in said).most_common(1)
    weight = sum(2 if letter >= _FIRST_WIDE else 1 for letter in line[:LINE_CHARS])
    says_something = weight >= LINE_CHARS and _LETTER.search(line) is not None
    return times >= LINE_TIMES and 2 * times >= len(lines) and says_something
