"""A reply on a real terminal, read back by an emulator: every line once, nothing above redrawn."""

from __future__ import annotations

import os
import random
import re
import termios
from collections.abc import Iterator, Sequence
from typing import TextIO

import pyte
import pytest
from test_page import bare, drawn

from edge.cli.page.cell import cells_of, columns
from edge.cli.page.page import Page
from edge.cli.page.redraw import redrawn
from edge.cli.page.surface import TerminalSurface
from edge.cli.page.theme import theme
from edge.cli.page.writer import Writer
from edge.core.event import Channel, Delta, Notice, NoticeCode, Phase, Progress

COLUMNS, ROWS = 60, 8
ANSWER = """# Reading *files*

Some **bold words** and `code`, in a paragraph that is long enough to be wrapped **more than
once on its** way to the end of it; 这一行也很长，应该在中文之间换行，而不是在行尾溢出，对不对？

1. First a list, with an item that is long enough to need a second line of its own
   - nested, and *unclosed
2. 第二项：**注意，**请先安装软件，然后运行它，这一行很长很长

```python
def count(words: list[str]) -> int:
    \"\"\"Two lines
    of documentation.\"\"\"
    return sum(1 for word in words if word.startswith("a") and word.endswith("z"))  # long
```

| Name | 价格 | Note |
|:-----|----:|:----:|
| apple | 12 | **good** |
| 很长的中文名字 | 3 | a note that goes on until it must be wrapped in its field |

> A quote, and in it `code` that is cut off by nothing but the right edge of the screen.

```rust
fn main() { println!("never closed"); }
"""


class Emulator:
    """A terminal of a given size: what is written to `stream` stands on its screen."""

    def __init__(self, far_end: int, stream: TextIO) -> None:
        self.stream, self._far_end = stream, far_end
        self._screen = pyte.HistoryScreen(COLUMNS, ROWS, history=5000, ratio=1)
        self._emulation = pyte.ByteStream(self._screen)
        self.raw = b""
        self.resize(COLUMNS)

    def resize(self, columns: int) -> None:
        """The window gets another width."""
        termios.tcsetwinsize(self.stream.fileno(), (ROWS, columns))
        self._screen.resize(ROWS, columns)

    def lines(self) -> list[str]:
        """Every line there is, those scrolled away first, without blanks at the ends."""
        self._read()
        above = ["".join(line[x].data for x in range(COLUMNS)) for line in self._screen.history.top]
        lines = [line.rstrip() for line in [*above, *self._screen.display]]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def _read(self) -> None:
        os.write(self.stream.fileno(), b"\0")
        came = b""
        while not came.endswith(b"\0"):
            came += os.read(self._far_end, 65536)
        self.raw += came[:-1]
        self._emulation.feed(came[:-1])


@pytest.fixture
def screen() -> Iterator[Emulator]:
    far_end, near_end = os.openpty()
    with open(near_end, "w", encoding="utf-8") as stream:
        yield Emulator(far_end, stream)
    os.close(far_end)


def pieces(text: str, seed: int, longest: int = 9) -> Iterator[str]:
    """The text as an engine may send it."""
    dice, rest = random.Random(seed), text
    while rest:
        n = dice.randint(1, longest)
        yield rest[:n]
        rest = rest[n:]


def writer(screen: Emulator) -> Writer:
    return Writer(screen.stream, screen.stream, {"TERM": "xterm"})


def say(to: Writer, text: str) -> None:
    to.show(Delta(text, Channel.ANSWER))


@pytest.mark.parametrize("seed", range(3))
def test_the_scrollback_holds_every_line_once_and_what_is_above_never_changes(screen, seed):
    to, before = writer(screen), list[str]()
    for piece in pieces(ANSWER, seed):
        say(to, piece)
        now = screen.lines()
        assert now[: len(before) - 1] == before[:-1]
        before = now
    to.end()
    lines = bare(drawn(ANSWER, COLUMNS - 1))
    assert screen.lines() == [row for line in lines for row in rows(line)]


def rows(line: str) -> list[str]:
    """What a terminal makes of a line: code may be longer than the screen, and is all ASCII."""
    parts = [line[n : n + COLUMNS] for n in range(0, len(line), COLUMNS)]
    return [part.rstrip() for part in parts] or [""]


def test_code_longer_than_the_screen_is_one_line_that_the_terminal_wraps(screen):
    to, code = writer(screen), "x = " + "1 + " * 40 + "1"
    for piece in pieces(f"```python\n{code}\n```\n", seed=4):
        say(to, piece)
    to.end()
    assert screen.lines()[1:-1] == rows(code)
    assert re.sub(r"\x1b\[[0-9;]*[mKD]", "", screen.raw.decode()).count("\r\n") == 3


