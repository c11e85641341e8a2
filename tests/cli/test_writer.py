"""What a model writes reaches the eye, and nothing of it reaches the terminal's controls."""

from __future__ import annotations

import io
import os
import tty
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TextIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.cli.page.drawn import Drawn
from edge.cli.page.escape import Escaper, safe
from edge.cli.page.theme import theme
from edge.cli.page.thinking import Thinking
from edge.cli.page.thoughts import thoughts
from edge.cli.page.writer import Writer
from edge.core.decision import Target
from edge.core.event import (
    Channel,
    Delta,
    Event,
    Notice,
    NoticeCode,
    Phase,
    Progress,
    Switched,
)

XTERM = {"TERM": "xterm-256color"}

# Everything a terminal may act on, in front of text that is itself full of it.
HOSTILE = st.text(
    st.one_of(
        st.characters(),
        st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp"]),
        st.sampled_from("\x1b\x9b\x90\x07\x08\r\x7f\u202e\u2066\u200b\ufeff\U000e0041]0;m[31"),
    )
)
CUTS = st.lists(st.integers(0, 200))


def cut(text: str, at: Sequence[int]) -> list[str]:
    """The text in pieces, as deltas may bring it."""
    ends = sorted({*[n for n in at if n <= len(text)], 0, len(text)})
    return [text[a:b] for a, b in pairwise(ends)]


# Escaping.


@settings(max_examples=500)
@given(HOSTILE, CUTS)
def test_no_control_reaches_the_terminal_however_the_text_is_cut(text, at):
    escaper = Escaper()
    shown = "".join(map(escaper.feed, cut(text, at))) + escaper.end()
    assert shown == safe(text)
    shown.encode()  # and no lone surrogate is left
    assert [c for c in shown if unicodedata.category(c) == "Cc" and c not in "\n\t"] == []
    hidden = {c for c in shown if unicodedata.category(c) in ("Cf", "Zl", "Zp")}
    assert hidden <= {"\u200c", "\u200d"}


@given(st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"])))
def test_text_that_is_only_to_be_read_is_not_touched(text):
    assert safe(text) == text


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("\r\b\x7f", r"\r\x08\x7f"),
        ("\u202eevil\u2066\u200b\ufeff\xad", r"\u202eevil\u2066\u200b\ufeff\xad"),
        ("\U000e0041", r"\U000e0041"),
        ("\udc80", r"\udc80"),
        ("a\tb\nc", "a\tb\nc"),
        ("a\r\nb\r\n", "a\nb\n"),
        ("a\r\r\nb\r", "a\\r\nb\\r"),
    ],
)
def test_what_a_terminal_would_obey_or_hide_is_spelled_out(said, shown):
    assert safe(said) == shown


@pytest.mark.parametrize("written", ["می‌خواهم", "👩‍👩‍👧", "क्‍ष"])
def test_joiners_that_spell_a_word_or_an_emoji_pass(written):
    assert safe(written) == written


def test_joiners_that_could_carry_a_hidden_message_are_spelled_out():
    assert safe("a\u200db") == r"a\u200db"
    assert safe("क\u200d\u200c\u200d") == "क\u200d\\u200c\\u200d"


# Streams. The terminals are real ones, the far end is read by the test.


@dataclass(frozen=True, slots=True)
class Tty:
    """The near end of a terminal, and what its far end received."""

    stream: TextIO
    far_end: int

    def received(self) -> str:
        os.write(self.stream.fileno(), b"\0")
        came = b""
        while not came.endswith(b"\0"):
            came += os.read(self.far_end, 65536)
        return came[:-1].decode()


@pytest.fixture
def screen() -> Iterator[Tty]:
    far_end, near_end = os.openpty()
    tty.setraw(near_end)
    with open(near_end, "w", encoding="utf-8") as stream:
        yield Tty(stream, far_end)
    os.close(far_end)


def show(writer: Writer, *events: Event) -> None:
    for event in events:
        writer.show(event)
    writer.end()


def answer(text: str) -> Delta:
    return Delta(text, Channel.ANSWER)


def thought(text: str) -> Delta:
    return Delta(text, Channel.REASONING)


def test_a_pipe_gets_the_answer_alone_and_one_newline():
    out, err = io.StringIO(), io.StringIO()
    loading, notice = Progress(Phase.LOAD, 500, 1000), Notice(NoticeCode.RESTARTED, "again")
    events = (loading, thought("hm"), answer("Yes\n"), notice, answer("\nno\n\n\n"))
    show(Writer(out, err, XTERM), *events)
    assert out.getvalue() == "Yes\n\nno\n"
    assert err.getvalue() == "again\n"


def test_a_pipe_gets_escapes_spelled_out_unless_it_asks_for_raw_text():
    out, raw = io.StringIO(), io.StringIO()
    show(Writer(out, None, XTERM), answer("a\x1b"), answer("[31m"))
    show(Writer(raw, None, XTERM, raw=True), answer("a\x1b"), answer("[31m"))
    assert out.getvalue() == "a\\x1b[31m\n"
    assert raw.getvalue() == "a\x1b[31m\n"


