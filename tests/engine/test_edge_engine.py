"""What only an engine in a process of its own can promise: it may die, hang and be watched."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from asking import GREEDY, TOKEN_BY_TOKEN, MakeEngine, answered, ask, notices

from edge.core.errors import BadModelFile, Busy, ContextFull, EngineDied
from edge.core.event import Delta, Notice, NoticeCode, Progress, StopReason
from edge.core.spec import Sampling
from edge.engine.edge.engine import EdgeEngine
from edge.engine.edge.frames import Count
from edge.engine.edge.link import ProcessLink, ThreadLink
from edge.engine.edge.template import render
from edge.engine.protocol import EngineEvent, Request

FAULTY_WORKER = str(Path(__file__).with_name("faulty_worker.py"))
LONG = Sampling(temperature=0, max_tokens=60)
PLACES = [
    ("Loading", 1),
    ("Ready", 1),
    ("Planned", 1),
    ("Reading", 1),
    ("Wrote", 1),
    ("Wrote", 7),
    ("Wrote", 24),
]


def aborting(kind: str, nth: int, marker: Path | None) -> Callable[[], ProcessLink]:
    """A connection to a worker that aborts at the nth frame of a kind; once, given a marker."""
    command = [sys.executable, FAULTY_WORKER, kind, str(nth), str(marker or "")]
    return partial(ProcessLink, command)


def text_of(events: list[EngineEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, Delta))


@pytest.mark.parametrize(("kind", "nth"), PLACES)
def test_an_abort_is_survived_and_the_reply_goes_on(
    make_engine: MakeEngine, tmp_path: Path, kind: str, nth: int
) -> None:
    # Token by token both lives read the same batches, so the texts must be equal: what
    # was shown before the end is shown once, penalties and half characters included.
    penalized = replace(LONG, repetition_penalty=1.3, presence_penalty=0.5)
    make = partial(make_engine, layout=TOKEN_BY_TOKEN)
    unharmed = list(make(connect=ThreadLink).stream(ask("hello", penalized)))
    engine = make(connect=aborting(kind, nth, tmp_path / "died"))
    events = list(engine.stream(ask("hello", penalized)))
    assert notices(events) == [NoticeCode.RESTARTED]
    assert text_of(events) == text_of(unharmed)
    used, whole = answered(events).usage, answered(unharmed).usage
    assert (used.completion_tokens, used.prompt_tokens) == (60, whole.prompt_tokens)
    assert used.cached_tokens == 0


@pytest.mark.parametrize(("kind", "nth"), PLACES)
def test_a_second_abort_is_a_typed_error_and_the_program_lives(
    make_engine: MakeEngine, kind: str, nth: int
) -> None:
    engine = make_engine(connect=aborting(kind, nth, None))
    with pytest.raises(EngineDied) as died:
        list(engine.stream(ask("hello", LONG)))
    assert f"signal {signal.SIGABRT.value}" in died.value.message


def test_a_killed_worker_is_replaced_within_the_reply(make_engine: MakeEngine) -> None:
    engine = make_engine(n_ctx=4096)
    events: list[EngineEvent] = []
    killed = False
    for event in engine.stream(ask("hello", Sampling(temperature=0, max_tokens=1500))):
        events.append(event)
        if isinstance(event, Delta) and not killed:
            killed = True
            assert engine.worker_pid
            os.kill(engine.worker_pid, signal.SIGKILL)
    assert notices(events) == [NoticeCode.RESTARTED]
    assert answered(events).usage.completion_tokens == 1500


def test_a_silent_worker_counts_as_hung_and_is_replaced(make_engine: MakeEngine) -> None:
    engine = make_engine(patience_s=5.0)
    events: list[EngineEvent] = []
    frozen = False
    for event in engine.stream(ask("hello", Sampling(temperature=0))):
        events.append(event)
        if isinstance(event, Delta) and not frozen:
            frozen = True
            assert engine.worker_pid
            os.kill(engine.worker_pid, signal.SIGSTOP)
    assert notices(events) == [NoticeCode.RESTARTED]
    assert "no progress for 5 s" in next(e.text for e in events if isinstance(e, Notice))


def test_a_worker_that_will_not_stop_is_ended(make_engine: MakeEngine) -> None:
    engine = make_engine()
    request = ask("hello", Sampling(temperature=0))
    events: list[EngineEvent] = []
    for event in engine.stream(request):
        if isinstance(event, Delta) and not request.cancel.requested:
            assert engine.worker_pid
            os.kill(engine.worker_pid, signal.SIGSTOP)
            request.cancel.set()
        events.append(event)
    assert answered(events).stop_reason is StopReason.CANCELLED
    assert answered(list(engine.stream(ask("and now?")))).usage.completion_tokens > 0


def test_a_file_that_is_no_model_is_a_typed_error(make_engine: MakeEngine, tmp_path: Path) -> None:
    path = tmp_path / "no.gguf"
    path.write_bytes(b"GGUF" + b"\0" * 4096)
    with pytest.raises(BadModelFile):
        list(make_engine(path).stream(ask("hello")))


def test_weights_cut_short_behind_a_sound_header_are_a_typed_error(
    make_engine: MakeEngine, tmp_path: Path, tiny_qwen2: Path
) -> None:
    path = tmp_path / "cut.gguf"
    path.write_bytes(tiny_qwen2.read_bytes()[:-4096])
    with pytest.raises(BadModelFile):
        list(make_engine(path).stream(ask("hello")))


def test_the_worker_reports_loading_before_the_reply(make_engine: MakeEngine) -> None:
    events = list(make_engine().stream(ask("hello")))
    first_text = next(at for at, event in enumerate(events) if isinstance(event, Delta))
    assert any(isinstance(event, Progress) for event in events[:first_text])


def test_temperature_zero_repeats_itself(make_engine: MakeEngine) -> None:
    texts = {text_of(list(make_engine().stream(ask("hello", LONG)))) for _ in range(2)}
    assert len(texts) == 1


def test_no_seed_means_a_fresh_one(make_engine: MakeEngine) -> None:
    free = Sampling(temperature=1.5, max_tokens=40)
    engine = make_engine()
    assert len({text_of(list(engine.stream(ask("hello", free)))) for _ in range(3)}) == 3


def test_a_seed_repeats_a_reply(make_engine: MakeEngine) -> None:
    seeded = Sampling(temperature=1.5, max_tokens=40, seed=7)
    texts = {text_of(list(make_engine().stream(ask("hello", seeded)))) for _ in range(2)}
    assert len(texts) == 1


def test_a_recurrent_model_answers_the_same_after_a_stopped_reply(
    make_engine: MakeEngine, tiny_qwen35: Path
) -> None:
    calm = make_engine(tiny_qwen35, connect=ThreadLink)
    undisturbed = list(calm.stream(ask("hello", GREEDY)))
    engine = make_engine(tiny_qwen35)
    request = ask("something else " * 20, Sampling(temperature=0))
    for event in engine.stream(request):
        if isinstance(event, Delta):
            request.cancel.set()
    assert text_of(list(engine.stream(ask("hello", GREEDY)))) == text_of(undisturbed)


def test_the_worker_has_no_key_and_no_proxy(
    make_engine: MakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-canary-7c1f")
    monkeypatch.setenv("HTTPS_PROXY", "http://canary.invalid")
    engine = make_engine()
    list(engine.stream(ask("hello")))
    environment = Path(f"/proc/{engine.worker_pid}/environ").read_bytes()
    assert b"canary" not in environment


@pytest.mark.skipif(
    subprocess.run(["unshare", "-rn", "true"], check=False).returncode != 0,
    reason="this kernel grants no network namespace",
)
def test_the_worker_sees_no_network(make_engine: MakeEngine) -> None:
    engine = make_engine()
    list(engine.stream(ask("hello")))
    assert engine.isolated
    interfaces = Path(f"/proc/{engine.worker_pid}/net/dev").read_text().splitlines()[2:]
    assert [line.split(":")[0].strip() for line in interfaces] == ["lo"]


PARENT = """
import sys, time
from asking import MakeEngine, ask, options_for
from edge.engine.edge.engine import EdgeEngine
engine = EdgeEngine(options_for(sys.argv[1]))
list(engine.stream(ask("hello")))
print(engine.worker_pid, flush=True)
time.sleep(60)
"""


def test_the_worker_leaves_when_its_parent_is_killed(tiny_qwen2: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tiny_qwen2)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    ) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        assert Path(f"/proc/{worker}").exists()
        parent.kill()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{worker}/exe").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{worker}/exe").exists()


def test_closing_ends_the_worker(make_engine: MakeEngine) -> None:
    engine: EdgeEngine = make_engine()
    list(engine.stream(ask("hello")))
    worker = engine.worker_pid
    engine.close()
    assert not Path(f"/proc/{worker}/exe").exists()


def test_a_second_reply_in_one_thread_is_refused_instead_of_hanging(
    make_engine: MakeEngine,
) -> None:
    engine = make_engine()
    begun = engine.stream(ask("hello", Sampling(temperature=0)))
    next(begun)
    with pytest.raises(Busy):
        next(engine.stream(ask("and this?")))
    begun.close()
    assert answered(list(engine.stream(ask("now?")))).usage.completion_tokens > 0


def test_a_reply_waits_for_another_threads_and_may_give_up(make_engine: MakeEngine) -> None:
    engine = make_engine()
    begun = engine.stream(ask("hello", Sampling(temperature=0)))
    next(begun)
    waiting, stopped = ask("second", Sampling(temperature=0, max_tokens=2)), ask("third")
    with ThreadPoolExecutor(2) as others:
        second = others.submit(lambda: list(engine.stream(waiting)))
        third = others.submit(lambda: list(engine.stream(stopped)))
        stopped.cancel.set()
        assert answered(third.result()).stop_reason is StopReason.CANCELLED
        assert not second.done()
        begun.close()
        assert answered(second.result()).usage.completion_tokens == 2


def prompt_of(engine: EdgeEngine, n_tokens: int) -> Request:
    """A request whose prompt takes exactly so many tokens (a byte is a token of a tiny model)."""
    around = engine.count_tokens(ask("").messages, thinking=False)
    request = ask("x" * (n_tokens - around), Sampling(temperature=0))
    assert engine.count_tokens(request.messages, thinking=False) == n_tokens
    return request


def test_a_prompt_one_token_short_of_the_context_leaves_room_for_one(
    make_engine: MakeEngine,
) -> None:
    engine = make_engine()
    used = answered(list(engine.stream(prompt_of(engine, 511))))
    assert used.usage.completion_tokens == 1
    assert used.stop_reason is StopReason.CONTEXT_FULL


@pytest.mark.parametrize("n_tokens", [512, 513, 5120])
def test_a_prompt_that_fills_the_context_is_refused_with_its_size(
    make_engine: MakeEngine, n_tokens: int
) -> None:
    engine = make_engine()
    with pytest.raises(ContextFull) as full:
        list(engine.stream(prompt_of(engine, n_tokens)))
    assert f"{n_tokens} tokens" in full.value.message


def test_ten_megabytes_are_refused_without_tokenizing_them(make_engine: MakeEngine) -> None:
    engine = make_engine()
    with pytest.raises(ContextFull):
        list(engine.stream(ask("x" * 10_000_000)))
    assert answered(list(engine.stream(ask("short")))).usage.completion_tokens > 0


def test_closing_ends_a_reply_another_thread_reads_and_starts_no_worker(
    make_engine: MakeEngine,
) -> None:
    engine = make_engine(n_ctx=4096)
    begun = threading.Event()

    def read() -> list[EngineEvent]:
        events = []
        for event in engine.stream(ask("hello", Sampling(temperature=0))):
            events.append(event)
            begun.set()
        return events

    with ThreadPoolExecutor(1) as other:
        reply = other.submit(read)
        begun.wait()
        engine.close()
        assert answered(reply.result()).stop_reason is StopReason.CANCELLED
    assert engine.worker_pid is None


def test_closing_in_the_middle_of_ones_own_reply_starts_no_worker(make_engine: MakeEngine) -> None:
    engine = make_engine(n_ctx=4096)
    stream = engine.stream(ask("hello", Sampling(temperature=0)))
    next(event for event in stream if isinstance(event, Delta))
    engine.close()
    assert answered(list(stream)).stop_reason is StopReason.CANCELLED
    assert engine.worker_pid is None


def test_counting_survives_one_death(make_engine: MakeEngine) -> None:
    engine = make_engine()
    n_tokens = engine.count_tokens(ask("hello").messages, thinking=False)
    assert engine.worker_pid
    os.kill(engine.worker_pid, signal.SIGKILL)
    assert engine.count_tokens(ask("hello").messages, thinking=False) == n_tokens


def test_a_worker_that_reads_nothing_blocks_nobody(make_engine: MakeEngine) -> None:
    engine = make_engine(n_ctx=4096, patience_s=60.0)
    list(engine.stream(ask("hello")))
    assert engine.worker_pid
    os.kill(engine.worker_pid, signal.SIGSTOP)
    request = ask("x" * 1_000_000)  # more than a pipe holds
    threading.Timer(0.2, request.cancel.set).start()
    assert answered(list(engine.stream(request))).stop_reason is StopReason.CANCELLED


def test_what_is_left_of_a_count_is_never_taken_for_another(make_engine: MakeEngine) -> None:
    engine = make_engine()
    short = engine.count_tokens(ask("x").messages, thinking=False)
    # Two jobs whose answers nobody hears stand before the next one's.
    for text in ("far longer " * 9, "longer still " * 9):
        engine._post.give(
            Count(next(engine._numbers), render(ask(text).messages, "qwen2.5", thinking=False))
        )
    assert engine.count_tokens(ask("x").messages, thinking=False) == short


def test_a_stop_string_ends_a_reply_also_across_a_death(
    make_engine: MakeEngine, tmp_path: Path
) -> None:
    whole = text_of(list(make_engine(connect=ThreadLink).stream(ask("hello", LONG))))
    stop = whole[20:23]
    stopped = replace(LONG, stop=(stop,))
    engine = make_engine(connect=aborting("Wrote", 7, tmp_path / "died"))
    events = list(engine.stream(ask("hello", stopped)))
    assert answered(events).stop_reason is StopReason.STOP_STRING
    assert text_of(events) == whole[: whole.index(stop)]


def test_an_unloaded_engine_loads_again_when_asked(make_engine: MakeEngine) -> None:
    engine = make_engine()
    first = text_of(list(engine.stream(ask("hello", LONG))))
    engine.unload()
    assert engine.worker_pid is None
    assert text_of(list(engine.stream(ask("hello", LONG)))) == first
