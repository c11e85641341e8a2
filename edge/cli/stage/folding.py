"""Long texts as one character each in the prompt line, and back to what they were (pure).

A line editor slows down with every character it lays out; so what is long stands in the
line as a single character that nobody types, is shown as a few words, goes with one press of
Backspace, and is whole again when the line is sent.
"""

from __future__ import annotations

from edge.cli.words import stage as words

_MOST_LINES = 10
_MOST_CHARS = 1_000
# With so many in the line a key takes about 80 ms: slow, but what was typed can be changed.
_MOST_TYPED_CHARS = 4_000
# The last of the planes that Unicode leaves to private use.
_FIRST, _LAST = 0x100000, 0x10FFFD


class Folds:
    """Remembers what each of its characters stands for."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._chars: dict[str, str] = {}

    def fold(self, text: str) -> str:
        """A paste as it goes into the line: itself when it is short, else its character.

        >>> folds = Folds()
        >>> len(folds.fold("x" * 5000)), folds.unfold(folds.fold("x" * 5000)) == "x" * 5000
        (1, True)
        """
        return self._as_one(text) if _is_long(text) or _holds_ours(text) else text

    def fold_huge(self, text: str) -> str:
        """A text that comes back into the line, to be changed: itself unless it is huge."""
        return self._as_one(text) if is_huge(text) or _holds_ours(text) else text

    def unfold(self, line: str) -> str:
        """A line of the editor with all that was pasted into it."""
        return "".join(self._texts.get(char, char) for char in line)

    def shown(self, char: str) -> str:
        """What is shown for a character: a few words for one of ours."""
        text = self._texts.get(char)
        return char if text is None else words.pasted(text.count("\n") + 1, len(text))

    def in_short(self, line: str) -> str:
        """A line of the editor as a person sees it."""
        return "".join(map(self.shown, line))

    def _as_one(self, text: str) -> str:
        if text in self._chars:
            return self._chars[text]
        char = chr(_FIRST + len(self._texts))
        self._texts[char], self._chars[text] = text, char
        return char


def is_huge(text: str) -> bool:
    """Whether it is too long to be changed in the line."""
    return len(text) > _MOST_TYPED_CHARS


def _is_long(text: str) -> bool:
    return len(text) > _MOST_CHARS or text.count("\n") >= _MOST_LINES


def _holds_ours(text: str) -> bool:
    return any(_FIRST <= ord(char) <= _LAST for char in text)
