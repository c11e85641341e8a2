"""One battery of promises for every engine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from asking import GREEDY, ask, options_for

from edge.core.errors import ContextFull
from edge.core.event import Channel, Delta, StopReason
from edge.core.message import Message, Role
from edge.core.spec import Sampling
from edge.engine.edge.engine import EdgeEngine
from edge.engine.protocol import Answered, Engine, EngineEvent
from edge.engine.scripted import ScriptedEngine

REPLY = "a reply of some length, long enough to be stopped in the middle of it"


@pytest.fixture(params=["scripted", "process", "thread"])
def engine(request: pytest.FixtureRequest, tiny_qwen2: Path) -> Iterator[Engine]:
    made: Engine
    match request.param:
        case "scripted":
            made = ScriptedEngine([REPLY] * 4, n_ctx=512)
        case "process":
            made = EdgeEngine(options_for(tiny_qwen2))
        case _:
            made = EdgeEngine.in_process(options_for(tiny_qwen2))
    yield made
    made.close()


def last(events: list[EngineEvent]) -> Answered:
    assert isinstance(events[-1], Answered)
    return events[-1]


def test_a_stream_ends_with_one_answered(engine: Engine) -> None:
    events = list(engine.stream(ask("hello")))
    assert [type(event) for event in events].count(Answered) == 1
    assert last(events).usage.completion_tokens > 0


def test_a_delta_is_never_empty(engine: Engine) -> None:
    deltas = [event for event in engine.stream(ask("hello")) if isinstance(event, Delta)]
    assert deltas
    assert all(delta.text for delta in deltas)


def test_max_tokens_ends_a_reply_there(engine: Engine) -> None:
    events = list(engine.stream(ask("hello", Sampling(temperature=0, max_tokens=3))))
    assert last(events).usage.completion_tokens == 3
    assert last(events).stop_reason is StopReason.MAX_TOKENS


def test_stopping_ends_the_stream_as_cancelled(engine: Engine) -> None:
    request = ask("hello", Sampling(temperature=0))
    events: list[EngineEvent] = []
    for event in engine.stream(request):
        events.append(event)
        if isinstance(event, Delta):
            request.cancel.set()
    assert last(events).stop_reason is StopReason.CANCELLED


def test_a_request_stopped_before_it_began_says_nothing(engine: Engine) -> None:
    request = ask("hello")
    request.cancel.set()
    events = list(engine.stream(request))
    assert last(events).stop_reason is StopReason.CANCELLED
    assert not [event for event in events if isinstance(event, Delta)]


def test_stop_may_come_from_another_thread(engine: Engine) -> None:
    request = ask("hello", Sampling(temperature=0))
    stream = engine.stream(request)
    next(event for event in stream if isinstance(event, Delta))
    stopper = threading.Thread(target=request.cancel.set)
    stopper.start()
    stopper.join()
    assert last(list(stream)).stop_reason is StopReason.CANCELLED


def test_a_reader_who_leaves_does_not_block_the_next(engine: Engine) -> None:
    stream = engine.stream(ask("hello", Sampling(temperature=0)))
    next(event for event in stream if isinstance(event, Delta))
    stream.close()
    assert last(list(engine.stream(ask("again")))).usage.completion_tokens > 0


def test_a_prompt_longer_than_the_context_is_refused_and_the_next_works(engine: Engine) -> None:
    with pytest.raises(ContextFull):
        list(engine.stream(ask("far too long. " * 2000)))
    assert last(list(engine.stream(ask("short")))).usage.completion_tokens > 0


def test_more_messages_never_count_less(engine: Engine) -> None:
    messages = [Message(Role.USER, "one"), Message(Role.ASSISTANT, "two"), Message(Role.USER, "3")]
    counts = [engine.count_tokens(messages[:n], thinking=False) for n in (1, 2, 3)]
    assert counts == sorted(set(counts))


def test_a_continued_reply_says_only_what_is_new(engine: Engine) -> None:
    shown = REPLY[: len(REPLY) // 2]
    events = list(engine.stream(replace(ask("hello"), reply_so_far=shown)))
    text = "".join(event.text for event in events if isinstance(event, Delta))
    assert text
    assert shown not in text
    assert all(event.channel is Channel.ANSWER for event in events if isinstance(event, Delta))


def test_what_was_shown_before_counts_as_prompt_and_not_as_reply(engine: Engine) -> None:
    few = Sampling(temperature=0, max_tokens=3)
    plain = last(list(engine.stream(ask("hello", few)))).usage
    asked = replace(ask("hello", few), reply_so_far=REPLY[:40])
    continued = last(list(engine.stream(asked)))
    assert continued.usage.prompt_tokens > plain.prompt_tokens
    assert continued.usage.completion_tokens == 3
    assert continued.stop_reason is StopReason.MAX_TOKENS


def test_a_continued_reply_can_be_stopped_and_the_next_works(engine: Engine) -> None:
    request = replace(ask("hello", Sampling(temperature=0)), reply_so_far=REPLY[:20])
    events: list[EngineEvent] = []
    for event in engine.stream(request):
        events.append(event)
        if isinstance(event, Delta):
            request.cancel.set()
    assert last(events).stop_reason is StopReason.CANCELLED
    assert last(list(engine.stream(ask("again")))).usage.completion_tokens > 0


def test_a_shown_text_longer_than_the_context_is_refused_and_the_next_works(
    engine: Engine,
) -> None:
    with pytest.raises(ContextFull):
        list(engine.stream(replace(ask("hello"), reply_so_far="far too long. " * 2000)))
    assert last(list(engine.stream(ask("short")))).usage.completion_tokens > 0


def test_closing_twice_does_nothing(engine: Engine) -> None:
    list(engine.stream(ask("hello", GREEDY)))
    engine.close()
    engine.close()
