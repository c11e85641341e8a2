"""Quantities with their units: bytes, durations, speeds and money, parsed and shown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from edge.core.say import say

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB

# ISO 4217: no currency. What costs nothing, as far as anybody said, costs so much of it.
NO_CURRENCY = "XXX"

_BYTE_UNITS = {
    "": 1,
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "kib": KIB,
    "mib": MIB,
    "gib": GIB,
}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in one currency (ISO 4217 code); never a bare number."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{self.amount.normalize():f} {self.currency}"


NOTHING = Money(Decimal(0), NO_CURRENCY)


def parse_bytes(text: str) -> int:
    """Bytes from "1.4 GB", "512MiB" or "4096"; raises ValueError on anything else.

    >>> parse_bytes("1.5 GiB")
    1610612736
    """
    found = _SIZE.fullmatch(text)
    if found is None or found[2].lower() not in _BYTE_UNITS:
        raise ValueError(say("{text!r} is not a size; write it as 512MiB or 1.4GB", text=text))
    return int(Decimal(found[1]) * _BYTE_UNITS[found[2].lower()])


def show_bytes(count: int) -> str:
    """A size for the eye, in binary units.

    >>> show_bytes(491_400_064), show_bytes(1_117_320_736)
    ('469 MiB', '1.04 GiB')
    """
    if count >= GIB:
        return f"{count / GIB:.2f} GiB"
    if count >= MIB:
        return f"{count / MIB:.0f} MiB"
    if count >= KIB:
        return f"{count / KIB:.0f} KiB"
    return f"{count} B"


def show_duration(seconds: float) -> str:
    """A duration for the eye.

    >>> show_duration(0.25), show_duration(75), show_duration(7260)
    ('0.2 s', '1 min 15 s', '2 h 1 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def show_speed(tokens_per_s: float) -> str:
    """Tokens per second for the eye; one decimal where it still matters."""
    digits = 1 if tokens_per_s < 10 else 0
    return f"{tokens_per_s:.{digits}f} tok/s"
