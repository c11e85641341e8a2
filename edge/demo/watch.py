"""Counts what this process connects to, on this machine and beyond it."""

from __future__ import annotations

import sys
from typing import Any

from edge.core.cloud import is_this_machine

# Audit events (docs.python.org, "Audit events table") and which of their arguments tells the
# address, or the host. To look up a name is to ask another machine, too.
_CONNECTS = "socket.connect"
_ADDRESS = {_CONNECTS: 1, "socket.sendto": 1, "socket.sendmsg": 1}
_NAME = {"socket.getaddrinfo": 0, "socket.gethostbyname": 0, "socket.gethostbyaddr": 0}


class Watch:
    """How many connections went to this machine itself (`here`), and how many `elsewhere`.

    Datagrams and look-ups that go elsewhere count, too. Of this process alone: the
    engine's own has no network where the kernel allows that.
    """

    def __init__(self) -> None:
        self.here = 0
        self.elsewhere = 0

    def begin(self) -> None:
        """Count from now on; such a hook stays as long as the process."""
        sys.addaudithook(self.hear)

    def hear(self, event: str, args: tuple[Any, ...]) -> None:
        """Take note of an audit event, if it is of a socket."""
        if event in _ADDRESS:
            host = _host(args[_ADDRESS[event]])
        elif event in _NAME:
            host = _text(args[_NAME[event]])
        else:
            return
        if host and not is_this_machine(host):
            self.elsewhere += 1
        elif host and event == _CONNECTS:
            self.here += 1


def _host(address: Any) -> str:
    """The host of an address; empty where it has none, as a socket that is a file."""
    return _text(address[0]) if isinstance(address, tuple) else ""


def _text(name: Any) -> str:
    return name.decode(errors="replace") if isinstance(name, bytes) else str(name or "")
