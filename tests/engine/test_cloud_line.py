"""A line carries news one way and leave the other, and either end may go first."""

from __future__ import annotations

import socket
import ssl

import pytest

from edge.engine.cloud_line import Connected, HungUp, Line, Said, why_of


def test_leave_is_asked_for_once_and_waited_for():
    line = Line()
    line.allow()
    line.ask_leave()
    line.ask_leave()
    assert (line.receive(0), line.receive(0)) == (Connected(), None)


def test_leave_is_never_given_once_the_listener_is_gone():
    line = Line()
    line.allow()
    line.leave()
    with pytest.raises(HungUp):
        line.ask_leave()


def test_waking_ends_a_wait_and_loses_no_news():
    line = Line()
    line.wake()
    line.tell(Said("a"))
    assert (line.receive(60), line.receive(60)) == (None, Said("a"))


@pytest.mark.parametrize("late", [False, True])
def test_leaving_shuts_the_connection_whenever_it_comes(late):
    line = Line()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        if late:
            line.leave()
            line.hold(ours)
        else:
            line.hold(ours)
            line.leave()
        theirs.settimeout(60)
        assert theirs.recv(1) == b""


def test_what_broke_a_connection_is_told_by_kind_and_never_by_text():
    outer = RuntimeError("Bearer sk-secret")
    outer.__cause__ = ConnectionRefusedError(111, "Connection refused")
    assert why_of(outer) == "connection refused"
    assert why_of(RuntimeError("Bearer sk-secret")) == "the connection was cut"
    assert why_of(ssl.SSLError(1, "Bearer sk-secret")) == "no secure connection could be made"
    assert why_of(OSError("Bearer sk-secret")) == "the connection was cut"
