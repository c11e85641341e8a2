"""Where another engine goes on: what it says again is dropped, and not a letter more."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from edge.chat.seam import Seam


def join(shown, new, cuts=()):
    """All that is shown of `new`, fed in pieces."""
    seam, told, last = Seam(shown), [], 0
    for cut in [*sorted(cuts), len(new)]:
        told.append(seam.feed(new[last:cut]))
        last = cut
    return "".join([*told, seam.close()])


SHOWN = "The capital of France is Paris, and the capital of"


@pytest.mark.parametrize(
    ("shown", "new", "told"),
    [
        (SHOWN, " Spain is Madrid.", " Spain is Madrid."),
        (SHOWN, "and the capital of Spain is Madrid.", " Spain is Madrid."),
        (SHOWN, SHOWN + " Spain is Madrid.", " Spain is Madrid."),
        (SHOWN, SHOWN, ""),
        (SHOWN, "The capital of Spain", "The capital of Spain"),  # begins like it, and differs
        (SHOWN, "The capital of", "The capital of"),  # ends before it comes to the end
        ("北京是中国的首都，上海是", "首都，上海是最大的城市。", "最大的城市。"),
        ("北京是中国的首都，上海是", "，上海是最大的城市。", "，上海是最大的城市。"),
        ("用 Python 写", "用 Python 写程序", "程序"),
        ("I said so. I said so. ", "I said so. I said so. Twice.", "Twice."),
        # All of a short reply.
        ("Paris ", "Paris is the capital.", "is the capital."),
        ("好的，", "好的，我来说明。", "我来说明。"),
        ("The", "The capital", "The capital"),
        ("", "Hello", "Hello"),
    ],
)
def test_a_repetition_is_dropped_and_nothing_else(shown, new, told):
    assert join(shown, new) == told


@pytest.mark.parametrize(
    ("shown", "new"),
    [
        ("ha ha", " ha ha"),
        ("ha ", "ha ha!"),
        ("ha ha ha ha ha ha ", "ha ha ha ha ha ha ha!"),
        ("| --- | --- | --- | --- ", "| --- | --- | --- | --- |"),
        ("-" * 40, "-" * 40),
        ("哈哈哈哈哈哈哈哈", "哈哈哈哈哈哈！"),
        ("if a:\n            ", "            return"),
        ("1 + 1", " + 1 = 3"),
        ("no, no", "no, no!"),
        ("对，对", "对，对！"),
        ("            }\n" * 4, "            }\n" * 2),
    ],
)
def test_what_may_well_be_said_again_is_kept(shown, new):
    assert join(shown, new) == new


def test_text_is_held_only_while_it_may_be_a_repetition():
    seam = Seam("one two three four five")
    assert [seam.feed(letter) for letter in "two X and on"] == ["", "", "", "", "two X", *" and on"]
    assert seam.close() == ""


def test_text_that_cannot_be_a_repetition_is_shown_at_once():
    assert Seam(SHOWN).feed("Z") == "Z"
    assert Seam("").feed("a") == "a"
    assert Seam("one two three four five").feed("fi") == "fi"  # its end from there is too short
    assert Seam("short").feed("short") == "short"


LETTERS = st.text(alphabet="ab c，好", max_size=60)
TEXTS = LETTERS | st.text(max_size=60)


@st.composite
def continued(draw):
    shown = draw(TEXTS)
    new = (
        shown[draw(st.integers(0, len(shown))) :] + draw(TEXTS)
        if draw(st.booleans())
        else draw(TEXTS)
    )
    return shown, new, draw(st.lists(st.integers(0, len(new)), max_size=10))


@given(continued())
def test_how_the_text_is_cut_does_not_matter(case):
    shown, new, cuts = case
    assert join(shown, new, cuts) == join(shown, new) == join(shown, new, range(len(new)))


@given(continued())
def test_what_is_dropped_was_shown_and_stands_at_its_end(case):
    shown, new, _ = case
    told = join(shown, new)
    assert new.endswith(told)
    assert shown.endswith(new[: len(new) - len(told)])


@given(continued())
def test_held_text_is_never_longer_than_what_was_shown(case):
    shown, new, _ = case
    seam, told = Seam(shown), 0
    for n_fed, letter in enumerate(new, start=1):
        told += len(seam.feed(letter))
        assert n_fed - told <= len(shown)


# A letter says where it stands, so no part of the text is like another.
PLACES = "".join(chr(0x4E00 + n) for n in range(400))


@given(
    at=st.integers(6, 200),
    n_again=st.integers(0, 200),
    n_new=st.integers(0, 50),
    cuts=st.lists(st.integers(0, 250)),
)
def test_of_an_overlap_exactly_the_overlap_is_dropped(at, n_again, n_new, cuts):
    n_again = min(n_again, at)
    new = PLACES[at - n_again : at + n_new]
    assume(n_again == 0 or n_again >= 6)
    assert join(PLACES[:at], new, [min(cut, len(new)) for cut in cuts]) == PLACES[at : at + n_new]


@given(at=st.integers(7, 200), n_again=st.integers(0, 5), n_new=st.integers(0, 50))
def test_an_overlap_too_short_to_mean_something_stays(at, n_again, n_new):
    new = PLACES[at - n_again : at + n_new]
    assert join(PLACES[:at], new) == new


def test_a_long_reply_is_joined_in_good_time():
    # Work that grew with the square of the length, at every piece, would take minutes here.
    shown = "a" * 20_000 + "b"
    assert join(shown, shown + "c", range(0, 20_000, 20)) == "c"
    assert join("ab" * 10_000, "ab" * 10_000 + "c", range(0, 20_000, 20)) == "ab" * 10_000 + "c"
