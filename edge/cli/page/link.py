"""`[text](address)`: shown as text and address once it is whole, on one line (pure)."""

from __future__ import annotations

from edge.cli.page.cell import Cell
from edge.cli.page.theme import Style, Theme


class Link:
    """Watches one open line for a link, which is left as it was written until it is one."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self.forget()

    def forget(self) -> None:
        """There is none begun."""
        self.begin = -1  # the opening bracket's place, of the last link too
        self._end = -1  # the closing bracket's
        self._depth = 0  # parentheses open in the address

    @property
    def in_address(self) -> bool:
        """Whether what comes now is an address, in which no sign is a mark."""
        return self._depth > 0

    def take(self, cells: list[Cell]) -> int:
        """Look at the last cell; the columns the line lost where that completed a link, else 0."""
        char, last = cells[-1].text, len(cells) - 1
        if self._depth:
            return self._take_address(cells, char)
        if char == "[":
            self.begin, self._end = last, -1
        elif char == "]" and self.begin >= 0:
            self._end = last
        elif char == "(" and 0 <= self._end == last - 1 and self.begin < self._end - 1:
            self._depth = 1
        return 0

    def _take_address(self, cells: list[Cell], char: str) -> int:
        if char == " ":
            self.forget()
        self._depth += (char == "(") - (char == ")")
        if char != ")" or self._depth or not self._theme.shows(Style.LINK):
            return 0
        begin, end = self.begin, self._end
        text = [cell._replace(style=cell.style | Style.LINK) for cell in cells[begin + 1 : end]]
        address = [cell._replace(style=Style.FAINT) for cell in cells[end + 1 :]]
        gap = Cell(" ", 1, Style.PLAIN)
        lost = cells[begin].width + cells[end].width - gap.width
        cells[begin:] = [*text, gap, *address]
        self._end = -1
        return lost
