"""A turn costs what is new, also where templates tell the past in other words."""

from __future__ import annotations

import os
import signal
from functools import partial
from pathlib import Path

import pytest
from asking import CHUNKS_OF_64, TOKEN_BY_TOKEN, MakeEngine, ask

from edge.core.event import Delta, Phase, Progress
from edge.core.message import Message, Role
from edge.core.spec import Sampling
from edge.engine.edge.capi.model import Model
from edge.engine.edge.engine import EdgeEngine
from edge.engine.edge.link import ThreadLink
from edge.engine.edge.prompt import segment_tokens
from edge.engine.edge.reread import reread
from edge.engine.edge.template import render, retell
from edge.engine.edge.threads import Threads
from edge.engine.edge.timeline import Timeline
from edge.engine.protocol import Answered, Request
from tiny_gguf import make_tiny

FORMATS = [("qwen2", "qwen2.5"), ("qwen3", "qwen3"), ("qwen35", "qwen3.5")]
FEW = Sampling(temperature=0, max_tokens=30)


def told(engine: EdgeEngine, messages: list[Message], *, thinking: bool) -> tuple[str, Answered]:
    events = list(engine.stream(Request("t", tuple(messages), FEW, thinking=thinking)))
    assert isinstance(events[-1], Answered)
    answer = [e.text for e in events if isinstance(e, Delta) and e.channel == "answer"]
    return "".join(answer), events[-1]


def n_new(model: Model, messages: list[Message], template: str, *, thinking: bool) -> int:
    """Tokens of a prompt behind its own past: the newest message and the opening of the reply."""
    past = retell(messages[:-1], template)
    new = render(messages, template, thinking=thinking)[len(past) :]
    return sum(len(segment_tokens(segment, model)) for segment in new)


@pytest.mark.parametrize("thinking", [False, True])
@pytest.mark.parametrize(("arch", "template"), FORMATS[1:])
def test_after_the_reread_a_turn_evaluates_only_its_own_tokens(
    make_engine: MakeEngine, tmp_path: Path, arch: str, template: str, thinking: bool
) -> None:
    path = make_tiny(tmp_path / "tiny.gguf", arch)
    options = {"template": template, "reasons": False, "n_ctx": 2048}
    engine = make_engine(path, connect=ThreadLink, **options)
    model = Model(str(path), vocab_only=True)
    messages = [Message(Role.SYSTEM, "be brief"), Message(Role.USER, "begin")]
    for question in ("and now?", "再来一次", "last one"):
        reply, _ = told(engine, messages, thinking=thinking)
        assert reply
        engine.rest()
        messages += [Message(Role.ASSISTANT, reply), Message(Role.USER, question)]
        used = told(engine, messages, thinking=thinking)[1].usage
        new = n_new(model, messages, template, thinking=thinking)
        assert used.prompt_tokens - used.cached_tokens == new
        engine.rest()
    model.close()


@pytest.mark.parametrize(("arch", "template"), FORMATS)
def test_without_a_reread_the_answer_is_the_same_and_costs_more(
    make_engine: MakeEngine, tmp_path: Path, arch: str, template: str
) -> None:
    path = make_tiny(tmp_path / "tiny.gguf", arch)
    make = partial(make_engine, path, template=template, layout=TOKEN_BY_TOKEN, connect=ThreadLink)
    costs = []
    for rereads in (True, False):
        engine = make(rereads=rereads)
        messages = [Message(Role.USER, "begin")]
        reply, _ = told(engine, messages, thinking=False)
        engine.rest()
        messages += [Message(Role.ASSISTANT, reply), Message(Role.USER, "go on")]
        text, answered = told(engine, messages, thinking=False)
        costs.append((text, answered.usage.prompt_tokens - answered.usage.cached_tokens))
    (warm, few), (cold, many) = costs
    # One token a batch on one thread: the same batches, so the same bytes.
    assert warm == cold
    assert few <= many
    if template != "qwen2.5":
        assert few < many


