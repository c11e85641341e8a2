"""Conversations in a list, and what was found in them, at any width of a terminal (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from edge.cli.log.lines import column, fitted
from edge.cli.page.cell import Cell, cells_of, painted
from edge.cli.page.theme import Style, Theme, theme
from edge.cli.page.wrap import wrapped
from edge.cli.table import printable
from edge.cli.words import log as words
from edge.core.message import Role

if TYPE_CHECKING:
    from edge.store.listing import Listed
    from edge.store.search import Hit

# Below this a title beside the other columns would be a stump.
_WIDE = 72
_MODEL_CELLS = 20
_INDENT = 2
_BLANKS = re.compile(r"[ \t\r\n]+")  # of code there are many
_FOUND = Style.BOLD | Style.KEYWORD


def listed(
    rows: Sequence[Listed], width: int, *, current: str = "", zone: tzinfo | None = None
) -> str:
    """Conversations as lines of at most `width` cells; two for each on a narrow terminal.

    `current` is the id to mark. Times are those of `zone`, None: of this machine.
    """
    lines = _wide if width >= _WIDE else _narrow
    marks = [f"{'*' if row.id == current else ' '} " if current else "" for row in rows]
    times = [moment(row.last_at_utc, zone) for row in rows]
    return "\n".join(lines(rows, times, marks, width))


def found(hits: Sequence[Hit], width: int, colours: bool, *, zone: tzinfo | None = None) -> str:
    """What a search found: the conversation, then the words where they stand.

    Where there are colours, what was searched for is coloured.
    """
    looks, lines, talk = theme(colours=colours), [], ""
    for hit in hits:
        if hit.conversation_id != talk:  # one heading for those of a talk that stand together
            talk = hit.conversation_id
            title = f"  {hit.title}" if hit.title else ""
            line = fitted(f"{talk}  {moment(hit.at_utc, zone)}{title}", width)
            lines.append(looks.painted(line, Style.FAINT))
        lines += _snippet(hit, width, looks)
    return "\n".join(lines)


def name_of(row: Listed) -> str:
    """What a conversation in a list is called: its title, else how it begins, else its id."""
    return row.title or " ".join(row.opening.split()) or words.untitled(row.id)


def moment(at_utc: str, zone: tzinfo | None) -> str:
    """A time of the store on the clock of `zone`, to the minute."""
    return datetime.fromisoformat(at_utc).astimezone(zone).strftime("%Y-%m-%d %H:%M")


def _wide(
    rows: Sequence[Listed], times: Sequence[str], marks: Sequence[str], width: int
) -> Iterator[str]:
    ids = [f"{mark}{row.id}" for mark, row in zip(marks, rows, strict=True)]
    id_, used, turns, model, title = words.list_headings()
    id_ = f"{'  ' if any(marks) else ''}{id_}"
    columns = [
        column([id_, *ids], most=width),
        column([used, *times], most=width),
        column([turns, *(f"{row.n_turns:,}" for row in rows)], most=9, right=True),
        column([model, *(row.model for row in rows)], most=_MODEL_CELLS),
        [title, *map(name_of, rows)],
    ]
    for cells in zip(*columns, strict=True):
        yield fitted("  ".join(cells), width)


def _narrow(
    rows: Sequence[Listed], times: Sequence[str], marks: Sequence[str], width: int
) -> Iterator[str]:
    for row, time, mark in zip(rows, times, marks, strict=True):
        yield fitted(f"{mark}{row.id}  {time}  {words.turns(row.n_turns)}", width)
        yield " " * _INDENT + fitted(name_of(row), width - _INDENT)


def _snippet(hit: Hit, width: int, looks: Theme) -> Iterator[str]:
    """Who said it, and what stands there, in lines."""
    for line in wrapped(_cells(hit), width - _INDENT):
        yield " " * _INDENT + painted(line, looks)


def _cells(hit: Hit) -> list[Cell]:
    """The snippet, cut where something found begins or ends: what is escaped grows longer."""
    cells = cells_of(words.in_prompt() if hit.role is Role.USER else words.in_reply())
    at = 0
    for start, end in hit.found:
        cells += _on_one_line(hit.snippet[at:start])
        cells += _on_one_line(hit.snippet[start:end], _FOUND)
        at = end
    return cells + _on_one_line(hit.snippet[at:])


def _on_one_line(text: str, style: Style = Style.PLAIN) -> list[Cell]:
    return cells_of(printable(_BLANKS.sub(" ", text)), style)
