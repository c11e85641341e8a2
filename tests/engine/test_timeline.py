"""The tape and the cache are one: after every call the tape says what is held."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from asking import CHUNKS_OF_64
from numpy.typing import NDArray

from edge.core.errors import ContextFull
from edge.core.spec import Sampling
from edge.engine.edge.capi.model import Model
from edge.engine.edge.capi.sampler import Sampler
from edge.engine.edge.threads import Threads
from edge.engine.edge.timeline import Aborted, Timeline

A, B, C = ([(i * k) % 250 for i in range(n)] for k, n in ((7, 150), (11, 40), (5, 30)))


@pytest.fixture(params=["tiny_qwen2", "tiny_qwen35"])
def model(request: pytest.FixtureRequest) -> Iterator[Model]:
    path: Path = request.getfixturevalue(request.param)
    made = Model(str(path))
    yield made
    made.close()


@pytest.fixture
def make_timeline(model: Model) -> Iterator[Any]:
    made: list[Timeline] = []

    def make() -> Timeline:
        made.append(Timeline(model, n_ctx=512, threads=Threads(1), layout=CHUNKS_OF_64))
        return made[-1]

    yield make
    for timeline in made:
        timeline.close()


def logits(timeline: Timeline) -> NDArray[np.float32]:
    return timeline._context.logits().copy()


def test_rewinding_and_reading_equals_never_having_read(make_timeline: Any, model: Model) -> None:
    reference, timeline = make_timeline(), make_timeline()
    for batch in (A, C):
        reference.read(batch)
    for batch in (A, B):
        timeline.read(batch)
    timeline.rewind(len(A))
    # An attention model keeps A; a recurrent one without a checkpoint starts again.
    if model.recurrent:
        assert timeline.tape == []
        timeline.read(A)
    timeline.read(C)
    assert timeline.tape == A + C
    assert np.array_equal(logits(timeline), logits(reference))


def read_until_stopped(timeline: Timeline) -> None:
    while True:
        timeline.read(B)
        timeline.rewind(len(A))


def test_a_checkpoint_brings_back_the_very_state(make_timeline: Any) -> None:
    reference, timeline = make_timeline(), make_timeline()
    for batch in (A, C):
        reference.read(batch)
    timeline.read(A)
    timeline.mark()
    timeline.read(B)
    timeline.rewind(len(A) + 7)
    timeline.rewind(len(A))
    assert timeline.tape == A
    timeline.read(C)
    assert np.array_equal(logits(timeline), logits(reference))


def test_a_checkpoint_may_be_used_again_and_again(make_timeline: Any) -> None:
    timeline = make_timeline()
    timeline.read(A)
    timeline.mark()
    seen = []
    for batch in (C, B, C):
        timeline.read(batch)
        seen.append(logits(timeline))
        timeline.rewind(len(A))
    assert np.array_equal(seen[0], seen[2])
    assert not np.array_equal(seen[0], seen[1])


def test_an_abort_on_any_model_goes_back_to_a_place_that_is_true(make_timeline: Any) -> None:
    timeline, reference = make_timeline(), make_timeline()
    timeline.read(A)
    timeline.mark()
    stopper = threading.Timer(0.002, timeline.abort)
    stopper.start()
    with pytest.raises(Aborted):
        read_until_stopped(timeline)
    stopper.join()
    timeline.abort(False)
    timeline.rewind(len(A))
    assert timeline.tape == A
    timeline.read(C)
    for batch in (A, C):
        reference.read(batch)
    assert np.array_equal(logits(timeline), logits(reference))


def test_reading_stops_at_marks_to_make_checkpoints(make_timeline: Any, model: Model) -> None:
    timeline = make_timeline()
    list(timeline.read_steps(A, marks=[10, 100]))
    timeline.rewind(105)
    assert len(timeline.tape) == (100 if model.recurrent else 105)
    timeline.rewind(50)
    assert len(timeline.tape) == (10 if model.recurrent else 50)


def test_appending_needs_no_rewind_on_any_model(make_timeline: Any) -> None:
    timeline = make_timeline()
    timeline.read(A)
    timeline.rewind(len(A))
    assert timeline.tape == A


def test_nothing_is_read_of_what_does_not_fit(make_timeline: Any) -> None:
    timeline = make_timeline()
    timeline.read(A)
    with pytest.raises(ContextFull):
        timeline.read([1] * (513 - len(A)))
    assert timeline.tape == A
    timeline.read([1] * (512 - len(A)))
    assert len(timeline.tape) == 512


def test_an_abort_stops_reading_and_the_tape_says_where(make_timeline: Any) -> None:
    timeline = make_timeline()
    steps = timeline.read_steps(A)
    next(steps)
    timeline.abort()
    with pytest.raises(Aborted):
        list(steps)
    assert timeline.tape == A[:64]
    timeline.abort(False)
    timeline.read(A[64:])
    reference = make_timeline()
    reference.read(A)
    assert np.array_equal(logits(timeline), logits(reference))


def test_the_last_token_drawn_is_remembered_until_it_is_read(
    make_timeline: Any, model: Model
) -> None:
    timeline = make_timeline()
    timeline.read(A)
    sampler = Sampler(model, Sampling(temperature=0), seed=1)
    token = timeline.choose(sampler).token
    assert timeline.tape == A
    assert timeline.remembered == [*A, token]
    timeline.read([token])
    assert timeline.tape == timeline.remembered == [*A, token]
    sampler.close()


def test_a_greedy_choice_is_the_likeliest_token(make_timeline: Any, model: Model) -> None:
    timeline = make_timeline()
    timeline.read(A)
    sampler = Sampler(model, Sampling(temperature=0), seed=1)
    choice = timeline.choose(sampler)
    row = logits(timeline).astype(np.float64)
    expected = row - np.log(np.exp(row - row.max()).sum()) - row.max()
    assert choice.token == int(row.argmax())
    assert choice.logprob == pytest.approx(expected.max(), abs=1e-4)
    assert timeline.margin() == pytest.approx(np.diff(np.sort(row)[-2:])[0], abs=1e-4)
    sampler.close()


def test_a_repetition_penalty_leaves_the_prompt_alone_and_weighs_on_the_reply(
    make_timeline: Any, model: Model
) -> None:
    timeline = make_timeline()
    timeline.read(A)
    plain = Sampler(model, Sampling(temperature=0), seed=1)
    strict = Sampler(model, Sampling(temperature=0, presence_penalty=100.0), seed=1)
    first = timeline.choose(plain).token
    assert timeline.choose(strict).token == first  # nothing of the reply was drawn before
    assert timeline.choose(strict).token != first
    plain.close()
    strict.close()


def test_top_k_of_one_is_greedy_at_any_temperature(make_timeline: Any, model: Model) -> None:
    timeline = make_timeline()
    timeline.read(A)
    likeliest = int(logits(timeline).argmax())
    for narrow in (Sampling(2.0, top_k=1), Sampling(2.0, top_p=1e-6), Sampling(2.0, min_p=1.0)):
        sampler = Sampler(model, narrow, seed=3)
        assert {timeline.choose(sampler).token for _ in range(5)} == {likeliest}
        sampler.close()


def test_a_repetition_penalty_makes_a_drawn_token_less_likely(
    make_timeline: Any, model: Model
) -> None:
    timeline = make_timeline()
    timeline.read(A)
    sampler = Sampler(model, Sampling(temperature=0, repetition_penalty=50.0), seed=1)
    drawn = [timeline.choose(sampler).token for _ in range(4)]
    assert len(set(drawn)) == 4
    sampler.close()
