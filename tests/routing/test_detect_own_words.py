"""The user's own words and patterns, and that none of them can keep a turn waiting."""

from __future__ import annotations

import pytest

from edge.core.errors import UsageError
from edge.routing.detect.all import detect
from edge.routing.detect.finding import Finding, OwnWords


def found(text: str, *words: str, patterns: tuple[str, ...] = ()) -> list[str]:
    return [text[f.start : f.end] for f in detect(text, OwnWords(words, patterns))]


@pytest.mark.parametrize(
    "text", ["Falcon", "FALCON", "F a l c o n", "fal-con", "ＦＡＬＣＯＮ", "f\u200balcon"]
)
def test_a_word_is_found_in_any_case_spacing_and_width(text: str):
    assert found(f"about {text}, please", "Falcon") == [text]


def test_a_latin_word_is_a_whole_word_and_a_chinese_one_stands_anywhere():
    assert found("falconry and falcons", "falcon") == []
    assert found("关于凤凰计划的预算", "凤凰计划") == ["凤凰计划"]
    assert found("凤凰 计划", "凤凰计划") == ["凤凰 计划"]


def test_a_word_is_no_pattern():
    assert found("axb", "a.b") == []


def test_a_pattern_is_found_as_written_and_in_the_plain_text():
    assert found("see PRJ-12345", patterns=(r"PRJ-\d{4,8}",)) == ["PRJ-12345"]
    assert found("ＰＲＪ－１２３４５", patterns=(r"PRJ-\d{4,8}",)) == ["ＰＲＪ－１２３４５"]
    assert found("合同号：77", patterns=("合同号：[0-9]+",)) == ["合同号：77"]


def test_a_pattern_sees_a_number_as_it_was_written():
    assert Finding("own_pattern", 0, 3) in detect("一二三", OwnWords(patterns=("一二三",)))


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(", "is not a regular expression"),
        ("x{99999999999}", "is not a regular expression"),
        ("a*", "matches the empty text"),
        ("a" * 501, "500 are the most"),
        (r"(a|b)\1", "refers back"),
        ("(?x) a b", "verbose"),
        ("(a+)+$", "repeats within repeats"),
        ("(a|aa)+$", "repeats within repeats"),
        ("(?:a?){40}a{40}", "repeats within repeats"),
        ("a*a*a*a*b", "too often"),
        ("[^x]*.*[^y]*.*z", "too often"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused_with_its_reason(pattern: str, why: str):
    with pytest.raises(UsageError, match=why) as refused:
        OwnWords(patterns=(pattern,))
    assert refused.value.hint


@pytest.mark.parametrize(
    "pattern", [r"PRJ-\d+", r"工号\s*[:：]\s*\d+", r"(\d{2}-){3}", r"proj(ect)?\w+", "[]a]+z"]
)
def test_usual_patterns_are_accepted(pattern: str):
    OwnWords(patterns=(pattern,))


@pytest.mark.timeout(60)  # a repeat without end would take minutes here, and its square years
def test_the_slowest_pattern_that_is_accepted_ends():
    assert found("a" * 2000, patterns=("a*a*a*b",)) == []


def test_a_word_without_a_letter_is_refused():
    with pytest.raises(UsageError, match="letter or digit"):
        OwnWords(("--",))
