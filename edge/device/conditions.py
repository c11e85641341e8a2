"""How this machine is doing at this moment: battery, heat, and what others take of its cores."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Collection
from pathlib import Path

from edge.device.linux import linux_battery
from edge.device.macos import macos_conditions
from edge.device.others import load_of_others
from edge.device.profile import Conditions
from edge.device.thermal import Thermals
from edge.device.windows import windows_battery

_FRESH_S = 10.0
_MOST_AGE_S = 300.0


def conditions_now(root: Path = Path("/"), own_pids: Collection[int] = ()) -> Conditions:
    """Look once; never raises. Finding the sensors, or asking macOS, takes tens of milliseconds.

    A turn asks a ConditionsWatch, made once, instead.
    """
    if sys.platform == "darwin":
        return macos_conditions()
    return ConditionsWatch(root).now(own_pids)


class ConditionsWatch:
    """Looks before every turn, in a millisecond or two, and never raises.

    Linux and Windows are looked at in place. macOS tells through programs alone:
    there a thread looks while the turn takes what was known before; see `Remembered`.
    """

    def __init__(self, root: Path = Path("/")) -> None:
        if sys.platform == "darwin":
            self._look: Callable[[Collection[int]], Conditions] = Remembered(macos_conditions).now
        elif sys.platform == "win32":
            self._look = _windows_conditions
        else:
            self._look = _LinuxLook(root)

    def now(self, own_pids: Collection[int] = ()) -> Conditions:
        """The conditions; threads of `own_pids`, our workers, are no load of others."""
        return self._look(own_pids)


class Remembered:
    """What a slow look said last. `now` waits for nothing: a thread looks for the next time.

    The first look begins at once. What is older than 10 s is looked at again, and
    what is older than 5 minutes counts as not known.
    """

    def __init__(
        self, look: Callable[[], Conditions], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._look = look
        self._clock = clock
        self._known = Conditions()
        self._at_s: float | None = None
        self._looking: threading.Thread | None = None
        self.refresh()

    def now(self, _own_pids: Collection[int] = ()) -> Conditions:
        """What is known; at most 5 minutes old."""
        age_s = float("inf") if self._at_s is None else self._clock() - self._at_s
        known = self._known if age_s <= _MOST_AGE_S else Conditions()
        if age_s > _FRESH_S:
            self.refresh()
        return known

    def refresh(self) -> threading.Thread:
        """Look, in a thread of its own; one at a time."""
        if self._looking is None or not self._looking.is_alive():
            self._looking = threading.Thread(target=self._learn, daemon=True)
            self._looking.start()
        return self._looking

    def _learn(self) -> None:
        self._known = self._look()
        self._at_s = self._clock()


class _LinuxLook:
    def __init__(self, root: Path) -> None:
        self._root = root
        self._thermals = Thermals(root)

    def __call__(self, own_pids: Collection[int]) -> Conditions:
        battery = linux_battery(self._root)
        load = load_of_others(self._root, len(os.sched_getaffinity(0)), own_pids)
        return Conditions(battery.drains, battery.percent, self._thermals.hot(), load)


def _windows_conditions(_own_pids: Collection[int]) -> Conditions:
    battery = windows_battery()
    return Conditions(battery.drains, battery.percent)
