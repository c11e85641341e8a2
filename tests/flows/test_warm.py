"""Rules that a script gives with every question are read once, by the first of its runs."""

from __future__ import annotations

import json

import pytest

from shell import edge

RULES = " ".join(
    f"Rule {n}: when somebody asks for the number {n}, answer in one short sentence."
    for n in range(1, 9)
)
# One thread: their number changes the last digits of the figures compared here.
ASK = ("ask", "-m", "qwen2.5-coder-0.5b", "--json", "--threads", "1", "--temperature", "0")


def answer(*flags: str) -> dict:
    ran = edge(*ASK, *flags, "--max-tokens", "8", "--system", RULES, "What is 2 + 2?")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


@pytest.mark.weights
def test_a_later_run_begins_behind_the_rules_and_says_the_very_same(weights_home):
    cold, warm, unkept = answer(), answer(), answer("--no-save")
    assert cold["conversation_id"] != warm["conversation_id"]
    assert [each["usage"]["cached_tokens"] for each in (cold, unkept)] == [0, 0]
    used = warm["usage"]
    assert used["prompt_tokens"] - used["cached_tokens"] < 20
    for said in ("text", "confidence"):
        assert warm[said] == cold[said] == unkept[said]
