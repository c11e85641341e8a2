"""How a machine is doing: battery, heat, and what other programs take of it."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from edge.device.conditions import ConditionsWatch, Remembered, conditions_now
from edge.device.macos import macos_conditions
from edge.device.others import load_of_others
from edge.device.profile import Battery, Conditions
from edge.device.thermal import Thermals
from edge.device.windows import PowerStatus
from small_machine import put

ON_LINUX = pytest.mark.skipif(
    sys.platform in ("darwin", "win32"), reason="trees of /proc and /sys are Linux's"
)


def battery(root: Path, name: str, status: str, capacity: object) -> None:
    put(root, f"sys/class/power_supply/{name}/type", "Battery")
    put(root, f"sys/class/power_supply/{name}/status", status)
    put(root, f"sys/class/power_supply/{name}/capacity", capacity)


def zone(root: Path, number: int, temp: object, **trips: int) -> None:
    """A thermal zone and its trip points, by kind; temperatures in thousandths of a degree."""
    folder = f"sys/class/thermal/thermal_zone{number}"
    put(root, f"{folder}/temp", temp)
    for at, (kind, limit) in enumerate(trips.items()):
        put(root, f"{folder}/trip_point_{at}_type", kind)
        put(root, f"{folder}/trip_point_{at}_temp", limit)


def cooling(root: Path, number: int, kind: str, state: int) -> None:
    put(root, f"sys/class/thermal/cooling_device{number}/type", kind)
    put(root, f"sys/class/thermal/cooling_device{number}/cur_state", state)


def running(root: Path, n_running: int, n_cores: int = 4) -> None:
    """So many threads want a core of this machine."""
    rows = "".join(f"cpu{core} 1 2 3 4\n" for core in range(n_cores))
    put(
        root, "proc/stat", f"cpu  1 2 3 4\n{rows}ctxt 9\nprocs_running {n_running}\nprocs_blocked 0"
    )


def threads(root: Path, process: object, states: str, name: str = "edge") -> None:
    for at, state in enumerate(states):
        put(root, f"proc/{process}/task/{at}/stat", f"{at} ({name}) {state} 1 2 3")


# Battery.


@ON_LINUX
def test_a_draining_battery_tells_its_charge(tmp_path):
    battery(tmp_path, "BAT0", "Discharging", 37)
    now = conditions_now(tmp_path)
    assert (now.on_battery, now.battery_percent) == (True, 37)


@ON_LINUX
def test_two_batteries_are_one_of_their_mean_charge(tmp_path):
    battery(tmp_path, "BAT0", "Discharging", 10)
    battery(tmp_path, "BAT1", "Full", 100)
    now = conditions_now(tmp_path)
    assert (now.on_battery, now.battery_percent) == (True, 55)


@ON_LINUX
def test_a_battery_that_does_not_tell_its_charge_still_says_whether_it_drains(tmp_path):
    battery(tmp_path, "BAT0", "Charging", "unknown")
    now = conditions_now(tmp_path)
    assert (now.on_battery, now.battery_percent) == (False, None)


@ON_LINUX
def test_a_machine_that_tells_nothing_has_no_conditions(tmp_path):
    assert conditions_now(tmp_path) == Conditions()


# Heat.


@pytest.mark.parametrize(("temp", "hot"), [(84_999, False), (85_000, True), (99_000, True)])
def test_a_zone_at_its_passive_trip_is_hot(tmp_path, temp, hot):
    zone(tmp_path, 0, temp, active=50_000, passive=85_000, critical=105_000)
    assert Thermals(tmp_path).hot() is hot


def test_one_hot_zone_among_many_is_enough(tmp_path):
    zone(tmp_path, 0, 40_000, passive=85_000)
    zone(tmp_path, 1, 61_000, hot=60_000)
    assert Thermals(tmp_path).hot() is True


def test_a_trip_nobody_set_and_a_fans_are_no_limits(tmp_path):
    zone(tmp_path, 0, 70_000, passive=0)
    zone(tmp_path, 1, 70_000, passive=-274_000)
    zone(tmp_path, 2, 70_000, active=50_000)
    assert Thermals(tmp_path).hot() is None


@pytest.mark.parametrize("kind", ["Processor", "thermal-cpufreq-0", "cpuidle-3", "cpufreq-cpu4"])
def test_a_cpu_that_is_slowed_down_is_hot_whatever_the_zones_say(tmp_path, kind):
    zone(tmp_path, 0, 40_000, passive=85_000)
    cooling(tmp_path, 0, kind, 0)
    assert Thermals(tmp_path).hot() is False
    cooling(tmp_path, 1, kind, 2)
    assert Thermals(tmp_path).hot() is True


def test_a_fan_that_turns_slows_nothing_down(tmp_path):
    cooling(tmp_path, 0, "Fan", 5)
    cooling(tmp_path, 1, "Processor", 0)
    assert Thermals(tmp_path).hot() is False


def test_idle_injection_that_is_off_says_minus_one_and_is_no_heat(tmp_path):
    cooling(tmp_path, 0, "intel_powerclamp", -1)
    cooling(tmp_path, 1, "Processor", 0)
    assert Thermals(tmp_path).hot() is False


def test_a_sensor_that_cannot_be_read_says_nothing_for_the_others(tmp_path):
    zone(tmp_path, 0, "", passive=85_000)
    assert Thermals(tmp_path).hot() is None
    zone(tmp_path, 1, 90_000, passive=85_000)
    assert Thermals(tmp_path).hot() is True


def test_of_very_many_zones_those_of_the_cpu_are_read(tmp_path):
    for number in range(40):
        zone(tmp_path, number, 40_000, passive=85_000)
    zone(tmp_path, 99, 90_000, passive=85_000)
    assert Thermals(tmp_path).hot() is False
    put(tmp_path, "sys/class/thermal/thermal_zone99/type", "cpu-1-0-usr")
    assert Thermals(tmp_path).hot() is True


# Load.


@pytest.mark.parametrize(("n_running", "load"), [(0, 0.0), (1, 0.25), (3, 0.75), (9, 1.0)])
def test_load_is_the_share_of_the_cores_that_threads_want(tmp_path, n_running, load):
    running(tmp_path, n_running)
    assert load_of_others(tmp_path, 4) == load


def test_our_own_threads_and_our_workers_are_no_load_of_others(tmp_path):
    running(tmp_path, 4)
    threads(tmp_path, "self", "RSS")
    threads(tmp_path, 77, "RRS", name="odd) R (name")
    threads(tmp_path, 88, "RRRR")
    assert load_of_others(tmp_path, 4, own_pids=[77]) == 0.25


def test_a_worker_that_has_gone_is_no_load_and_no_error(tmp_path):
    running(tmp_path, 2)
    assert load_of_others(tmp_path, 4, own_pids=[4_000_000]) == 0.5


def test_where_we_may_not_use_all_cores_nobody_knows_who_is_in_our_way(tmp_path):
    running(tmp_path, 2)
    assert load_of_others(tmp_path, 3) is None


def test_a_kernel_that_counts_no_running_threads_has_no_load(tmp_path):
    put(tmp_path, "proc/stat", "cpu0 1 2 3 4")
    assert load_of_others(tmp_path, 1) is None


@ON_LINUX
def test_this_machine_has_conditions_that_make_sense():
    now = ConditionsWatch().now(own_pids=[os.getpid()])
    assert now.load is None or 0 <= now.load <= 1
    assert now.battery_percent is None or 0 <= now.battery_percent <= 100


# macOS and Windows, as far as what they say can be read anywhere.

BATTERY = """\
Now drawing from 'Battery Power'
 -InternalBattery-0 (id=1234567)\t80%; discharging; 5:00 remaining present: true
