"""Going on behind text that was shown: the seam, stop strings across it, what the templates say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from test_template import NAMES, REAL, SAID, TYPED, controls, joined, real_template, talk

from edge.core.message import Role
from edge.engine.edge.seam import Seam, begins_at, taken_back
from edge.engine.edge.template import Control, Text, render, retell
from edge.engine.text import TextStream

# Templates: the reply opens as the maker's own tells one that is the last of a conversation.


def told_as_last(stem: str, messages, reply: str, *, thinking: bool) -> str:
    """What the maker's template makes of a conversation whose last reply is still open."""
    spoken = [{"role": str(each.role), "content": each.text} for each in messages]
    spoken.append({"role": "assistant", "content": reply})
    whole = real_template(stem).render(
        messages=spoken, add_generation_prompt=False, enable_thinking=thinking
    )
    return whole.removesuffix("<|im_end|>\n")


@pytest.mark.parametrize("thinking", [True, False])
@pytest.mark.parametrize("stem", REAL)
def test_a_reply_goes_on_as_the_makers_template_tells_it_its_thoughts_closed(stem, thinking):
    for shown in ("The sky is bl", "就是端侧与云", "- one\n- two", "<tool_call> is a tag"):
        segments = render(SAID["system"], stem.split("--")[0], thinking=thinking, shown=shown)
        assert joined(segments) == told_as_last(stem, SAID["system"], shown, thinking=thinking)


@pytest.mark.parametrize("name", NAMES)
def test_white_space_at_both_ends_of_the_shown_text_is_kept(name):
    shown = "\n\n  def f():\n        "
    assert joined(render(talk("Hi"), name, thinking=True, shown=shown)).endswith(shown)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_was_shown_is_control(name):
    plain = controls(render(talk("Hi"), name, thinking=False, shown="words"))
    for messages in TYPED.values():
        for shown in (each.text for each in messages):
            segments = render(talk("Hi"), name, thinking=False, shown=shown)
            assert controls(segments) == plain
            assert isinstance(segments[-1], Text)


@pytest.mark.parametrize("name", ["qwen1.5", "qwen2.5", "qwen3-instruct-2507"])
def test_a_family_that_does_not_think_opens_the_reply_as_it_will_be_told(name):
    said = talk("Hi", "Hello there")
    asked = render(said[:1], name, thinking=False, shown=said[1].text)
    assert asked == retell(said, name)[: len(asked)]
    assert asked[-2:] == (Control("<|im_start|>"), Text(f"{Role.ASSISTANT}\nHello there"))


# Stop strings.


def cut_behind(shown: str, new: str, stop: Sequence[str]) -> tuple[str, bool]:
    """The plain reading: grow the text a character at a time; what was shown stays."""
    text = shown + new
    for end in range(len(shown) + 1, len(text) + 1):
        met = [len(mark) for mark in stop if text[:end].endswith(mark)]
        if met:
            return text[len(shown) : max(len(shown), end - max(met))], True
    return new, False


@given(
    st.text("abc", max_size=6),
    st.lists(st.text("abc", min_size=1, max_size=3), max_size=5),
    st.lists(st.text("abc", min_size=1, max_size=5), max_size=3),
)
@example("xab", ["y"], ["xaby", "ab"])  # a whole stop string within what was shown
@example("ab", ["ab", "c"], ["abc"])
@example("a", ["a", "b"], ["aab", "bb"])
def test_a_stop_string_across_the_seam_is_found_and_what_was_shown_stays(shown, pieces, stop):
    stream = TextStream(stop, after=shown)
    text = "".join([stream.feed(piece.encode()) for piece in pieces]) + stream.close()
    assert (text, stream.stopped) == cut_behind(shown, "".join(pieces), stop)


# Tokens at the seam, on a vocabulary of words.


class Words:
    """A vocabulary of these pieces, each a token by its place; the first is a control token."""

    def __init__(self, *pieces: str | bytes) -> None:
        self.pieces = [each.encode() if isinstance(each, str) else each for each in pieces]

    @property
    def boundaries(self) -> Mapping[int, str]:
        return {0: self.pieces[0].decode()}

    def tokenize(self, text: str, *, control: bool = False) -> list[int]:
        raise NotImplementedError

    def piece(self, token: int) -> bytes:
        return self.pieces[token]

    def ids(self, *pieces: str | bytes) -> list[int]:
        return [
            self.pieces.index(each.encode() if isinstance(each, str) else each) for each in pieces
        ]


ENGLISH = Words("<tool>", "The", " cap", "i", "it", " capital", "al", "tal", "<", " of", "\n")


def test_the_last_word_is_taken_back_and_no_more():
    tokens = ENGLISH.ids("The", " cap", "i")
    assert taken_back(tokens, "The capi", ENGLISH) == 2


def test_nothing_before_the_shown_text_is_taken_back():
    tokens = ENGLISH.ids("The", "i", "i")
    assert taken_back(tokens, "ii", ENGLISH) == 2
    assert taken_back(tokens, "", ENGLISH) == 0
    assert begins_at(tokens, "ii", ENGLISH) == 1


def test_a_very_long_word_gives_back_four_tokens():
    assert taken_back(ENGLISH.ids(*["i"] * 9), "i" * 9, ENGLISH) == 4


def test_a_chinese_character_is_a_word_and_half_of_one_is_not():
    raw = "长城".encode()
    chinese = Words("<t>", raw[:3], raw[3:4], raw[4:])
    assert taken_back([1, 2, 3], "长城", chinese) == 2
    assert taken_back([1], "长", chinese) == 1


def test_the_seam_takes_a_token_that_says_all_that_is_owed_or_its_own():
    seam = Seam(ENGLISH.ids(" cap", "i"), ENGLISH)
    assert seam.choices(range(11)) == ENGLISH.ids(" capital", " cap")
    assert seam.take(*ENGLISH.ids(" cap")) == b""
    assert seam.choices(range(11)) == ENGLISH.ids("i", "it", "i")
    assert seam.take(*ENGLISH.ids("it")) == b"t"
    assert (seam.open, seam.n_drawn) == (False, 2)
    assert seam.take(*ENGLISH.ids("al")) == b"al"
    assert seam.n_drawn == 2


def test_half_of_a_tags_name_never_becomes_the_tag():
    seam = Seam(ENGLISH.ids("<"), ENGLISH)
    assert seam.choices(range(11)) == ENGLISH.ids("<", "<")


def test_without_anything_owed_a_token_says_what_it_says():
    seam = Seam([], ENGLISH)
    assert not seam.open
    assert seam.take(*ENGLISH.ids("The")) == b"The"
    assert seam.n_drawn == 0
