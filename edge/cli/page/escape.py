"""Text that a terminal would obey, or that nobody would see, made visible (pure).

Model output is untrusted: it may hold escape sequences that recolour, retitle or
rewrite the terminal, marks that turn the reading order round, and characters of
no width that hide words. All of these are shown as Python would write them:
`\\x1b`, `\\u202e`. Line feed and tab pass; a carriage return and a line feed are one.
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
        self._held = ""  # a carriage return, which a line feed behind it makes nothing of

    def feed(self, piece: str) -> str:
        """The next piece, safe to show; a carriage return at its end waits for what follows."""
        piece = (self._held + piece).replace("\r\n", "\n")
        self._held = "\r" if piece.endswith("\r") else ""
        return "".join(map(self._shown, piece.removesuffix("\r")))

    def end(self) -> str:
        """What still waited."""
        held, self._held = self._held, ""
        return "".join(map(self._shown, held))

    def _shown(self, char: str) -> str:
        before, self._before = self._before, char
        if char in _SHOWN_AS_THEY_ARE or not _hidden(char):
            return char
        if char in _JOINERS and before > "\x7f" and not _hidden(before):
            return char
        return char.encode("unicode_escape").decode("ascii")


def safe(text: str) -> str:
    """A whole text, safe to show."""
    escaper = Escaper()
    return escaper.feed(text) + escaper.end()


def _hidden(char: str) -> bool:
    return unicodedata.category(char) in _HIDDEN
