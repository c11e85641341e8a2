"""How lists and findings are laid out: in cells, at any width, in any script."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from edge.cli.log.lines import fitted
from edge.cli.log.lists import found, listed
from edge.core.message import Role
from edge.store.listing import Listed
from edge.store.search import Hit

AT = "2026-01-31T14:02:59.123Z"
ASKED = "用一句话解释什么是递归，并且举一个例子。" * 3
ROWS = (
    Listed("k3v90000", "", "qwen2.5-coder-0.5b", ASKED, 1, AT),
    Listed("m2xq0000", "On *bees*", "toy", "why do\nbees hum?", 1_234, AT),
    Listed("p0ab0000", "", "toy", "", 0, AT),
)
BEIJING = timezone(timedelta(hours=8))
SPEED = "snow \x1b[31m in May"


def hit(snippet: str, *words: str, **more: object) -> Hit:
    """A hit in which these words stand."""
    spans = tuple(m.span() for word in words for m in re.finditer(re.escape(word), snippet))
    fields = {"role": Role.USER, "title": "On bees"} | more
    return Hit("k3v90000", fields["title"], "aaaa0000", fields["role"], snippet, spans, AT)


def test_a_wide_list_is_a_table_in_which_chinese_takes_two_cells():
    assert listed(ROWS, 74, zone=UTC).splitlines() == [
        "ID        LAST USED         TURNS  MODEL               TITLE",
        "k3v90000  2026-01-31 14:02      1  qwen2.5-coder-0.5b  用一句话解释什么是…",
        "m2xq0000  2026-01-31 14:02  1,234  toy                 On *bees*",
        "p0ab0000  2026-01-31 14:02      0  toy                 conversation p0ab0…",
    ]


def test_a_narrow_list_takes_two_lines_for_each():
    assert listed(ROWS, 40, zone=UTC).splitlines() == [
        "k3v90000  2026-01-31 14:02  1 turn",
        "  用一句话解释什么是递归，并且举一个例…",
        "m2xq0000  2026-01-31 14:02  1234 turns",
        "  On *bees*",
        "p0ab0000  2026-01-31 14:02  0 turns",
        "  conversation p0ab0000",
    ]


def test_times_are_those_of_the_readers_clock():
    assert "2026-01-31 22:02" in listed(ROWS, 80, zone=BEIJING)


def test_the_current_conversation_is_marked_and_the_columns_stay_straight():
    lines = listed(ROWS, 80, current="m2xq0000", zone=UTC).splitlines()
    assert [line[:2] for line in lines] == ["  ", "  ", "* ", "  "]
    assert {line.index("2026") for line in lines[1:]} == {lines[0].index("LAST")}


@given(st.text(max_size=80), st.integers(8, 100))
def test_no_line_of_a_list_is_wider_than_the_terminal(text, width):
    rows = [Listed("k3v90000", text, text, text, 10**6, AT)]
    for line in listed(rows, width, zone=UTC).splitlines():
        assert cell_len(line) <= width


def test_what_was_found_is_coloured_where_it_stands_and_nowhere_else():
    shown = found([hit("do bees hum, bees?", "bees")], 60, True, zone=UTC)
    heading, line = shown.splitlines()
    assert heading == "\x1b[2mk3v90000  2026-01-31 14:02  On bees\x1b[m"
    assert line == "  you: do \x1b[1;35mbees\x1b[m hum, \x1b[1;35mbees\x1b[m?"


def test_without_colours_there_is_no_control_character_in_what_was_found():
    shown = found([hit(SPEED, "snow", role=Role.ASSISTANT)], 60, False, zone=UTC)
    assert shown.splitlines()[1] == "  reply: snow \\x1b[31m in May"


def test_marks_stay_on_their_word_behind_what_was_escaped():
    shown = found([hit("\u202e\u202e then snow", "snow")], 60, True, zone=UTC)
    assert shown.endswith("  you: \\u202e\\u202e then \x1b[1;35msnow\x1b[m")


def test_hits_of_one_talk_that_stand_together_share_a_heading():
    hits = [hit("one", "one"), hit("two", "two", role=Role.ASSISTANT)]
    assert len(found(hits, 60, False, zone=UTC).splitlines()) == 3


def test_what_was_found_is_wrapped_to_the_width_with_its_marks():
    shown = found([hit("什么是递归？递归是调用自身。", "递归", "调用")], 18, False, zone=UTC)
    assert shown.splitlines()[1:] == ["  you: 什么是递", "  归？递归是调用自", "  身。"]
    lines = found([hit("see alpha beta", "alpha beta")], 18, True, zone=UTC).splitlines()
    assert lines[1:] == ["  you: see \x1b[1;35malpha\x1b[m", "  \x1b[1;35mbeta\x1b[m"]


@given(st.text(max_size=80), st.integers(12, 60))
def test_no_line_of_what_was_found_is_wider_than_the_terminal(text, width):
    for line in found([hit(text, title=text)], width, False, zone=UTC).splitlines():
        assert cell_len(line) <= width


@pytest.mark.parametrize(("width", "cut"), [(6, "你好 a"), (5, "你好…"), (4, "你…"), (1, "…")])
def test_a_cut_line_is_never_wider_than_asked(width, cut):
    assert fitted("你好 a", width) == cut
