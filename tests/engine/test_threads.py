"""As many threads as there are cores that other programs leave free."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.engine.edge.threads import Busy, Threads, busy_now, free_cores, others_running


def looks(others: float) -> Callable[[], Busy]:
    """Two looks, one second apart and both in the past, between which others used so many cores."""
    began = time.monotonic() - 2.0
    told = iter([Busy(began, 0.0, 0.0), Busy(began + 1.0, others, 0.0)])
    return lambda: next(told)


def settled(others: float, most: int, *, fixed: bool = False) -> int:
    return Threads(most, fixed=fixed, look=looks(others), glance=lambda: None).now().reading


@pytest.mark.parametrize(
    ("others", "n_threads"), [(0.0, 2), (0.2, 2), (0.67, 1), (1.0, 1), (1.33, 1), (2.0, 1)]
)
def test_two_cores_are_shared_by_leaving_the_busy_one(others: float, n_threads: int) -> None:
    assert settled(others, most=2) == n_threads


def test_never_more_than_there_are_and_never_none() -> None:
    assert settled(-3.0, most=4) == 4
    assert settled(9.0, most=4) == 1


def test_a_fixed_count_stays() -> None:
    assert settled(2.0, most=2, fixed=True) == 2


def test_single_tokens_take_no_more_than_are_of_use() -> None:
    assert Threads(8, writing=4, look=looks(0.0), glance=lambda: None).now() == (4, 8)
    assert Threads(8, writing=4, look=looks(6.0), glance=lambda: None).now() == (2, 2)


def test_behind_a_pause_the_moment_counts_and_not_the_mean() -> None:
    n_cpus = os.cpu_count() or 1
    calm = Threads(n_cpus, look=looks(0.0), glance=lambda: 0)
    begun = Threads(n_cpus, look=looks(0.0), glance=lambda: n_cpus - 1)
    over = Threads(n_cpus, look=looks(float(n_cpus)), glance=lambda: 0)
    assert [each.now().reading for each in (calm, begun, over)] == [n_cpus, 1, n_cpus]


def test_at_work_the_mean_counts() -> None:
    began = time.monotonic() - 2.0
    told = iter([Busy(began, 0.0, 0.0), Busy(began + 1.0, 2.0, 2.0)])
    assert Threads(2, look=lambda: next(told), glance=lambda: 2).now().reading == 2


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who is running")
def test_a_program_that_runs_now_is_seen_at_a_glance() -> None:
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as other:
        time.sleep(0.2)
        seen = [others_running() for _ in range(50)]  # it may wait for the disk as it starts
        other.kill()
    assert None in seen or max(count for count in seen if count is not None) >= 1


def test_nobody_tells_who_is_running_elsewhere(tmp_path: Path) -> None:
    assert others_running(tmp_path) is None


def test_a_system_that_does_not_tell_gets_all(tmp_path: Path) -> None:
    assert busy_now(tmp_path) is None
    assert Threads(3, look=lambda: None).now() == (3, 3)


def test_only_our_own_cores_count(tmp_path: Path) -> None:
    stat = tmp_path / "proc" / "stat"
    stat.parent.mkdir()
    stat.write_text("cpu 9 9 9 9 9 9 9 9\ncpu0 100 0 100 5 5 0 0 0\ncpu1 900 0 0 5 5 0 0 0\n")
    seen = busy_now(tmp_path, {0})
    assert seen is not None
    assert seen.all_s == 200 / os.sysconf("SC_CLK_TCK")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who is busy")
def test_a_busy_program_is_seen_and_our_own_work_is_not() -> None:
    n_cores = len(os.sched_getaffinity(0))
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as other:
        before = busy_now()
        deadline = time.monotonic() + 1.0
        while time.monotonic() < deadline:
            pass  # as busy as the other one, and not to be counted
        after = busy_now()
        other.kill()
    assert before is not None
    assert after is not None
    assert free_cores(before, after, n_cores) <= n_cores - 0.4
    own = after.own_s - before.own_s
    assert (after.all_s - before.all_s) - own >= 0.4
