"""The prompts of before, for Up and Ctrl-R: those of this session, then those that are kept."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable

from prompt_toolkit.history import History

from edge.cli.stage.folding import Folds


class Prompts(History):
    """Newest first. What is huge stands folded; nothing is written anywhere from here."""

    def __init__(self, folds: Folds) -> None:
        super().__init__()
        self._folds = folds
        self._here: list[str] = []  # oldest first
        self._kept: list[str] = []  # newest first

    def remember(self, line: str) -> None:
        """A line that was sent, or given up, just now."""
        if line.strip() and line not in self._here[-1:]:
            self._here.append(line)

    def forget(self, text: str) -> None:
        """The newest line of this session that means this: it stands elsewhere now."""
        for n in reversed(range(len(self._here))):
            if self._folds.unfold(self._here[n]) == text:
                del self._here[n]
                return

    def recall(self, kept: Iterable[str]) -> None:
        """Prompts of earlier sessions, newest first."""
        self._kept = [self._folds.fold_huge(text) for text in kept]

    async def load(self) -> AsyncGenerator[str, None]:
        """What Up goes through, newest first."""
        for line in (*reversed(self._here), *self._kept):
            yield line

    def get_strings(self) -> list[str]:
        """All of them, oldest first."""
        return [*reversed(self._kept), *self._here]

    def append_string(self, string: str) -> None:
        """As `remember`."""
        self.remember(string)

    def load_history_strings(self) -> Iterable[str]:
        """All of them, newest first."""
        return reversed(self.get_strings())

    def store_string(self, string: str) -> None:
        """Prompts are kept by the store, with their talk; here is no second place."""
