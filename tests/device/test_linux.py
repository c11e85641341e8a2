"""What a Linux machine tells: its memory within every limit, its battery and its name."""

from __future__ import annotations

import sys

import pytest

from edge.core.units import GIB, MIB
from edge.device.probe import memory_now, probe_device
from small_machine import cgroup, put

pytestmark = pytest.mark.skipif(
    sys.platform in ("darwin", "win32"), reason="trees of /proc and /sys are Linux's"
)

ALL = range(8)


# Memory.


def test_without_limits_the_machines_memory_counts(root):
    device = probe_device(root, allowed_cpus=ALL)
    assert (device.memory_bytes, device.free_bytes) == (8 * GIB, 6 * GIB)


def test_an_old_kernel_without_an_estimate_gets_the_sum(root):
    put(root, "proc/meminfo", "MemTotal: 4096 kB\nMemFree: 100 kB\nBuffers: 20 kB\nCached: 3 kB")
    assert probe_device(root, allowed_cpus=ALL).free_bytes == 123 * 1024


def test_a_containers_limit_counts_instead_of_the_machine(root):
    put(root, "proc/self/cgroup", "0::/")
    cgroup(root, "", memory__max=2 * GIB, memory__current=GIB // 2)
    device = probe_device(root, allowed_cpus=ALL)
    assert (device.memory_bytes, device.free_bytes) == (2 * GIB, 3 * GIB // 2)


def test_file_cache_is_not_use(root):
    put(root, "proc/self/cgroup", "0::/")
    stat = f"anon {100 * MIB}\ninactive_file {300 * MIB}\nactive_file {100 * MIB}"
    cgroup(root, "", memory__max=GIB, memory__current=500 * MIB, memory__stat=stat)
    assert probe_device(root, allowed_cpus=ALL).free_bytes == (1024 - 100) * MIB


def test_a_limit_further_up_the_tree_counts(root):
    put(root, "proc/self/cgroup", "0::/slice/app")
    cgroup(root, "slice/app", memory__max="max", memory__current=100 * MIB)
    cgroup(root, "slice", memory__max=3 * GIB, memory__current=GIB)
    device = probe_device(root, allowed_cpus=ALL)
    assert (device.memory_bytes, device.free_bytes) == (3 * GIB, 2 * GIB)


def test_a_path_outside_the_container_still_finds_its_top(root):
    put(root, "proc/self/cgroup", "0::/../../kubepods/pod7/app")
    cgroup(root, "", memory__max=GIB, memory__current=0)
    assert probe_device(root, allowed_cpus=ALL).memory_bytes == GIB


def test_where_the_kernel_begins_to_slow_us_down_is_a_limit_too(root):
    put(root, "proc/self/cgroup", "0::/")
    cgroup(root, "", memory__max=4 * GIB, memory__high=GIB, memory__current=0)
    assert probe_device(root, allowed_cpus=ALL).free_bytes == GIB


def test_a_limit_of_the_older_cgroups_counts_with_its_children(root):
    put(root, "proc/self/cgroup", "9:name=systemd:/\n4:memory:/box\n0::/")
    stat = f"active_file 0\ninactive_file 0\ntotal_inactive_file {200 * MIB}\ntotal_active_file 0"
    files = {"memory__limit_in_bytes": GIB, "memory__usage_in_bytes": 300 * MIB}
    cgroup(root, "memory/box", **files, memory__stat=stat)
    assert probe_device(root, allowed_cpus=ALL).free_bytes == (1024 - 100) * MIB


def test_both_kinds_of_cgroups_side_by_side_are_looked_at(root):
    put(root, "proc/self/cgroup", "4:memory:/\n0::/app")
    cgroup(root, "unified/app", memory__max=GIB, memory__current=0)
    assert probe_device(root, allowed_cpus=ALL).free_bytes == GIB


def test_the_older_cgroups_way_to_say_no_limit_is_understood(root):
    put(root, "proc/self/cgroup", "4:memory:/")
    cgroup(
        root, "memory", memory__limit_in_bytes=9223372036854771712, memory__usage_in_bytes=GIB * 7
    )
    assert probe_device(root, allowed_cpus=ALL).free_bytes == 6 * GIB


def test_use_above_the_limit_leaves_nothing_not_less(root):
    put(root, "proc/self/cgroup", "0::/")
    cgroup(root, "", memory__max=GIB, memory__current=2 * GIB)
    assert probe_device(root, allowed_cpus=ALL).free_bytes == 0


def test_the_memory_alone_is_what_the_whole_look_says(root):
    put(root, "proc/self/cgroup", "0::/slice/app")
    cgroup(root, "slice", memory__max=3 * GIB, memory__current=GIB)
    memory, device = memory_now(root), probe_device(root, allowed_cpus=ALL)
    assert memory is not None
    assert (memory.total_bytes, memory.free_bytes) == (3 * GIB, 2 * GIB)
    assert (device.memory_bytes, device.free_bytes) == (3 * GIB, 2 * GIB)


def test_a_system_that_does_not_tell_has_no_figure(tmp_path):
    assert memory_now(tmp_path) is None


# Battery and name.


@pytest.mark.parametrize(
    ("status", "on_battery"), [("Discharging", True), ("Charging", False), ("Full", False)]
)
def test_a_draining_battery_is_noticed(root, status, on_battery):
    put(root, "sys/class/power_supply/BAT0/type", "Battery")
    put(root, "sys/class/power_supply/BAT0/status", status)
    assert probe_device(root, allowed_cpus=ALL).on_battery is on_battery


def test_the_battery_of_a_mouse_is_not_the_machines(root):
    put(root, "sys/class/power_supply/hid-mouse/type", "Battery")
    put(root, "sys/class/power_supply/hid-mouse/scope", "Device")
    put(root, "sys/class/power_supply/hid-mouse/status", "Discharging")
    assert probe_device(root, allowed_cpus=ALL).on_battery is None


def test_a_board_is_called_by_its_name(root):
    put(root, "proc/device-tree/model", "Raspberry Pi 5 Model B Rev 1.0\0")
    assert probe_device(root, allowed_cpus=ALL).name == "Raspberry Pi 5 Model B Rev 1.0"
