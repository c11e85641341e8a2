"""Counting cores: fast ones, each once, within affinity and quota."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from edge.device.cores import parse_cpu_list
from edge.device.probe import probe_device
from small_machine import cgroup, put

pytestmark = pytest.mark.skipif(
    sys.platform in ("darwin", "win32"), reason="trees of /proc and /sys are Linux's"
)

ALL = range(8)


def cores(root: Path, cpus: Sequence[int] = ALL) -> int:
    return probe_device(root, allowed_cpus=cpus).n_cores


def phone(root: Path, *capacities: int) -> Path:
    """A machine of cores without second threads, told apart by what they can do."""
    for cpu, capacity in enumerate(capacities):
        put(root, f"sys/devices/system/cpu/cpu{cpu}/cpu_capacity", capacity)
        put(root, f"sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list", cpu)
    return root


def hybrid(root: Path) -> Path:
    """Two performance cores of two threads (0 to 3), and four efficiency cores (4 to 7)."""
    put(root, "sys/devices/cpu_core/cpus", "0-3")
    put(root, "sys/devices/cpu_atom/cpus", "4-7")
    for cpu, siblings in enumerate(["0-1", "0-1", "2-3", "2-3", "4", "5", "6", "7"]):
        put(root, f"sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list", siblings)
    return root


# Each core once, and only those we may use.


def test_two_threads_of_one_core_count_once(root):
    assert cores(root) == 4


def test_only_cores_this_process_may_use_count(root):
    assert cores(root, [0, 4]) == 1
    assert cores(root, [0, 1, 2]) == 3


def test_without_a_topology_every_processor_is_a_core(tmp_path):
    assert cores(tmp_path, [0, 1, 2]) == 3


# Performance cores.


def test_the_small_cores_of_a_phone_do_not_count(tmp_path):
    assert cores(phone(tmp_path, 250, 250, 250, 250, 900, 900, 900, 1024)) == 4


def test_a_phone_of_large_and_middle_cores_uses_them_all(tmp_path):
    assert cores(phone(tmp_path, 512, 512, 512, 512, 900, 900, 900, 1024)) == 8


def test_a_core_of_less_than_half_of_the_best_is_small(tmp_path):
    assert cores(phone(tmp_path, 511, 512, 1024), range(3)) == 2


def test_small_cores_count_where_there_are_no_others(tmp_path):
    phone(tmp_path, 250, 250, 250, 250, 900, 900, 900, 1024)
    assert cores(tmp_path, range(4)) == 4


def test_a_large_core_we_may_not_use_makes_no_other_small(tmp_path):
    phone(tmp_path, 250, 250, 400, 400, 1024)
    assert cores(tmp_path, range(4)) == 4


def test_a_core_that_does_not_say_what_it_can_do_counts(tmp_path):
    phone(tmp_path, 250, 1024)
    assert cores(tmp_path, [0, 1, 2]) == 2


def test_efficiency_cores_of_a_hybrid_do_not_count_and_threads_do_not_either(root):
    assert cores(hybrid(root)) == 2


def test_the_names_of_a_hybrids_cores_weigh_more_than_their_capacities(root):
    hybrid(root)
    for cpu in ALL:
        put(root, f"sys/devices/system/cpu/cpu{cpu}/cpu_capacity", 1024 if cpu < 4 else 700)
    assert cores(root) == 2


def test_efficiency_cores_count_where_there_are_no_others(root):
    assert cores(hybrid(root), [4, 5, 6]) == 3


def test_one_performance_core_beside_efficiency_cores_is_one_core(root):
    assert cores(hybrid(root), [1, 4, 5]) == 1


def test_a_list_of_one_processor_is_read():
    assert parse_cpu_list("16") == {16}
    assert parse_cpu_list("0-1,4,10-11") == {0, 1, 4, 10, 11}
    assert parse_cpu_list("") == frozenset()


# Quotas.


@pytest.mark.parametrize(
    ("quota", "n_cores"), [("200000 100000", 2), ("250000 100000", 2), ("50000 100000", 1)]
)
def test_a_quota_lets_whole_cores_run_and_at_least_one(root, quota, n_cores):
    put(root, "proc/self/cgroup", "0::/")
    cgroup(root, "", cpu__max=quota)
    assert cores(root) == n_cores


def test_no_quota_limits_nothing(root):
    put(root, "proc/self/cgroup", "0::/app")
    cgroup(root, "app", cpu__max="max 100000")
    assert cores(root) == 4


def test_a_quota_of_the_older_cgroups_counts(root):
    put(root, "proc/self/cgroup", "3:cpu,cpuacct:/box")
    cgroup(root, "cpu,cpuacct/box", cpu__cfs_quota_us=300000, cpu__cfs_period_us=100000)
    assert cores(root) == 3


def test_a_quota_cuts_the_performance_cores_of_a_phone(tmp_path):
    phone(tmp_path, 250, 250, 900, 900, 1024)
    put(tmp_path, "proc/self/cgroup", "0::/")
    cgroup(tmp_path, "", cpu__max="400000 100000")
    assert cores(tmp_path, range(5)) == 3
    cgroup(tmp_path, "", cpu__max="200000 100000")
    assert cores(tmp_path, range(5)) == 2