def test_a_line_that_ends_with_a_carriage_return_too_ends_once_also_in_a_pipe():
    out = io.StringIO()
    show(Writer(out, None, XTERM), answer("a\r"), answer("\nb\r\n\rc\r"))
    assert out.getvalue() == "a\nb\n\\rc\\r\n"


def test_an_answer_that_never_came_is_not_even_a_newline():
    out = io.StringIO()
    show(Writer(out, None, XTERM), answer("\n\n"))
    assert out.getvalue() == ""


def test_reasoning_is_dim_on_standard_error_and_never_on_standard_output(screen):
    out = io.StringIO()
    show(Writer(out, screen.stream, XTERM), thought("hm\x1b"), thought(" so"), answer("Yes"))
    assert screen.received() == "\x1b[2mhm\\x1b\x1b[0m\x1b[2m so\x1b[0m\n\n"
    assert out.getvalue() == "Yes\n"


def test_no_color_leaves_no_colour(screen):
    writer = Writer(screen.stream, screen.stream, XTERM | {"NO_COLOR": "1"})
    writer.thinking = Thinking.SHOW
    show(writer, thought("hm"), answer("**Yes**"))
    assert screen.received() == "hm\n\n**Yes**\n"


def test_a_dumb_terminal_gets_no_sequence_at_all(screen):
    writer = Writer(screen.stream, screen.stream, {"TERM": "dumb"})
    show(writer, Progress(Phase.LOAD, 1, 1000), thought("hm"), answer("Yes"))
    assert screen.received() == "hm\n\nYes\n"


def test_a_wait_is_one_line_that_only_changes_where_it_differs_and_leaves_nothing(screen):
    writer = Writer(screen.stream, screen.stream, XTERM)
    loading = (Progress(Phase.LOAD, done, 1000) for done in (20, 990))
    show(writer, *loading, Progress(Phase.PREFILL, 128, 512), answer("Yes"))
    assert screen.received() == (
        "loading the model: 2 %\x1b[3D99 %\rreading: 128 of 512 tokens\r\x1b[KYes\n"
    )


def test_a_short_prompt_is_read_without_a_word(screen):
    show(Writer(screen.stream, screen.stream, XTERM), Progress(Phase.PREFILL, 10, 20))
    assert screen.received() == ""


def test_a_notice_in_the_middle_of_a_line_begins_one_of_its_own(screen):
    writer = Writer(screen.stream, screen.stream, XTERM)
    switched = Switched(Target.EDGE, Target.CLOUD, "the engine died")
    show(writer, answer("half"), switched, answer(" more"))
    assert screen.received() == "half\n\x1b[2mthe cloud goes on (the engine died)\x1b[m\nmore\n"


def test_no_note_steers_the_terminal():
    err = io.StringIO()
    Writer(None, err, XTERM).note("a\x1b[2J\nb")
    assert err.getvalue() == "a\\x1b[2J\nb\n"


def test_characters_the_stream_cannot_encode_are_spelled_out():
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="latin-1")
    show(Writer(out, None, XTERM), answer("é 你"))
    assert raw.getvalue() == "é \\u4f60\n".encode("latin-1")


FOLDED = "\x1b[2mthinking … 0 s\x1b[m\r\x1b[K\x1b[2mthought for 0 s\x1b[m\n"


def test_folded_thinking_is_one_line_and_how_long_it_took_stays(screen):
    show(Writer(screen.stream, screen.stream, XTERM), thought("hm "), thought("so"), answer("Yes"))
    assert screen.received() == f"{FOLDED}Yes\n"


def test_folded_thinking_fits_a_narrow_window():
    folded = thoughts(Thinking.FOLD, theme(colours=False), lambda: 0.0)
    assert folded.feed("hm", 9) == Drawn((), "thinking")
    assert folded.close() == Drawn(("thought", "for 0 s"))


@pytest.mark.parametrize(
    ("how", "left"),
    [
        (Thinking.HIDE, ""),
        (Thinking.SHOW, "\x1b[2mhm\x1b[m\n\n"),
        (Thinking.FOLD, FOLDED),
    ],
)
def test_thinking_that_no_answer_follows_leaves_a_clean_line(screen, how, left):
    writer = Writer(screen.stream, screen.stream, XTERM)
    writer.thinking = how
    show(writer, thought("hm"))
    assert screen.received() == left


def test_a_pipe_that_hides_thinking_gets_none(screen):
    writer = Writer(io.StringIO(), screen.stream, XTERM)
    writer.thinking = Thinking.HIDE
    show(writer, thought("hm"), answer("Yes"))
    assert screen.received() == ""


def test_where_nothing_is_drawn_an_earlier_turn_is_the_text_it_was():
    err = io.StringIO()
    Writer(None, err, XTERM).said("how?", "**so**\x1b", "failed; the reply is not whole")
    assert err.getvalue() == "> how?\n**so**\\x1b\n(failed; the reply is not whole)\n"


def test_each_reply_begins_anew(screen):
    writer = Writer(screen.stream, screen.stream, XTERM)
    show(writer, answer("one\n\n"))
    show(writer, answer("two"))
    assert screen.received() == "one\ntwo\n"
