"""Whether heat slows a Linux machine down: its thermal zones, and what cools its CPUs."""

from __future__ import annotations

from pathlib import Path

from edge.device.files import read_number, read_text

# Trip points behind which the kernel slows parts down or warns; "active" turns a fan, and
# "critical" ends the machine (Documentation/driver-api/thermal/sysfs-api.rst).
_HOT_TRIPS = ("passive", "hot")
# Cooling devices that cool by slowing CPUs: ACPI's, the cpufreq and cpuidle ones, and
# Intel's idle injection. Others are fans, or slow a modem down.
_CPU_COOLING = ("processor", "cpufreq", "cpuidle", "intel_powerclamp")
# A phone has a hundred zones, and reading them all takes 5 ms: those of
# what computes, and of the skin that has it slowed down, come first.
_MOST_ZONES = 24
_TELLING = ("cpu", "pkg", "soc", "acpitz", "skin")


class Thermals:
    """The sensors of a machine, found once: on a phone they are hundreds of small files.

    The firmware of some machines slows them down without telling the kernel;
    that is not seen.
    """

    def __init__(self, root: Path) -> None:
        folder = root / "sys/class/thermal"
        self._zones = [
            (zone / "temp", limit)
            for zone in sorted(folder.glob("thermal_zone*"), key=_rank)
            if (limit := _limit(zone)) is not None
        ][:_MOST_ZONES]
        self._brakes = [
            device / "cur_state"
            for device in sorted(folder.glob("cooling_device*"))
            if any(kind in read_text(device / "type").lower() for kind in _CPU_COOLING)
        ]

    def hot(self) -> bool | None:
        """Whether a zone is at its limit, or a CPU is being slowed; None where nobody tells."""
        brakes = [state for path in self._brakes if (state := read_number(path)) is not None]
        if any(brakes):
            return True
        temperatures = [(read_number(path), limit) for path, limit in self._zones]
        known = [now >= limit for now, limit in temperatures if now is not None]
        return any(known) if known or brakes else None


def _rank(zone: Path) -> tuple[bool, Path]:
    kind = read_text(zone / "type").lower()
    return not any(word in kind for word in _TELLING), zone


def _limit(zone: Path) -> int | None:
    """The lowest temperature that counts as hot there, in thousandths of a degree."""
    limits = [
        read_number(trip.with_name(trip.name.replace("_type", "_temp")))
        for trip in zone.glob("trip_point_*_type")
        if read_text(trip) in _HOT_TRIPS
    ]
    # Zero and less is how drivers write that nobody has set one.
    return min((limit for limit in limits if limit), default=None)
