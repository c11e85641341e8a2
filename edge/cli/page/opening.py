"""What a line of Markdown opens with, told as soon as it is certain (pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    """What a line is."""

    BLANK = auto()
    TEXT = auto()
    HEADING = auto()
    ITEM = auto()
    RULE = auto()
    FENCE = auto()
    ROW = auto()
    MATH = auto()


@dataclass(frozen=True, slots=True)
class Opening:
    """A line's kind, its indent in blanks, the mark that says so, and what followed it yet.

    `text` is all of it, as it was written behind the indent.
    """

    kind: Kind
    indent: int = 0
    mark: str = ""
    rest: str = ""
    text: str = ""


BAR = "|"  # begins a row, which is one or none when its line is whole
_TAB_BLANKS = 4
_QUOTE = re.compile(r" {0,3}>[ ]?")
_PERHAPS_QUOTE = re.compile(r" {0,3}>?")

# Each kind with what says so, and what may still become it. A rule and a fence are
# known when their line is whole; a bullet is tried after a rule, which it may begin.
# What may still become one is bounded: a model that repeats itself without end is
# shown doing it, and no character costs a look at a long line.
_WHOLE = (
    (Kind.FENCE, re.compile(r"(`{3,}(?=[^`]*$)|~{3,})")),
    (Kind.RULE, re.compile(r"(([-*_])(?:[ \t]*\2){2,})[ \t]*$")),
    (Kind.ROW, re.compile(rf"({re.escape(BAR)})(?=.)")),
    (Kind.ITEM, re.compile(r"([-*+]|\d{1,9}[.)])$")),
    (Kind.HEADING, re.compile(r"(#{1,6})$")),
)
_AT_ONCE = (
    (Kind.HEADING, re.compile(r"(#{1,6})[ \t]")),
    (Kind.ITEM, re.compile(r"([-*+]|\d{1,9}[.)])[ \t]")),
    (Kind.MATH, re.compile(r"(\$\$|\\\[)")),
)
_PERHAPS = re.compile(
    r"`{1,2}$|`{3,99}[^`]{0,199}$|~{1,2}$|~~~"  # a fence
    r"|([-*_])(?:[ \t]{0,3}\1){0,99}[ \t]{0,99}$|\+$"  # a rule or an item
    r"|#{1,6}$|\d{1,9}[.)]?$|\||\$$|\\$"
)


def opening(head: str, *, whole: bool) -> Opening | None:
    """What a line with this beginning is; None as long as more of it could change that.

    >>> opening("- [ ", whole=False)
    Opening(kind=<Kind.ITEM: 4>, indent=0, mark='-', rest='[ ', text='- [ ')
    """
    text = head.lstrip(" \t")
    indent = len(head[: len(head) - len(text)].expandtabs(_TAB_BLANKS))
    if not text:
        return Opening(Kind.BLANK) if whole else None
    if not whole and _PERHAPS.match(text):
        return None
    for kind, pattern in _WHOLE if whole else ():
        if found := pattern.match(text):
            return Opening(kind, indent, found[1], text[found.end(1) :], text)
    for kind, pattern in _AT_ONCE:
        if found := pattern.match(text):
            return Opening(kind, indent, found[1], text[found.end() :], text)
    return Opening(Kind.TEXT, indent, "", text, text)


def unquoted(head: str, most: int, *, whole: bool) -> tuple[int, str] | None:
    """How many quotes a line is in, at most `most`, and what follows; None if that may change.

    >>> unquoted("> > to be", 9, whole=False)
    (2, 'to be')
    """
    depth = 0
    while depth < most:
        found = _QUOTE.match(head)
        if found is None:
            is_open = not whole and _PERHAPS_QUOTE.fullmatch(head)
            return None if is_open else (depth, head)
        if found.end() == len(head) and head[-1] == ">" and not whole:
            return None  # a blank that belongs to the mark may follow
        depth, head = depth + 1, head[found.end() :]
    return depth, head


class Lists:
    """The items a line may lie in: how far each was indented, and where its text begins."""

    def __init__(self) -> None:
        self._items: list[tuple[int, int]] = []

    def leave(self) -> None:
        """No list goes on."""
        self._items.clear()

    def enter(self, indent: int, mark: str) -> int:
        """An item at this indent; the column its mark is shown at."""
        column = self._within(indent)
        self._items.append((indent, column + len(mark) + 1))
        return column

    def column(self, indent: int) -> int:
        """Where a text at this indent is shown; outside of lists, where it was written."""
        return self._within(indent) if self._items and indent else self._outside(indent)

    def _outside(self, indent: int) -> int:
        self._items.clear()
        return indent if indent > 1 else 0  # many models begin with one blank

    def _within(self, indent: int) -> int:
        while self._items and indent <= self._items[-1][0]:
            self._items.pop()
        return self._items[-1][1] if self._items else 0
