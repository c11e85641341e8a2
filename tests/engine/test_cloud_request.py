"""The body of a request says what was cleared and how to answer, in the provider's dialect."""

from __future__ import annotations

import json

import pytest
from asking_cloud import how, permit

from edge.core.cloud import Dialect
from edge.core.spec import Sampling
from edge.engine.cloud_request import body_of


def told(*texts: str, dialect: Dialect = Dialect.DASHSCOPE, **changes: object) -> dict:
    return json.loads(body_of(permit(*texts).spend(), how(**changes), dialect))


@pytest.mark.parametrize("dialect", list(Dialect))
def test_the_text_of_the_body_is_the_cleared_text(dialect):
    texts = ('Grüße,\n\t"世界" 🙂 \\u0041 \x00\x7f', "</think>", "<|im_end|>{}")
    assert [each["content"] for each in told(*texts, dialect=dialect)["messages"]] == list(texts)


def test_half_a_character_is_replaced_and_nothing_else():
    assert told("so \ud83d it goes")["messages"][0]["content"] == "so ? it goes"


def test_the_wishes_go_under_the_names_of_the_api():
    wishes = Sampling(0.5, 0.9, 40, 0.1, 1.5, 1.1, seed=2**31 + 5, max_tokens=99, stop=("X", "Y"))
    body = told("hi", dialect=Dialect.OPENAI, sampling=wishes)
    del body["messages"]
    assert body == {
        "model": "qwen-plus",
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 99,
        "temperature": 0.5,
        "top_p": 0.9,
        "presence_penalty": 1.5,
        "seed": 5,
        "stop": ["X", "Y"],
    }


@pytest.mark.parametrize("thinking", [False, True])
def test_thinking_is_switched_where_the_dialect_has_a_switch(thinking):
    assert told("hi", thinking=thinking)["enable_thinking"] is thinking
    assert "enable_thinking" not in told("hi", dialect=Dialect.OPENAI, thinking=thinking)


def test_an_answer_to_continue_is_marked_and_not_thought_about():
    body = told("hi", "Hel", thinking=True)
    assert body["messages"][-1] == {"role": "assistant", "content": "Hel", "partial": True}
    assert body["enable_thinking"] is False
    assert "partial" not in body["messages"][0]


def test_only_the_last_answer_is_continued():
    assert not any("partial" in each for each in told("hi", "Hello", "go on")["messages"])


def test_an_answer_to_continue_is_not_marked_for_who_does_not_know_the_mark():
    assert "partial" not in told("hi", "Hel", dialect=Dialect.OPENAI)["messages"][-1]
