"""The engine on real weights: exact text, warm turns, bounded memory."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import llama_cpp
import pytest
from asking import options_for

from edge.core.event import Delta, StopReason
from edge.core.memory import Layout
from edge.core.message import Message, Role
from edge.core.spec import Sampling
from edge.core.units import MIB
from edge.engine.edge.capi.model import Model
from edge.engine.edge.capi.sampler import Sampler
from edge.engine.edge.engine import EdgeEngine
from edge.engine.edge.prompt import segment_tokens
from edge.engine.edge.template import render
from edge.engine.edge.threads import Threads
from edge.engine.edge.timeline import Timeline
from edge.engine.protocol import Answered, Request

pytestmark = pytest.mark.weights
SHORT = Sampling(temperature=0, max_tokens=60)
KV_BYTES_PER_TOKEN = 2 * 24 * 2 * 64 * 2  # K and V, 24 layers, 2 heads of 64, two bytes each


@pytest.fixture(scope="module")
def vocabulary(weights_path: Path) -> Iterator[Model]:
    model = Model(str(weights_path), vocab_only=True)
    yield model
    model.close()


@pytest.fixture(scope="module")
def engine(weights_path: Path) -> Iterator[EdgeEngine]:
    made = EdgeEngine(replace(options_for(weights_path), n_ctx=4096))
    yield made
    made.close()


def answer(engine: EdgeEngine, messages: list[Message]) -> tuple[str, Answered]:
    events = list(engine.stream(Request("t", tuple(messages), SHORT)))
    assert isinstance(events[-1], Answered)
    return "".join(e.text for e in events if isinstance(e, Delta)), events[-1]


def test_every_token_has_its_exact_bytes(vocabulary: Model) -> None:
    buffer = ctypes.create_string_buffer(4096)
    handle = llama_cpp.llama_model_get_vocab(vocabulary.handle)
    for token in range(vocabulary.n_vocab):
        size = llama_cpp.llama_token_to_piece(handle, token, buffer, 4096, 0, False)
        assert vocabulary.piece(token) == buffer.raw[:size]


def test_long_white_space_and_rules_survive_tokenizing(vocabulary: Model) -> None:
    text = "x\n" + " " * 64 + "y\n" + "-" * 80 + "\t" * 20
    pieces = (vocabulary.piece(token) for token in vocabulary.tokenize(text))
    assert b"".join(pieces).decode() == text


def test_a_second_turn_evaluates_only_its_own_tokens(engine: EdgeEngine, vocabulary: Model) -> None:
    messages = [Message(Role.USER, "What is the capital of France? One word.")]
    reply, answered = answer(engine, messages)
    for question in ("And of Italy?", "意大利呢?只说一个词。", "Which city did I ask for first?"):
        assert answered.stop_reason is StopReason.END
        n_known = len(render(messages, "qwen2.5", thinking=False))
        messages += [Message(Role.ASSISTANT, reply), Message(Role.USER, question)]
        # Its own tokens: all that stands behind the reply it continues.
        new = render(messages, "qwen2.5", thinking=False)[n_known:]
        own = sum(len(segment_tokens(segment, vocabulary)) for segment in new)
        reply, answered = answer(engine, messages)
        assert answered.usage.prompt_tokens - answered.usage.cached_tokens == own


def test_the_worker_stays_within_its_memory(engine: EdgeEngine, weights_path: Path) -> None:
    answer(engine, [Message(Role.USER, "word " * 600)])
    status = Path(f"/proc/{engine.worker_pid}/status").read_text()
    peak = int(status.split("VmHWM:")[1].split()[0]) * 1024
    limit = weights_path.stat().st_size + 4096 * KV_BYTES_PER_TOKEN + 250 * MIB
    assert peak <= limit


def test_the_reply_knows_what_was_said_before(engine: EdgeEngine) -> None:
    messages = [Message(Role.USER, "My name is Ada. Just say hello.")]
    reply, _ = answer(engine, messages)
    messages += [Message(Role.ASSISTANT, reply), Message(Role.USER, "What is my name?")]
    assert "Ada" in answer(engine, messages)[0]


def test_confidence_is_of_the_tokens_that_were_chosen(engine: EdgeEngine) -> None:
    _, answered = answer(engine, [Message(Role.USER, "What is the capital of France? One word.")])
    confidence = answered.confidence
    assert confidence is not None
    assert confidence.min_logprob <= confidence.mean_logprob <= 0
    assert confidence.first_margin >= 0


def test_a_warm_turn_chooses_what_a_cold_one_would(weights_path: Path) -> None:
    # Other batches change logits by up to 0.6 on this model (floating point), so a
    # token counts as the same choice within 1.0 of the cold run's best.
    model = Model(str(weights_path))
    warm, cold = (
        Timeline(model, n_ctx=1024, threads=Threads(1, fixed=True), layout=Layout())
        for _ in range(2)
    )
    greedy = Sampler(model, SHORT, seed=0)
    first = model.tokenize("List the days of the week, one per line, and a colour for each.\n")
    warm.read(first)
    for _ in range(40):
        warm.read([warm.choose(greedy).token])
    warm.read(model.tokenize("\nNow the months:\n"))
    prefix = list(warm.tape)
    chosen = []
    for _ in range(30):
        chosen.append(warm.choose(greedy).token)
        warm.read(chosen[-1:])
    cold.read(prefix)
    for token in chosen:
        logits = cold._context.logits()
        assert float(logits.max() - logits[token]) <= 1.0
        cold.read([token])
    for each in (greedy, warm, cold, model):
        each.close()