"""
COOL = """\
Note: No thermal warning level has been recorded
Note: No performance warning level has been recorded
Note: No CPU power status has been recorded
"""
THROTTLED = """\
Note: No thermal warning level has been recorded
CPU Power notify
\tCPU_Scheduler_Limit \t= 100
\tCPU_Available_CPUs \t= 8
\tCPU_Speed_Limit \t= 70
"""


def mac(batt: str = BATTERY, therm: str = COOL) -> Conditions:
    return macos_conditions(lambda *command: {"batt": batt, "therm": therm}[command[-1]])


def test_a_mac_tells_its_battery_and_whether_heat_slows_it():
    assert mac() == Conditions(on_battery=True, battery_percent=80, hot=False)
    assert mac(therm=THROTTLED).hot is True
    assert mac(therm=THROTTLED.replace("70", "100")).hot is False


def test_a_mac_whose_programs_say_nothing_has_no_conditions():
    assert mac(batt="", therm="") == Conditions()


@pytest.mark.parametrize(
    ("line", "flag", "percent", "said"),
    [
        (0, 1, 64, Battery(drains=True, percent=64)),
        (1, 8, 100, Battery(drains=False, percent=100)),
        (1, 128, 255, Battery()),
        (255, 255, 255, Battery()),
        (0, 0, 255, Battery(drains=True)),
    ],
)
def test_the_battery_of_windows_is_read_as_its_api_writes_it(line, flag, percent, said):
    # SYSTEM_POWER_STATUS: ACLineStatus, BatteryFlag, BatteryLifePercent, SystemStatusFlag,
    # then two 32-bit lifetimes, all ones where nobody knows.
    written = bytes([line, flag, percent, 0]) + b"\xff" * 8
    assert PowerStatus.from_buffer_copy(written).battery == said


# What is slow to ask is asked off the turn's path.


class Slow:
    """A look that takes until it is let go, and says how often it was taken."""

    def __init__(self) -> None:
        self.may_end = threading.Event()
        self.n_looks = 0

    def __call__(self) -> Conditions:
        self.may_end.wait()
        self.n_looks += 1
        return Conditions(battery_percent=self.n_looks)


def test_a_slow_look_is_not_waited_for_and_known_the_next_time():
    slow = Slow()
    remembered = Remembered(slow, clock=lambda: 0.0)
    assert remembered.now() == Conditions()
    slow.may_end.set()
    remembered.refresh().join()
    assert remembered.now() == Conditions(battery_percent=slow.n_looks)


@pytest.mark.parametrize(
    ("age_s", "known", "looks_again"), [(9, 1, False), (11, 1, True), (301, None, True)]
)
def test_what_is_old_is_looked_at_again_and_what_is_very_old_is_not_known(
    age_s, known, looks_again
):
    slow, now_s = Slow(), [1000.0]
    slow.may_end.set()
    remembered = Remembered(slow, clock=lambda: now_s[0])
    remembered._looking.join()
    now_s[0] += age_s
    assert remembered.now().battery_percent == known
    remembered._looking.join()
    assert slow.n_looks == 1 + looks_again
