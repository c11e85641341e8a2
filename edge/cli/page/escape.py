"""Text that a terminal would obey, or that nobody would see, made visible (pure).

Model output is untrusted: it may hold escape sequences that recolour, retitle or
rewrite the terminal, marks that turn the reading order round, and characters of
no width that hide words. All of these are shown as Python would write them:
`\\x1b`, `\\u202e`. Line feed and tab pass.
"""

from __future__ import annotations

import unicodedata

# Controls (C0, DEL, C1), format characters (bidi, zero width, tags), lone
# surrogates, and the two separators that are neither newline nor space.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_SHOWN_AS_THEY_ARE = "\n\t"
# Persian, the scripts of India and emoji families are misspelt without these
# two, so they pass where they join: once, after a visible non-ASCII character.
_JOINERS = "\u200c\u200d"


class Escaper:
    r"""Escapes one text that arrives in pieces; how it is cut makes no difference.

    >>> Escaper().feed("\x1b[31mred")
    '\\x1b[31mred'
    """

    def __init__(self) -> None:
        self._before = ""

    def feed(self, piece: str) -> str:
        """The next piece, safe to show."""
        return "".join(map(self._shown, piece))

    def _shown(self, char: str) -> str:
        before, self._before = self._before, char
        if char in _SHOWN_AS_THEY_ARE or not _hidden(char):
            return char
        if char in _JOINERS and before > "\x7f" and not _hidden(before):
            return char
        return char.encode("unicode_escape").decode("ascii")


def safe(text: str) -> str:
    """A whole text, safe to show."""
    return Escaper().feed(text)


def _hidden(char: str) -> bool:
    return unicodedata.category(char) in _HIDDEN
