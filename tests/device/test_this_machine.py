"""This very machine, whatever it is: what can be said of any."""

from __future__ import annotations

import os
import platform
import sys

import pytest

from edge.core.units import MIB
from edge.device.bandwidth import measure_bandwidth
from edge.device.probe import machine_id, memory_now, probe_device
from small_machine import put

ON_LINUX = pytest.mark.skipif(
    sys.platform in ("darwin", "win32"), reason="trees of /proc and /sys are Linux's"
)


def test_this_machine_has_cores_and_memory():
    device = probe_device()
    assert 1 <= device.n_cores <= (os.cpu_count() or 1)
    assert 0 < device.free_bytes <= device.memory_bytes
    assert device.bandwidth_bytes_per_s is None


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS tells through programs alone")
def test_the_memory_now_lies_within_the_machines():
    memory = memory_now()
    assert memory is not None
    assert 0 < memory.free_bytes <= memory.total_bytes == probe_device().memory_bytes


def test_bandwidth_is_measured_only_when_asked():
    bandwidth = probe_device(with_bandwidth=True).bandwidth_bytes_per_s
    # From a slow board to a large server; less or more would be a broken probe.
    assert bandwidth is not None
    assert 1e8 < bandwidth < 5e12


def test_every_thread_reads_its_own_share():
    assert measure_bandwidth(3, probe_bytes=4 * MIB) > 1e7


# Which machine it is.


def test_this_machine_says_the_same_of_itself_every_time_in_one_line():
    said = machine_id()
    assert said == machine_id()
    assert said.endswith(f" x{probe_device().n_cores} ({platform.machine()})")
    assert said.isprintable()


@ON_LINUX
def test_a_pc_is_known_by_its_cpus_name_told_once(root):
    core = "processor : {}\nvendor_id : AuthenticAMD\nmodel name\t: AMD Ryzen 7 7840U\n\n"
    put(root, "proc/cpuinfo", core.format(0) + core.format(1))
    said = machine_id(root, allowed_cpus=range(8))
    assert said == f"AMD Ryzen 7 7840U x4 ({platform.machine()})"


@ON_LINUX
def test_a_phone_is_known_by_the_kinds_of_its_cores_in_whatever_order_they_are_listed(root):
    small = "processor: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd46\n\n"
    large = "processor: 1\nCPU implementer\t: 0x41\nCPU part\t: 0xd4d\n\n"
    put(root, "proc/cpuinfo", f"{small}{small}{large}Hardware\t: MT6983\n")
    said = machine_id(root, allowed_cpus=[0])
    assert said == f"MT6983 0x41:0xd46 0x41:0xd4d x1 ({platform.machine()})"
    put(root, "proc/cpuinfo", f"{large}{small}Hardware\t: MT6983\n")
    assert machine_id(root, allowed_cpus=[0]) == said


@ON_LINUX
def test_cores_we_may_not_use_make_it_another_machine(root):
    assert machine_id(root, allowed_cpus=[0]) != machine_id(root, allowed_cpus=[0, 1])


@ON_LINUX
def test_a_system_that_tells_nothing_of_its_cpu_still_has_a_text(tmp_path):
    said = machine_id(tmp_path, allowed_cpus=[0, 1])
    assert said == f"unknown CPU x2 ({platform.machine()})"
