"""How a conversation looks on a terminal of any width, and where there is none."""

from __future__ import annotations

from datetime import timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from edge.cli.log.show import Looks, shown
from edge.cli.page.theme import theme
from edge.core.conversation import Conversation, Outcome, Summary
from edge.core.event import StopReason
from edge.core.message import Label
from talks import attempt, ended_by, talk, turn

WORDS = st.text("ab 好，。\n\t\u0301", max_size=80)


def on_terminal(conversation: Conversation, width: int) -> list[str]:
    looks = Looks(theme(colours=False), width)
    return shown(conversation, conversation.turns, looks).splitlines()


@given(WORDS, st.integers(20, 60))
def test_nothing_is_wider_than_the_terminal(said, width):
    conversation = talk(turn(said, said), title=said, system=said)
    assert max(map(cell_len, on_terminal(conversation, width))) <= width


@given(WORDS, st.integers(20, 60))
def test_every_visible_character_of_a_prompt_is_there_in_order(said, width):
    lines = on_terminal(talk(turn(said, "yes")), width)
    typed = "".join(line[1:] for line in lines if line.startswith(">"))
    assert "".join(typed.split()) == "".join(said.split())


def test_a_prompt_is_broken_between_words_and_every_line_carries_its_mark():
    lines = on_terminal(talk(turn("alpha beta   gamma\n\ndelta", "yes")), 13)
    assert [line for line in lines if line.startswith(">")] == [
        "> alpha beta", "> gamma", ">", "> delta",
    ]  # fmt: skip


def test_times_are_those_of_the_readers_clock():
    beijing = Looks(theme(colours=False), zone=timezone(timedelta(hours=8)))
    conversation = talk(turn("one", "1"))
    head, _, said = shown(conversation, conversation.turns, beijing).partition("\n\n")
    assert "2026-01-31 22:02" in head
    assert "2026-01-31 22:02" in said


def test_a_line_that_ends_with_a_carriage_return_too_ends_once():
    conversation = talk(turn("a\r\nb", "c\r\n"))
    assert "> a\n> b\n\nc" in shown(conversation, conversation.turns)


def test_a_long_text_on_one_line_is_there_whole():
    lines = on_terminal(talk(turn("word " * 30_000, "yes")), 80)
    assert sum(line.count("word") for line in lines if line.startswith(">")) == 30_000


def test_why_a_reply_is_not_whole_is_said_where_it_ends():
    cut = ended_by(attempt("half"), StopReason.MAX_TOKENS)
    turns = (
        turn("one", cut, outcome=Outcome.INCOMPLETE),
        turn("two", outcome=Outcome.OPEN),
        turn("three", "3"),
    )
    said = shown(talk(*turns), turns)
    assert "half\n(cut at the limit of its length)\n" in said
    assert "no reply" in said
    assert "(still being written)" in said
    assert said.endswith("\n3")


def test_a_summary_stands_before_the_turns_and_says_how_many_tokens_it_stands_for():
    summary = Summary("m2xq0000", "they spoke of bees", 1200, Label.PUBLIC)
    lines = shown(talk(turn("hi", "ho"), summary=summary), ()).splitlines()
    assert lines[3:] == [
        "Summary, told in place of 1200 tokens up to turn m2xq0000", "they spoke of bees",
    ]  # fmt: skip
