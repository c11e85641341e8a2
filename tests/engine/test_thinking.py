import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge.core.event import Channel
from edge.engine.thinking import ThinkingSplitter


def split(pieces, *, inside=False):
    """Reasoning and answer of a reply that arrives in these pieces."""
    splitter = ThinkingSplitter(inside=inside)
    spans = [span for piece in pieces for span in splitter.feed(piece)] + splitter.close()
    assert all(text for _, text in spans)
    return tuple(
        "".join(text for at, text in spans if at is channel)
        for channel in (Channel.REASONING, Channel.ANSWER)
    )


@pytest.mark.parametrize(
    ("reply", "reasoning", "answer"),
    [
        ("Hello.", "", "Hello."),
        ("<think>\nhm\n</think>\n\nYes.", "hm", "Yes."),
        ("<think>\n\n</think>\n\nYes.", "", "Yes."),
        ("<think></think>Yes.", "", "Yes."),
        ("<think>\n\nhm\n\n</think>\n\n\nYes.\n", "\nhm\n", "\nYes.\n"),
        ("\n<think>\nhm\n</think>\n\nYes.", "hm", "Yes."),
        ("<think>\nnever closed\n", "never closed\n", ""),
        ("<think>\na </thin", "a </thin", ""),
        ("<think>\na <think> b\n</think>\n\nYes.", "a <think> b", "Yes."),
        ("Write <think>x</think> yourself.", "", "Write <think>x</think> yourself."),
        ("<think>\na\n</think>\n\nb <think>c</think>", "a", "b <think>c</think>"),
        ("\n\n</think>\n\nHello!", "", "Hello!"),
        ("No.</think> odd", "", "No.</think> odd"),
        ("<thinking> is a word", "", "<thinking> is a word"),
        ("  two spaces", "", "  two spaces"),
        ("\n\n", "", "\n\n"),
        ("<thi", "", "<thi"),
        ("", "", ""),
    ],
)
def test_the_block_at_the_start_is_reasoning_and_the_rest_is_the_answer(reply, reasoning, answer):
    assert split([reply]) == (reasoning, answer)
    assert split(reply) == (reasoning, answer)


@pytest.mark.parametrize(
    ("reply", "reasoning", "answer"),
    [
        ("hm\n</think>\n\nYes.", "hm", "Yes."),
        ("\n</think>\n\nYes.", "", "Yes."),
        ("</think>\n\nYes.", "", "Yes."),
        ("\nhm", "\nhm", ""),
        ("hm\n</thin", "hm\n</thin", ""),
        ("a\n</think>\n\n<think>b</think>", "a", "<think>b</think>"),
    ],
)
def test_a_reply_that_starts_inside_the_block_is_reasoning_up_to_its_end(reply, reasoning, answer):
    assert split([reply], inside=True) == (reasoning, answer)
    assert split(reply, inside=True) == (reasoning, answer)


parts = st.sampled_from(["<think>", "</think>", "\n", "\n\n", "a", " ", "<", "</", "think>", "你"])
replies = st.lists(parts, max_size=10).map("".join)


@given(replies, st.booleans(), st.lists(st.integers(min_value=0), max_size=8))
@example("<think>\nhm\n</think>\n\nYes.", False, [3, 8, 12, 20])
def test_the_result_does_not_depend_on_how_the_reply_is_cut(reply, inside, cuts):
    places = sorted({cut % (len(reply) + 1) for cut in cuts})
    pieces = [reply[a:b] for a, b in zip([0, *places], [*places, len(reply)], strict=True)]
    assert split(pieces, inside=inside) == split([reply], inside=inside)


@given(replies, st.booleans())
def test_nothing_is_lost_but_the_tags_and_their_newlines(reply, inside):
    reasoning, answer = map(re.escape, split([reply], inside=inside))
    block = rf"(\n*<think>\n?)?{reasoning}(\n?</think>\n{{0,2}})?{answer}"
    closed_at_once = rf"\n*</think>\n{{0,2}}{answer}"
    assert re.fullmatch(f"{block}|{closed_at_once}", reply)


def test_text_that_cannot_become_a_tag_is_not_held_back():
    splitter = ThinkingSplitter()
    assert splitter.feed("H") == [(Channel.ANSWER, "H")]
    assert splitter.feed("i <think") == [(Channel.ANSWER, "i <think")]


def test_only_the_start_of_a_closing_tag_is_held_back_while_thinking():
    splitter = ThinkingSplitter(inside=True)
    assert splitter.feed("a\n\n</th") == [(Channel.REASONING, "a\n")]
    assert splitter.feed("ere") == [(Channel.REASONING, "\n</there")]
