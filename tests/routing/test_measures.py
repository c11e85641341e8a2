"""What is measured before a turn: tokens, language, waits, the link."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from edge.core.decision import LinkState, Signals, Target
from edge.core.event import Usage
from edge.core.message import Label
from edge.routing.signals import (
    Link,
    Room,
    Waits,
    estimate_tokens,
    language_of,
    measured_waits,
    quantile,
    with_prompt,
)

# How they were counted is said at its head.
COUNTED = [
    (each["n_tokens"], each["text"])
    for each in tomllib.loads(Path(__file__).with_name("counted.toml").read_text("utf-8"))["texts"]
]


@pytest.mark.parametrize(("counted", "text"), COUNTED, ids=lambda value: str(value)[:20])
def test_an_estimate_errs_upwards_and_not_far(counted, text):
    assert counted <= estimate_tokens(text) <= 1.35 * counted


def test_nothing_is_nothing_and_a_hostile_text_takes_no_time():
    assert estimate_tokens("") == 0
    # A pattern that looked back at every blank would not end within the test's time.
    assert estimate_tokens(" " * 1_000_000) < 20_000
    assert estimate_tokens("\n" * 1_000_000) >= 1
    assert estimate_tokens("字" * 100_000) > 70_000


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("How do I sort this list in Python?", "en"),
        ("用 Python 写一个排序函数", "zh"),
        ("請幫我翻譯這份報告", "zh"),
        ("このプログラムを説明してください", "ja"),
        ("오늘 날씨가 어떤지 알려 주세요", "ko"),
        ("Объясни простыми словами", "ru"),
        ("Bitte erkläre mir, wie das mit der Wahl ist", "de"),
        ("Pourriez-vous expliquer la différence pour moi dans une phrase", "fr"),
        ("اشرح لي كيف يعمل هذا", "ar"),
        ("12345 67890", ""),
        ("", ""),
        ("x = y + z", ""),
        ("请说 hello 你好 good morning friend", ""),
    ],
)
def test_the_language_is_that_of_most_of_the_text(text, language):
    assert language_of(text) == language


def test_a_prompt_takes_its_tokens_from_both_rooms():
    text = "What is the capital of France?"  # estimated as 8
    some = Signals(0, Label.PUBLIC, cloud_allowed=True)
    found = with_prompt(some, text, Room(4096, 100_000, 1024), past_tokens=500)
    assert (found.prompt_tokens, found.new_tokens) == (508, 8)
    assert found.context_free_tokens == 4096 - 1024 - 508
    assert found.cloud_free_tokens == 100_000 - 1024 - 508
    assert (found.reply_tokens, found.language) == (1024, "en")


# The waits.


def usage(new: int, prefill_s: float, ttft_s: float, reply: int = 20, decode_s: float = 2) -> Usage:
    return Usage(new + 1000, 1000, reply, ttft_s, prefill_s, decode_s)


def test_waits_follow_from_new_tokens_alone():
    usages = [(Target.EDGE, "m", usage(100, 2.0, 2.1)), (Target.EDGE, "m", usage(300, 6.0, 6.1))]
    waits = measured_waits(usages, "m", "c")
    assert waits.prefill_tps == 50
    assert waits.edge_tps == 10
    assert waits.edge_wait_s(200, ready=True) == 4.0


def test_a_short_prefill_tells_no_speed():
    assert measured_waits([(Target.EDGE, "m", usage(4, 1.0, 1.0))], "m", "c").prefill_tps is None


def test_a_cold_model_waits_for_its_load_too():
    usages = [(Target.EDGE, "m", usage(100, 1.0, 4.0)), (Target.EDGE, "m", usage(100, 1.0, 1.1))]
    waits = measured_waits(usages, "m", "c")
    assert waits.load_s == 3.0
    assert waits.edge_wait_s(100, ready=False) == 4.0
    assert Waits(prefill_tps=100).edge_wait_s(100, ready=False) is None
    assert Waits(prefill_tps=100).edge_wait_s(100, ready=True) == 1.0


def test_the_cloud_is_known_by_its_quantiles_and_other_models_do_not_count():
    usages = [(Target.CLOUD, "c", usage(9, 0.0, float(n), 30, 1)) for n in range(1, 11)]
    usages += [(Target.CLOUD, "other", usage(9, 0.0, 99.0)), (Target.EDGE, "c", usage(9, 0, 99.0))]
    waits = measured_waits(usages, "m", "c")
    assert (waits.cloud_p50_s, waits.cloud_p90_s, waits.cloud_tps) == (5.0, 9.0, 30)


def test_only_the_newest_turns_tell_how_it_is_now():
    old = [(Target.CLOUD, "c", usage(9, 0.0, 99.0))] * 100
    new = [(Target.CLOUD, "c", usage(9, 0.0, 1.0))] * 40
    assert measured_waits([*new, *old], "m", "c").cloud_p90_s == 1.0


def test_of_nothing_nothing_is_known():
    assert measured_waits([], "m", "c") == Waits()
    assert quantile([], 0.5) is None
    assert [quantile([7], share) for share in (0, 0.5, 1)] == [7, 7, 7]


# The link.


def test_one_failure_is_not_down_and_two_are():
    once = Link().after_success().after_failure(100.0)
    assert once.state(100.0) is LinkState.UP
    assert once.after_failure(101.0).state(101.0) is LinkState.DOWN
    assert Link().after_failure(100.0).state(100.0) is LinkState.UNKNOWN


def test_one_success_is_up_at_once():
    down = Link().after_failure(1.0).after_failure(2.0)
    assert down.after_success().state(2.0) is LinkState.UP
    assert down.after_success().after_failure(3.0).state(3.0) is LinkState.UP


def test_down_lapses_and_the_next_failure_is_enough():
    down = Link().after_failure(1.0).after_failure(2.0)
    assert down.state(16.9) is LinkState.DOWN
    assert down.state(17.0) is LinkState.UNKNOWN
    assert down.after_failure(20.0).state(20.0) is LinkState.DOWN


def test_a_clock_that_went_back_shuts_nobody_out():
    down = Link().after_failure(1000.0).after_failure(1001.0)
    assert down.state(900.0) is LinkState.UNKNOWN
    assert replace(down, failed_at_s=899.0).state(900.0) is LinkState.DOWN
