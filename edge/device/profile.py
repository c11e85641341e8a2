"""A machine as values: what it has, and what is free of it now."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes there are, and bytes that can be taken without swapping; inside every limit on us."""

    total_bytes: int
    free_bytes: int


@dataclass(frozen=True, slots=True)
class Battery:
    """What the machine runs on, and how full it is in percent; None: no battery, or not known."""

    drains: bool | None = None
    percent: int | None = None


@dataclass(frozen=True, slots=True)
class Conditions:
    """How a machine is doing now, as far as it tells; None means not known.

    `hot`: slowed down by its temperature, or at the point where it will be.
    `load` is the share of its cores, 0 to 1, that other programs want at this moment.
    """

    on_battery: bool | None = None
    battery_percent: int | None = None
    hot: bool | None = None
    load: float | None = None


@dataclass(frozen=True, slots=True)
class DeviceProfile:
    """A machine as far as running a model goes.

    `n_cores` are physical performance cores this process may use; `free_bytes`
    is what can be taken without swapping, inside every limit; None means not
    known.
    """

    name: str
    n_cores: int
    memory_bytes: int
    free_bytes: int
    bandwidth_bytes_per_s: float | None = None
    on_battery: bool | None = None
