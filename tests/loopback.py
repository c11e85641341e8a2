"""Nothing a test does leaves this machine: an audit hook on Python's sockets.

It sees the sockets of this process; native code and child processes are beyond it.
"""

from __future__ import annotations

import ipaddress
import socket

WATCHED = ("socket.connect", "socket.sendto", "socket.getaddrinfo")


class Guard:
    """Refuses and remembers every connection and look-up that would leave this machine."""

    def __init__(self) -> None:
        self.open = False
        self.refused: list[str] = []

    def __call__(self, event: str, args: tuple[object, ...]) -> None:
        if event not in WATCHED or self.open:
            return
        host = args[0] if event == "socket.getaddrinfo" else host_of(*args[:2])
        if not stays_here(host):
            self.refused.append(f"{event} to {host}")
            raise PermissionError(f"{event} to {host}: a test that needs it is marked network")


def host_of(connecting: object, address: object) -> object:
    """The host a socket turns to; None where its family knows no hosts."""
    family = getattr(connecting, "family", None)
    internet = family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple)
    return address[0] if internet else None


def stays_here(host: object) -> bool:
    """Whether a name or address is this machine's own; None names no host at all."""
    name = host.decode() if isinstance(host, bytes) else host
    if name is None or name in ("", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(str(name).partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
