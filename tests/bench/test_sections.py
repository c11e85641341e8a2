"""Every section finds something, of a model that says nothing, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edge.bench.effort import Effort
from edge.bench.layouts import is_faster
from edge.bench.raw import Speed
from edge.bench.rows import Findings
from edge.bench.run import SECTIONS, USUAL
from edge.bench.subject import subject_of
from edge.bench.threads import busy_core, rows_of
from edge.settings.chosen import load_settings
from edge.settings.folders import Folders
from tiny_home import furnish

ONCE = Effort(pairs=1, deep_pairs=1, conversations=1, rounds=1, stops=1)


def names(found: Findings) -> list[str]:
    """What the rows are of; none of them found nothing."""
    assert all(row.edge > 0 and (row.ratio is None or row.ratio > 0) for row in found.rows)
    return [row.name for row in found.rows]


def test_speed_has_a_row_of_each_kind_at_every_depth_the_context_holds(make_subject):
    assert names(SECTIONS["speed"](make_subject(n_ctx=1024), ONCE)) == [
        "prefill at 512 tokens",
        "decode at 512 tokens",
        "first token of 512, nothing cached",
        "start: weights and a first token",
    ]


def test_memory_is_held_against_what_was_predicted_up_to_the_models_longest_context(make_subject):
    assert names(SECTIONS["memory"](make_subject(), ONCE)) == [
        "worker's peak memory at a context of 1024",
        "worker's peak memory at a context of 4096",
        "embedder's peak memory",
    ]


@pytest.mark.parametrize("arch", ["qwen2", "qwen35"])
def test_resume_tells_warm_from_cold_and_what_keeping_costs(make_subject, arch):
    crash, *costs = names(SECTIONS["resume"](make_subject(arch), ONCE))
    assert crash.startswith("first token after a crash, ")
    assert costs == [
        "state copied, per 1,000 tokens",
        "state written to disk, per 1,000 tokens",
        "state read from disk, per 1,000 tokens",
        "state held, per 1,000 tokens",
    ]


def test_threads_are_tried_alone_and_beside_a_busy_core(make_subject):
    alone = names(SECTIONS["threads"](make_subject(), ONCE))
    half = len(alone) // 2
    assert alone[0] == "decode, 1 thread"
    assert alone[half - 1] == "decode, adaptive"
    assert alone[half:] == [f"one core busy: {name}" for name in alone[:half]]


def test_the_best_fixed_count_is_what_the_others_are_held_against():
    found = rows_of("", {1: [10.0, 12.0], 2: [20.0, 20.0], None: [19.0, 19.0]})
    assert [(row.name, row.raw, row.ratio) for row in found] == [
        ("decode, 1 thread", 20.0, 0.55),
        ("decode, 2 threads", 20.0, 1.0),
        ("decode, adaptive", 20.0, 0.95),
    ]


def test_what_a_run_writes_is_thrown_away_and_the_users_own_is_not_touched(edge_home):
    furnish(edge_home)
    settings, folders = load_settings(flags={"model": "tiny", "n_ctx": 1024}), Folders.find()
    with subject_of(settings, folders, lambda _: None) as subject:
        SECTIONS["resume"](subject, ONCE)
        assert list(folders.cache.rglob("*.kv"))
    assert list(folders.cache.iterdir()) == []
    assert not folders.data.exists()


def test_a_layout_is_faster_when_a_usual_turn_clearly_takes_less():
    plain = Speed(1.0, prefill_tps=100.0, decode_tps=20.0)  # 1 s and 7.5 s
    quicker = Speed(1.0, prefill_tps=100.0, decode_tps=22.0)  # 1 s and 6.8 s
    hardly = Speed(1.0, prefill_tps=50.0, decode_tps=23.0)  # 2 s and 6.5 s
    assert is_faster([(plain, quicker), (plain, quicker), (plain, plain)])
    assert not is_faster([(plain, hardly), (plain, hardly)])


def test_the_ways_to_hold_a_model_are_each_beside_the_plain_one(edge_home):
    furnish(edge_home)
    settings, folders = load_settings(flags={"model": "tiny", "n_ctx": 1024}), Folders.find()
    with subject_of(settings, folders, lambda _: None) as subject:
        found = SECTIONS["layouts"](subject, ONCE)
    assert [row.name for row in found.rows] == [
        "flash: prefill",
        "flash: decode",
        "repack: prefill",
        "repack: decode",
    ]
    assert set(found.faster) == {"flash", "repack"}


def test_the_usual_run_is_all_but_the_stops():
    assert [*USUAL, "layouts", "stops"] == list(SECTIONS)


# The busy core.


def is_alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up below /proc")
def test_the_core_is_busy_only_within():
    with busy_core() as pid:
        assert is_alive(pid)
    assert not is_alive(pid)


HOLD = """
import time
from edge.bench.threads import busy_core
with busy_core() as pid:
    print(pid, flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up below /proc")
def test_what_keeps_a_core_busy_does_not_outlive_a_benchmark_that_is_killed():
    with subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE) as holder:
        pid = int(holder.stdout.readline())
        holder.send_signal(signal.SIGKILL)
    until = time.monotonic() + 10
    while is_alive(pid) and time.monotonic() < until:
        time.sleep(0.05)
    try:
        assert not is_alive(pid)
    finally:
        if is_alive(pid):
            os.kill(pid, signal.SIGKILL)
