"""Where one engine goes on behind another: what it says again is taken out, nothing else.

Told to go on, an engine may first repeat the end of what was shown, or all of
it. Text that was shown cannot be taken back, so what comes is held while it
could still be such a repetition, and no longer.
"""

from __future__ import annotations

# How much must agree before it is a repetition and not chance, in letters; a
# Chinese character says as much as two. All of a reply said again is clearer.
ENOUGH = 12
ENOUGH_OF_ALL = 6
_FIRST_WIDE = "\u2e80"  # from here on: Chinese, Japanese, Korean, and marks as wide as theirs


class Seam:
    """Joins the text of a second engine to what the first one showed.

    The longest end of `shown` that the new text begins with is dropped, if it is
    long enough to mean something and is not itself one thing over and over
    ("ha ha ha", a row of dashes): that may go on. The result does not depend on
    how the text was cut; held text is never longer than `shown`.

    >>> seam = Seam("The capital of France is")
    >>> seam.feed("of France"), seam.feed(" is Paris."), seam.close()
    ('', ' Paris.', '')
    """

    def __init__(self, shown: str) -> None:
        self._shown = shown
        self._last_start = _last_start(shown)
        self._joined = self._last_start < 0
        self._held = ""
        self._at = 0  # the first place in `shown` where all of the held text stands

    def feed(self, text: str) -> str:
        """What of it, and of text held before, may be shown."""
        if self._joined or not text:
            return text
        self._held += text
        return "" if self._may_go_on() else self.close()

    def close(self) -> str:
        """The new text is over, or clear: what was held, less what it repeats."""
        self._joined = True
        held, self._held = self._held, ""
        return held[self._repeats(held) :]

    def _may_go_on(self) -> bool:
        """Whether more text could make a longer repetition than there is by now."""
        end = self._last_start + len(self._held)
        self._at = self._shown.find(self._held, self._at, end)
        return self._at >= 0 and self._at + len(self._held) < len(self._shown)

    def _repeats(self, held: str) -> int:
        """Length of the longest repetition that `held` begins with."""
        first = max(0, len(self._shown) - len(held))
        for start in range(first, self._last_start + 1):
            size = len(self._shown) - start
            if held.startswith(self._shown[start:]):
                return 0 if _goes_round(self._shown, size) else size
        return 0


def _last_start(shown: str) -> int:
    """Where the shortest end begins that is long enough to be a repetition; -1: there is none."""
    weight = 0
    for start in range(len(shown) - 1, -1, -1):
        weight += _weight(shown[start])
        if weight >= ENOUGH:
            return start
    return 0 if weight >= ENOUGH_OF_ALL else -1


def _weight(text: str) -> int:
    return sum(2 if letter >= _FIRST_WIDE else 1 for letter in text)


def _goes_round(shown: str, size: int) -> bool:
    """Whether the last `size` letters are one piece over and over, which may well go on.

    Three times in a row make it so; in a short reply, its beginning come twice.
    """
    end = shown[-size:]
    is_short = _weight(end) < ENOUGH
    for step in range(1, size + 1):
        if not end.startswith(end[step:]):
            continue
        run = shown[-max(size, 3 * step) :]
        if len(run) >= 3 * step and run.startswith(run[step:]):
            return True
        if is_short and step < size:
            return True
    return False
