"""macOS and Windows, as far as what they say can be read anywhere."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable

from edge.core.units import GIB
from edge.device.macos import macos_cpu_name, probe_macos, vm_stat_free
from edge.device.profile import Memory
from edge.device.windows import MemoryStatus

# As vm_stat(1) prints it on Apple silicon, whose pages are 16 KiB.
VM_STAT = """\
Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                               10000.
Pages active:                            200000.
Pages inactive:                           20000.
Pages speculative:                         3000.
Pages throttled:                              0.
Pages wired down:                         90000.
Pages purgeable:                            400.
"Translation faults":                 123456789.
Pages copy-on-write:                    5000000.
"""
BATTERY = """\
Now drawing from 'Battery Power'
 -InternalBattery-0 (id=1234567)\t80%; discharging; 5:00 remaining present: true
"""
PLUGGED = BATTERY.replace("Battery Power", "AC Power").replace("discharging", "charged")


def mac(**said: str) -> Callable[..., str]:
    """A Mac that answers commands by their last word, and says nothing to others."""
    answers = {"hw_memsize": str(16 * GIB), "vm_stat": VM_STAT, **said}
    return lambda *command: answers.get(command[-1].replace(".", "_"), "")


def test_a_mac_counts_its_performance_cores():
    device = probe_macos(mac(hw_perflevel0_physicalcpu="4", hw_physicalcpu="8"))
    assert device.n_cores == 4


def test_an_intel_mac_counts_its_physical_cores():
    assert probe_macos(mac(hw_physicalcpu="6", hw_model="MacBookPro16,1")).n_cores == 6


def test_pages_that_a_mac_would_give_are_free():
    assert vm_stat_free(VM_STAT) == (10000 + 20000 + 3000 + 400) * 16384


def test_a_mac_never_has_more_free_than_it_has():
    device = probe_macos(mac(hw_memsize=str(4096 * 16384), vm_stat=VM_STAT))
    assert device.free_bytes == device.memory_bytes == 4096 * 16384


def test_a_mac_on_its_battery_says_so():
    assert probe_macos(mac(batt=BATTERY)).on_battery is True
    assert probe_macos(mac(batt=PLUGGED)).on_battery is False


def test_a_mac_without_a_battery_has_no_answer():
    assert probe_macos(mac(batt="Now drawing from 'AC Power'")).on_battery is None


def test_a_mac_that_says_nothing_is_one_core_without_memory():
    device = probe_macos(lambda *_: "")
    assert (device.n_cores, device.memory_bytes, device.free_bytes) == (1, 0, 0)
    assert device.name


def test_a_mac_is_known_by_its_brand():
    assert macos_cpu_name(mac(machdep_cpu_brand_string="Apple M2 Pro")) == "Apple M2 Pro"


def test_the_memory_of_windows_is_read_at_the_places_its_api_writes_it():
    # MEMORYSTATUSEX: dwLength, dwMemoryLoad, then ullTotalPhys, ullAvailPhys and five more.
    written = struct.pack("<2I7Q", 64, 37, 16 * GIB, 10 * GIB, 3, 4, 5, 6, 7)
    assert ctypes.sizeof(MemoryStatus) == len(written) == 64
    assert MemoryStatus.from_buffer_copy(written).memory == Memory(16 * GIB, 10 * GIB)
