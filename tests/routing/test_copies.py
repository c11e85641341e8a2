"""A copy of private text is found wherever it stands and however it is set."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.routing.copies import CopyGuard

DIARY = "The doctor said the results would come on Thursday, and I could not sleep at all."
ZH_DIARY = "医生说化验结果要到星期四才能出来，那天晚上我一夜都没有睡着。"


def guard_of(*texts: str) -> CopyGuard:
    guard = CopyGuard()
    for text in texts:
        guard.add(text)
    return guard


@pytest.mark.parametrize(
    "text",
    [
        "Please correct: the doctor said the results would come",
        "THE DOCTOR SAID THE RESULTS WOULD COME ON THURSDAY",
        "thedoctorsaidtheresultswouldcomeonthursday",
        "the-doctor-said\nthe.results_would come",
        "ｔｈｅ ｄｏｃｔｏｒ ｓａｉｄ ｔｈｅ ｒｅｓｕｌｔｓ ｗｏｕｌｄ",
        "the doc\u200btor said the re\u00adsults would come",
    ],
)
def test_a_copy_is_found_across_case_width_spaces_and_punctuation(text: str):
    assert guard_of(DIARY).repeats(text)


def test_24_letters_are_a_copy_and_23_are_not():
    copy = "thedoctorsaidtheresultsw"
    assert len(copy) == 24
    assert guard_of(DIARY).repeats(f"xx {copy} yy")
    assert not guard_of(DIARY).repeats(f"xx {copy[1:]} yy")


def test_12_chinese_characters_are_a_copy_and_11_are_not():
    copy = "化验结果要到星期四才能出"
    assert len(copy) == 12
    assert guard_of(ZH_DIARY).repeats(f"请问，{copy}是什么意思")
    assert not guard_of(ZH_DIARY).repeats(f"请问，{copy[1:]}是什么意思")


def test_japanese_and_korean_count_like_chinese():
    assert guard_of("きのうのよるはねむれませんでした").repeats("きのうのよるはねむれませ")
    assert guard_of("어젯밤에는전혀잠을이루지못했다").repeats("어젯밤에는전혀잠을이루지")


def test_in_mixed_text_a_wide_character_counts_twice():
    guard = guard_of("项目代号是falcon由王小明负责到年底")
    assert guard.repeats("代号是falcon由王小明负责")  # 9 wide ones and 6 letters: 24
    assert not guard.repeats("号是falcon由王小明负责")


def test_a_guard_that_knows_nothing_finds_nothing():
    assert not CopyGuard().repeats(DIARY)
    assert not guard_of("too short").repeats("too short")


def test_a_guard_keeps_no_text():
    kept = repr(vars(guard_of(DIARY)))
    assert "doctor" not in kept
    assert set(kept) <= set(string.digits + "{}':_-, seen is_blind False")


words = st.text(string.ascii_lowercase + "的一是不了人我在有他", min_size=24, max_size=80)


@given(words, st.text(max_size=40), st.text(max_size=40), st.sampled_from(["", " ", "\n", " - "]))
def test_a_whole_private_text_is_found_anywhere(private, before, after, gap):
    copy = gap.join(private).upper()
    # What stands beside it must not join a character of the copy: a combining mark would.
    assert guard_of(private).repeats(f"{before} . {copy} . {after}")


@given(words)
def test_a_text_is_no_copy_of_one_without_a_letter_in_common(private):
    other = "xyz中文字符" * 20
    private = "".join(c for c in private if c not in "xyz")
    assert not guard_of(private).repeats(other)