def test_nothing_is_read_again_where_the_past_is_told_in_the_same_words(tiny_qwen2: Path) -> None:
    model = Model(str(tiny_qwen2))
    timeline = Timeline(model, n_ctx=512, threads=Threads(1), layout=CHUNKS_OF_64)
    asked, said = Message(Role.USER, "begin"), Message(Role.ASSISTANT, "the reply")
    for segment in render([asked], "qwen2.5", thinking=False):
        timeline.read(segment_tokens(segment, model))
    timeline.read([ord("the reply"[0]), *model.tokenize("the reply"[1:])])
    tape = list(timeline.tape)
    assert reread(model, timeline, retell([asked, said], "qwen2.5")) == 0
    assert timeline.tape == tape
    assert reread(model, timeline, retell([asked, said], "qwen1.5")) > 0
    timeline.close()
    model.close()


@pytest.mark.parametrize(("arch", "template"), FORMATS)
def test_a_prompt_interrupts_a_reread_and_is_answered_right(
    make_engine: MakeEngine, tmp_path: Path, arch: str, template: str
) -> None:
    path = make_tiny(tmp_path / "tiny.gguf", arch)
    make = partial(make_engine, path, template=template, layout=TOKEN_BY_TOKEN, n_ctx=2048)
    engine, fresh = make(), make(rereads=False, connect=ThreadLink)
    messages = [Message(Role.USER, "begin")]
    for question in ("one", "two", "three", "four"):
        reply, _ = told(engine, messages, thinking=False)
        messages += [Message(Role.ASSISTANT, reply), Message(Role.USER, question)]
        # No rest: the next prompt comes in the middle of whatever is read.
    assert told(engine, messages, thinking=False)[0] == told(fresh, messages, thinking=False)[0]


def test_a_worker_killed_while_it_rereads_is_replaced(
    make_engine: MakeEngine, tiny_qwen35: Path
) -> None:
    engine = make_engine(tiny_qwen35, template="qwen3.5", n_ctx=2048)
    told(engine, [Message(Role.USER, "begin " * 50)], thinking=False)
    assert engine.worker_pid
    os.kill(engine.worker_pid, signal.SIGKILL)
    assert told(engine, [Message(Role.USER, "again")], thinking=False)[0]
    engine.rest()


def test_an_edited_past_is_read_again_from_a_true_place(
    make_engine: MakeEngine, tiny_qwen35: Path
) -> None:
    options = {"template": "qwen3.5", "layout": TOKEN_BY_TOKEN, "n_ctx": 2048}
    engine = make_engine(tiny_qwen35, **options)
    fresh = make_engine(tiny_qwen35, connect=ThreadLink, **options)
    system = Message(Role.SYSTEM, "the same rule for all")
    told(engine, [system, Message(Role.USER, "first version")], thinking=False)
    engine.rest()
    edited = [system, Message(Role.USER, "second version")]
    warm, answered = told(engine, edited, thinking=False)
    assert warm == told(fresh, edited, thinking=False)[0]
    assert answered.usage.cached_tokens > 0  # the system prompt was not read again


def test_counting_does_not_wait_for_a_reread(make_engine: MakeEngine, tiny_qwen35: Path) -> None:
    engine = make_engine(tiny_qwen35, template="qwen3.5", n_ctx=2048)
    told(engine, [Message(Role.USER, "begin " * 100)], thinking=False)
    assert engine.count_tokens(ask("how long?").messages, thinking=False) > 0


@pytest.mark.parametrize(("rereads", "n_batches"), [(True, 1), (False, 2)])
def test_a_short_turn_is_read_in_one_batch_where_a_reread_will_follow(
    make_engine: MakeEngine, tiny_qwen35: Path, rereads: bool, n_batches: int
) -> None:
    options = {"template": "qwen3.5", "n_ctx": 2048, "rereads": rereads}
    engine = make_engine(tiny_qwen35, connect=ThreadLink, **options)
    messages = [Message(Role.USER, "begin")]
    reply, _ = told(engine, messages, thinking=False)
    engine.rest()
    messages += [Message(Role.ASSISTANT, reply), Message(Role.USER, "and?")]
    events = list(engine.stream(Request("t", tuple(messages), FEW)))
    read = [e.done for e in events if isinstance(e, Progress) and e.phase is Phase.PREFILL]
    assert len(read) == n_batches
