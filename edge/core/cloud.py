"""The nouns of asking a cloud: whom, on what leave, within which waits, and for how much."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import urlsplit

from edge.core.message import Cleared
from edge.core.units import Money


def is_this_machine(host: str) -> bool:
    """Whether a host is the machine asked from: by its loopback address, or as localhost."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class CloudMode(StrEnum):
    """Whether anything may be sent: never, after a question each time, or as the policy says."""

    OFF = "off"
    ASK = "ask"
    AUTO = "auto"


class Dialect(StrEnum):
    """What an OpenAI-compatible endpoint understands beyond the common ground."""

    DASHSCOPE = "dashscope"  # enable_thinking, partial messages, its own error codes
    OPENAI = "openai"


class Secret:
    """A key that shows itself to nobody: its text is taken out by `reveal` alone."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The key itself; for the request that needs it, and for nothing else."""
        return self._text

    def __repr__(self) -> str:
        return f"<key …{self._text[-4:]}>" if len(self._text) >= 12 else "<key>"

    def __reduce__(self) -> str:
        raise TypeError("a key is not written down")


@dataclass(frozen=True, slots=True)
class Provider:
    """An endpoint somebody runs: where it is, what it understands, and its models.

    `base_url` ends before "/chat/completions"; https, or http to this machine
    itself. `region` picks the price list; empty where prices are the user's own.
    """

    name: str
    base_url: str
    dialect: Dialect = Dialect.OPENAI
    models: tuple[str, ...] = ()
    region: str = ""
    ca_file: str | None = None

    @property
    def host(self) -> str:
        """The host that is asked, with its port where the address names one."""
        return urlsplit(self.base_url).netloc.rpartition("@")[2]

    @property
    def is_here(self) -> bool:
        """Whether it runs on this very machine."""
        return is_this_machine(urlsplit(self.base_url).hostname or "")


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long each wait of one send may take, in seconds; `total_s` bounds them all."""

    connect_s: float = 3.0
    first_byte_s: float = 15.0
    gap_s: float = 10.0
    total_s: float = 120.0


class Scope(StrEnum):
    """What a cap is summed over; days and months are those of UTC."""

    TURN = "turn"
    CONVERSATION = "conversation"
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Cap:
    """The most that may be spent in one scope, in one currency."""

    scope: Scope
    limit: Money


@dataclass(frozen=True, slots=True)
class Reservation:
    """Money set aside for one send: the most it can cost. Made by the ledger alone."""

    id: int
    turn_id: str
    most: Money


@dataclass(frozen=True, slots=True)
class Sent:
    """What left the machine, without a word of it; written down before it leaves."""

    host: str
    provider: str
    model: str
    turn_ids: tuple[str, ...]
    n_bytes: int
    sha256: str
    reservation_id: int
    most: Money


@dataclass(slots=True)
class Permit:
    """Leave to send these messages once, at most at this cost. Made by chat.attempts alone.

    `revoked` is asked until the last moment: a talk may be made private meanwhile.
    `used` says afterwards whether anything was sent on it.
    """

    cleared: Cleared
    reservation: Reservation
    revoked: Callable[[], bool] = bool  # False: never
    used: bool = field(default=False, init=False)
    _spent: bool = field(default=False, init=False)

    def spend(self) -> Cleared:
        """The messages, for the one send this permits; raises RuntimeError the second time."""
        if self._spent:
            raise RuntimeError("a permit is good for one send")
        self._spent = True
        return self.cleared
