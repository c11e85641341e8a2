"""A machine as values: what it has, and what is free of it now."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes there are, and bytes that can be taken without swapping; inside every limit on us."""

    total_bytes: int
    free_bytes: int


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
