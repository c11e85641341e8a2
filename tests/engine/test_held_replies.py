"""Replies held to a schema, by the real engine: they end whole, across deaths and rollbacks too."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from asking import TOKEN_BY_TOKEN, MakeEngine, answered, ask, notices

from edge.core.errors import UsageError
from edge.core.event import Delta, NoticeCode, StopReason
from edge.core.spec import Sampling
from edge.engine.edge.link import ProcessLink, ThreadLink
from edge.engine.protocol import EngineEvent, Request
from edge.engine.schema import Schema

PERSON = Schema.read(
    json.dumps(
        {
            "type": "object",
            "properties": {
                # A model of noise writes bytes that are no UTF-8, and those are more than
                # one character each once they are shown: so no length of such a text.
                "name": {"type": "string", "pattern": "^[A-Za-z ]{1,12}$"},
                "age": {"type": "integer", "minimum": 0, "maximum": 120},
                "likes": {"items": {"enum": ["tea", "\u8336"]}, "minItems": 1, "maxItems": 3},
            },
            "required": ["name", "age", "likes"],
        }
    )
)
FREE = Sampling(temperature=1.2, seed=5, repetition_penalty=1.1)
GREEDY = Sampling(temperature=0)
FAULTY_WORKER = str(Path(__file__).with_name("faulty_worker.py"))


def held(text: str, sampling: Sampling = FREE) -> Request:
    return replace(ask(text, sampling), schema=PERSON.text)


def text_of(events: list[EngineEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, Delta))


@pytest.mark.parametrize("sampling", [FREE, GREEDY, replace(FREE, seed=None)])
def test_a_model_that_writes_noise_writes_valid_json_and_ends_with_it(
    make_engine: MakeEngine, sampling: Sampling
) -> None:
    events = list(make_engine(connect=ThreadLink).stream(held("who?", sampling)))
    assert answered(events).stop_reason is StopReason.END
    PERSON.valid(text_of(events))


def test_a_recurrent_model_is_held_too_again_and_again(
    make_engine: MakeEngine, tiny_qwen35: Path
) -> None:
    engine = make_engine(tiny_qwen35)
    texts = [text_of(list(engine.stream(held("who?", FREE)))) for _ in range(2)]
    PERSON.valid(texts[0])
    assert texts[0] == texts[1]


def test_a_held_reply_goes_on_behind_the_death_of_its_worker(
    make_engine: MakeEngine, tmp_path: Path
) -> None:
    make = partial(make_engine, layout=TOKEN_BY_TOKEN)
    whole = list(make(connect=ThreadLink).stream(held("who?", GREEDY)))
    command = [sys.executable, FAULTY_WORKER, "Wrote", "7", str(tmp_path / "died")]
    engine = make(connect=partial(ProcessLink, command))
    events = list(engine.stream(held("who?", GREEDY)))
    assert notices(events) == [NoticeCode.RESTARTED]
    assert text_of(events) == text_of(whole)
    PERSON.valid(text_of(events))


def test_a_reply_that_is_cut_is_told_as_cut(make_engine: MakeEngine) -> None:
    events = list(make_engine(connect=ThreadLink).stream(held("who?", replace(FREE, max_tokens=4))))
    assert answered(events).stop_reason is StopReason.MAX_TOKENS


def test_a_reply_behind_a_held_one_is_free_again(make_engine: MakeEngine) -> None:
    engine, free = make_engine(connect=ThreadLink), ask("hello", replace(FREE, max_tokens=20))
    list(engine.stream(held("who?")))
    again = text_of(list(engine.stream(free)))
    assert again
    assert not again.startswith("{")


def test_a_schema_no_grammar_can_be_made_of_is_an_error_and_the_worker_lives(
    make_engine: MakeEngine,
) -> None:
    engine = make_engine()
    engine.prepare()
    worker_pid = engine.worker_pid
    with pytest.raises(UsageError, match="#/not"):
        list(engine.stream(replace(ask("who?"), schema='{"not": {}}')))
    PERSON.valid(text_of(list(engine.stream(held("who?")))))
    assert engine.worker_pid == worker_pid


@pytest.mark.parametrize("bent", [{"thinking": True}, {"reply_so_far": '{"na'}])
def test_a_held_reply_has_no_thoughts_and_no_beginning(
    make_engine: MakeEngine, bent: dict[str, object]
) -> None:
    with pytest.raises(UsageError, match="schema"):
        list(make_engine().stream(replace(held("who?"), **bent)))  # type: ignore[arg-type]
