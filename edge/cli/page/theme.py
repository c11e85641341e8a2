"""What styles look like: the terminal's own sixteen colours, or none at all (pure).

Colours of the terminal's palette are readable on whatever background its user chose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntFlag

from edge.cli.page.redraw import RESET


class Style(IntFlag):
    """What a piece of text is; several may hold at once."""

    PLAIN = 0
    BOLD = 1
    ITALIC = 2
    STRIKE = 4
    CODE = 8
    LINK = 16
    FAINT = 32
    HEADING = 64
    TITLE = 128  # the first of headings
    KEYWORD = 256
    NAME = 512
    STRING = 1024
    NUMBER = 2048
    ADDED = 4096
    REMOVED = 8192


@dataclass(frozen=True, slots=True)
class Theme:
    """SGR parameters by style, and the signs drawn. A style that is missing is not shown:
    the marks that ask for it stay as they were written.
    """

    codes: Mapping[Style, str]
    bullet: str = "•"
    bar: str = "│"
    rule: str = "─"
    cross: str = "┼"

    def shows(self, style: Style) -> bool:
        """Whether a reader can see this style."""
        return style in self.codes

    def opens(self, style: Style) -> str:
        """The sequence that begins a style, after plain text."""
        wanted = style.value  # flags themselves are slow to combine, and lines have many styles
        codes = (code for each, code in self.codes.items() if wanted & each.value)
        parameters = ";".join(dict.fromkeys(codes))
        return f"\x1b[{parameters}m" if parameters else ""

    def painted(self, text: str, style: Style) -> str:
        """A text in one style, closed behind it."""
        opened = self.opens(style)
        return f"{opened}{text}{RESET}" if opened and text else text


_CODES = {
    Style.BOLD: "1",
    Style.ITALIC: "3",
    Style.STRIKE: "9",
    Style.CODE: "36",
    Style.LINK: "4",
    Style.FAINT: "2",
    Style.HEADING: "1",
    Style.TITLE: "4",
    Style.KEYWORD: "35",
    Style.NAME: "1",  # of the sixteen, blue is hard to read on black
    Style.STRING: "32",
    Style.NUMBER: "36",
    Style.ADDED: "32",
    Style.REMOVED: "31",
}


def theme(*, colours: bool = True, unicode: bool = True) -> Theme:
    """The theme of a terminal that shows colours or not, and draws lines or only ASCII."""
    codes = _CODES if colours else {}
    return Theme(codes) if unicode else Theme(codes, "*", "|", "-", "+")
