r"""From the line a terminal shows to the line it should show, in few bytes (pure).

The cursor stands behind the line that is shown. Only what differs is written: an
appended word costs its own bytes, a changed end a step back.
"""

from __future__ import annotations

import re

RESET = "\x1b[m"
_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_ERASE_REST = "\x1b[K"


def redrawn(shown: str, line: str) -> str:
    r"""What to write behind `shown` so that `line` stands in its place.

    >>> redrawn("to be", "to be or not")
    ' or not'
    >>> redrawn("to be or", "to do")
    '\x1b[5D\x1b[Kdo'
    """
    if shown == line:
        return ""
    kept = _common(shown.removesuffix(RESET), line)
    gone, new = _STYLE.sub("", shown[kept:]), line[kept:]
    if not gone:
        return _style_at(line[:kept]) + new
    # Erased before and not after: behind the last column that would take the last character.
    erase = _ERASE_REST if len(gone) > _surely_cells(new) else ""
    if gone.isascii() and _STYLE.sub("", line[:kept]):
        return f"\x1b[{len(gone)}D{erase}{_style_at(line[:kept])}{new}"
    # How many cells other characters take is the terminal's own opinion: begin anew.
    return f"\r{_ERASE_REST if not gone.isascii() else erase}{line}"


def _common(shown: str, line: str) -> int:
    """How many characters both begin with, never ending inside a sequence."""
    pairs = enumerate(zip(shown, line, strict=False))
    same = next((n for n, (a, b) in pairs if a != b), min(len(shown), len(line)))
    start = line.rfind("\x1b", 0, same)
    return start if start >= 0 and "m" not in line[start:same] else same


def _style_at(text: str) -> str:
    """The sequences that are in force behind a text."""
    return "".join(_STYLE.findall(text[text.rfind(RESET) + 1 :]))


def _surely_cells(text: str) -> int:
    """At least how many cells a text takes."""
    return len(_STYLE.sub("", text)) if text.isascii() else 0
