"""Which way out of the machine there is, told from small trees of /proc."""

from __future__ import annotations

import pytest

from edge.device.network import network_fingerprint
from small_machine import put

HEAD = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT"
HOME = "wlan0 00000000 0101A8C0 0003 0 0 600 00000000 0 0 0"
LOCAL = "wlan0 0001A8C0 00000000 0001 0 0 600 00FFFFFF 0 0 0"
NOWHERE = "0" * 32
HOME_6 = f"{NOWHERE} 00 {NOWHERE} 00 fe800000000000000000000000000001 00000400 1 0 00000003 wlan0"
NO_WAY_6 = f"{NOWHERE} 00 {NOWHERE} 00 {NOWHERE} ffffffff 00000001 00000000 00200200 lo"


def told(root, *routes, routes_6=(NO_WAY_6,)):
    put(root, "proc/net/route", "\n".join([HEAD, *routes]))
    put(root, "proc/net/ipv6_route", "\n".join(routes_6))
    return network_fingerprint(root)


def test_the_same_way_out_is_the_same_network(tmp_path):
    busier = "wlan0 00000000 0101A8C0 0003 9 8 100 00000000 0 0 0"
    assert told(tmp_path, HOME, LOCAL) == told(tmp_path, LOCAL, busier)


@pytest.mark.parametrize(
    "other",
    [
        "eth0 00000000 0101A8C0 0003 0 0 600 00000000 0 0 0",
        "wlan0 00000000 0100000A 0003 0 0 600 00000000 0 0 0",
        f"{HOME}\ntun0 00000000 00000000 0001 0 0 50 00000000 0 0 0",
    ],
)
def test_another_gateway_interface_or_tunnel_is_another_network(tmp_path, other):
    assert told(tmp_path, HOME) != told(tmp_path, other)


def test_a_way_out_that_comes_or_goes_is_a_change(tmp_path):
    ways = {
        told(tmp_path),
        told(tmp_path, HOME),
        told(tmp_path, routes_6=[HOME_6]),
        told(tmp_path, HOME, routes_6=[HOME_6]),
    }
    assert len(ways) == 4


def test_routes_within_the_network_do_not_matter(tmp_path):
    half = "tun0 00000000 00000000 0001 0 0 50 00000080 0 0 0"
    assert told(tmp_path, HOME) == told(tmp_path, HOME, LOCAL, half)


def test_a_system_that_does_not_tell_has_no_fingerprint(tmp_path):
    assert network_fingerprint(tmp_path) is None


@pytest.mark.parametrize(
    "text", ["", "x", "wlan0 00000000", "wlan0 00000000 0101A8C0 0", "\0\1\2\n\n  \n"]
)
def test_a_file_of_another_shape_is_no_way_out(tmp_path, text):
    assert told(tmp_path, text, routes_6=[text]) == told(tmp_path)
