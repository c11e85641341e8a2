"""Which network this machine is on, as far as one look at its routes tells."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from edge.device.files import read_text


def network_fingerprint(root: Path = Path("/")) -> str | None:
    """Another text when the way out of this machine is another; None where that is not told.

    Linux alone writes its routes into a file. The way out is the interface and
    the gateway of each default route; no way out has a text of its own. Two
    networks whose routers have the same address look the same.
    """
    routes = root / "proc/net/route"
    # Its head line is there even without a single route.
    if not read_text(routes):
        return None
    ways = sorted({*_ways_out(routes), *_ways_out_6(root / "proc/net/ipv6_route")})
    return hashlib.sha256("\n".join(ways).encode()).hexdigest()[:12]


def _ways_out(routes: Path) -> Iterator[str]:
    """Lines of: interface, destination, gateway, flags, three counters, mask and more."""
    for line in read_text(routes).splitlines()[1:]:
        words = line.split()
        if len(words) >= 8 and set(words[1]) == set(words[7]) == {"0"}:
            yield f"{words[0]} {words[2]}"


def _ways_out_6(routes: Path) -> Iterator[str]:
    """Lines of: destination, its length, source, its length, next hop, …, interface."""
    for line in read_text(routes).splitlines():
        words = line.split()
        # A kernel without a way out lists one that ends in the loopback.
        if len(words) >= 10 and set(words[0] + words[1]) == {"0"} and words[-1] != "lo":
            yield f"{words[-1]} {words[4]}"
