"""Prompts that wait until the reply before them has ended."""

from __future__ import annotations

from collections import deque

from edge.cli.page.escape import safe
from edge.cli.words import stage as words

_SHOWN_CHARS = 60


class Queue:
    """Each item is a prompt and how it is shown; None is the wish to leave."""

    def __init__(self) -> None:
        self.items: deque[tuple[str | None, str]] = deque()

    @property
    def texts(self) -> list[str]:
        """The prompts, whole."""
        return [text for text, _ in self.items if text is not None]

    @property
    def shown(self) -> str:
        """All of them, each on a line."""
        return "\n".join(
            shown if text is None else words.queued(_in_short(shown)) for text, shown in self.items
        )

    def taken_back(self) -> list[str]:
        """The prompts that waited, whole; nothing waits any more."""
        texts = self.texts
        self.items.clear()
        return texts


def _in_short(shown: str) -> str:
    line = safe(" ".join(shown.split()))
    return line if len(line) <= _SHOWN_CHARS else f"{line[:_SHOWN_CHARS]}…"
