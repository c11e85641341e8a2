r"""Words and patterns of the user's own, made safe to search with: none keeps a turn waiting.

Python's matcher tries ways until one fits, and `(a+)+$` has more ways than
seconds. So a repeat without end is read as one of at most 32, and a pattern
whose repeats could be tried in more than 40,000 ways at one place is refused.
The worst search then takes time in proportion to the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from edge.core.errors import UsageError
from edge.core.say import say

MOST_REPEATS = 32
MOST_WAYS = 40_000
LONGEST_CHARS = 500


def word_search(word: str) -> re.Pattern[str]:
    """A search for a word in lower case, however it is spaced or dashed.

    A word of Latin letters or digits counts as a whole word, one of Chinese anywhere.
    Raises UsageError for one without a letter or digit.
    """
    plain = unicodedata.normalize("NFKC", word).lower()
    letters = [c for c in plain if not c.isspace()]
    if not any(c.isalnum() for c in letters) or len(letters) > LONGEST_CHARS:
        raise UsageError(
            say(
                "the privacy word {word!r} must have a letter or digit, and at most {most}",
                word=word,
                most=LONGEST_CHARS,
            ),
            hint=say("correct it under [privacy] words in the settings"),
        )
    begin = r"(?<![0-9a-z])" if _is_latin(letters[0]) else ""
    end = r"(?![0-9a-z])" if _is_latin(letters[-1]) else ""
    return re.compile(begin + _GAP.join(map(re.escape, letters)) + end)


# What may be put between two letters to hide a word: "F a l c o n", "fal-con".
_GAP = r"[\s.\-_*/]{0,2}"


def _is_latin(c: str) -> bool:
    return c.isascii() and c.isalnum()


def checked_pattern(pattern: str) -> re.Pattern[str]:
    """The pattern, compiled with its endless repeats bounded.

    Raises UsageError for one that is not a regular expression, that matches the
    empty text, or that could take too long; the hint says what to write instead.
    """
    if len(pattern) > LONGEST_CHARS:
        raise _refused(
            pattern,
            say("has {n} characters; {most} are the most", n=len(pattern), most=LONGEST_CHARS),
        )
    compiled = _compiled(pattern)
    if compiled.match("") is not None:
        raise _refused(pattern, say("matches the empty text, so it would find everything"))
    if compiled.flags & re.VERBOSE or _REFERS_BACK.search(pattern):
        raise _refused(
            pattern, say("refers back to a group or is verbose, which cannot be bounded")
        )
    if _ways(pattern) > MOST_WAYS:
        raise _refused(
            pattern, say("repeats within repeats, or too often, which can take very long")
        )
    return _compiled("".join(_bounded(piece) for piece in _pieces(pattern)))


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as cause:
        raise _refused(pattern, say("is not a regular expression: {cause}", cause=cause)) from cause


def _refused(pattern: str, why: str) -> UsageError:
    return UsageError(
        say("the privacy pattern {pattern!r} {why}", pattern=pattern, why=why),
        hint=say("write it with fixed counts, such as PRJ-\\d{4,8}, or list plain words instead"),
    )


_REFERS_BACK = re.compile(r"(?<!\\)(?:\\\\)*\\[1-9]|\(\?P=|\(\?\(")
# In order: an escape, a class (a "]" may come first in it), a repeat, an opening
# parenthesis with its kind, and any single character.
_PIECE = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|(?:[*+?]|\{[0-9]*,?[0-9]*\})[?+]?"
    r"|\((?:\?(?:[a-zA-Z\-]*[:)]|<?[=!]|>|P<\w+>|#[^)]*\)))?|.",
    re.DOTALL,
)
_REPEAT = re.compile(r"[*+?]|\{(?=[0-9,])(?P<least>[0-9]*)(?P<comma>,?)(?P<most>[0-9]*)\}")


def _pieces(pattern: str) -> Iterator[str]:
    return (found[0] for found in _PIECE.finditer(pattern))


def _counts(piece: str) -> tuple[int, int | None] | None:
    """How often a repeat repeats, at least and at most (None: without end); None for no repeat."""
    found = _REPEAT.match(piece)
    if found is None:
        return None
    if piece[0] in "*+?":
        return int(piece[0] == "+"), 1 if piece[0] == "?" else None
    least = int(found["least"] or 0)
    if not found["comma"]:
        return least, least
    return least, int(found["most"]) if found["most"] else None


def _bounded(piece: str) -> str:
    """A repeat without end, given one; anything else as it is."""
    counts = _counts(piece)
    if counts is None or counts[1] is not None:
        return piece
    mode = piece[-1] if len(piece) > 1 and piece[-1] in "?+" else ""
    return f"{{{counts[0]},{counts[0] + MOST_REPEATS}}}{mode}"


def _ways(pattern: str) -> int:
    """How many ways to match there can be at one place: an upper bound.

    A repeat of n to m multiplies by m - n + 1, alternatives in a group by their
    number; what is repeated counts its own ways as often as it can be repeated.
    """
    groups = [_Ways()]
    for piece in _pieces(pattern):
        counts = _counts(piece)
        if piece[0] == "(" and piece[-1] != ")":
            groups.append(_Ways())
        elif piece == ")" and len(groups) > 1:
            inner = groups.pop()
            groups[-1].add(inner.total * inner.branches)
        elif piece == "|":
            groups[-1].branches += 1
        elif counts is not None:
            groups[-1].repeat(*counts)
        else:
            groups[-1].add(1)
    return groups[0].total


class _Ways:
    """The ways of a group so far, and those of its last part, which a repeat may follow."""

    def __init__(self) -> None:
        self.total = 1
        self.branches = 1
        self._last = 1

    def add(self, ways: int) -> None:
        self.total = min(self.total * ways, _FAR_TOO_MANY)
        self._last = ways

    def repeat(self, least: int, most: int | None) -> None:
        most = least + MOST_REPEATS if most is None else most
        # Sixty-four doublings are too many already; no need of larger powers.
        self.add(min(self._last, _FAR_TOO_MANY) ** min(max(most - 1, 0), 64) * (most - least + 1))


_FAR_TOO_MANY = 10**12