@pytest.mark.parametrize("width", [40, 60])
def test_a_note_breaks_no_word(screen, width):
    screen.resize(width)
    said = "edge: no model hub can be reached, so this one cannot be had; try: edge doctor"
    writer(screen).note(said)
    first, *others = screen.lines()
    assert others
    assert " ".join([first, *(line.removeprefix("  ") for line in others)]) == said
    assert all(line.startswith("  ") for line in others)


def test_an_earlier_turn_is_drawn_as_it_was_with_what_it_lacks(screen):
    to = writer(screen)
    to.said("how?\nsay", "**so**, `x`\n\n- it goes\n", "stopped; the reply is not whole")
    to.said("and?", "", "cut at the limit of its length")
    to.said("well?", "")
    assert screen.lines() == [
        *("> how?", "> say", "so, x", "", "• it goes", "(stopped; the reply is not whole)"),
        *("> and?", "(cut at the limit of its length)"),
        *("> well?", "(the model answered nothing)"),
    ]


def test_an_earlier_turn_that_was_long_is_cut_short(screen):
    writer(screen).said("?", "word " * 500)
    *_, last = screen.lines()
    assert last.endswith("…")
    assert len(screen.lines()) < 15


def test_a_note_and_a_wait_in_the_middle_stand_where_they_happened_and_once(screen):
    to = writer(screen)
    say(to, "one **two")
    to.show(Progress(Phase.PREFILL, 300, 512))
    to.show(Notice(NoticeCode.RESTARTED, "again"))
    to.show(Progress(Phase.PREFILL, 400, 512))
    assert screen.lines() == ["one two", "again", "reading: 400 of 512 tokens"]
    say(to, " three** four\n")
    to.end()
    assert screen.lines() == ["one two", "again", "three four"]


@pytest.mark.parametrize("width", [22, 40, 100])
def test_a_window_that_is_resized_in_the_middle_of_a_line_gets_no_word_twice(screen, width):
    words = [f"w{n:03}" for n in range(120)]
    to = writer(screen)
    say(to, " ".join(words[:64]))
    screen.lines()
    screen.resize(width)
    for word in words[64:]:
        say(to, f" {word}")
    to.end()
    said = " ".join(screen.lines())
    assert [word for word in words if said.count(word) > 1] == []
    assert " ".join(words[80:]) == " ".join(said.split()[-40:])
    assert max(map(len, screen.lines()[-4:])) < width


def test_a_few_bytes_are_written_for_a_few_words(screen):
    to = writer(screen)
    for piece in pieces(ANSWER, seed=1, longest=5):
        say(to, piece)
    to.end()
    screen.lines()
    assert len(screen.raw) < 4 * len(ANSWER.encode())


def test_appended_text_costs_its_own_bytes(screen):
    surface = TerminalSurface(screen.stream)
    surface.live("to be")
    surface.live("to be or not")
    surface.commit(["to be or not"])
    screen.lines()
    assert screen.raw == b"to be or not\r\n"


@pytest.mark.parametrize(
    ("shown", "line"),
    [
        ("", "\x1b[1mbold\x1b[m"),
        ("a \x1b[1mbo\x1b[m", "a \x1b[1mbold\x1b[m and on"),
        ("\x1b[36mpri\x1b[m", "\x1b[1mprint\x1b[m(x)"),
        ("x \x1b[36mpri\x1b[m", "x \x1b[35mprin\x1b[m(x)"),
        ("中文 word", "中文 w"),
        ("中文字", "中文"),
        ("a long line", ""),
        ("a `b", "a \x1b[36mb\x1b[m"),
        ("\x1b[1ma\x1b[m\x1b[4mb\x1b[m", "\x1b[1ma\x1b[mb"),
    ],
)
def test_from_one_line_to_another_the_screen_is_as_if_it_was_written_at_once(shown, line):
    assert _cells(shown, redrawn(shown, line)) == _cells(line)


def _cells(*written: str) -> Sequence[object]:
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.Stream(screen)
    for text in written:
        stream.feed(text)
    return [screen.buffer[0][x] for x in range(COLUMNS)], screen.cursor.x


def test_a_live_line_is_never_more_than_one_line():
    page = Page(20, theme())
    for piece in pieces(ANSWER, seed=2):
        live = cells_of(bare([page.feed(piece).live])[0])
        assert columns(live) <= page.width
