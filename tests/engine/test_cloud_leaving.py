"""Whoever waits for a cloud hears how long, and can leave at any time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from asking_cloud import NO_CONNECTION, PATIENT, ask, engine_for, how, permit, text_of

import cloud_server as cloud
from cloud_server import CloudServer, reply
from edge.core.errors import CloudUnavailable
from edge.core.event import Delta, Phase, Progress, StopReason
from edge.engine.protocol import Answered, Cancel

HELLO = "Hello, 世界! 🙂"


@pytest.fixture
def server() -> Iterator[CloudServer]:
    with CloudServer(reply(HELLO)) as running:
        yield running


def talking() -> list[threading.Thread]:
    """The threads that hold a connection, or try to get one."""
    return [each for each in threading.enumerate() if each.name == "edge-cloud"]


def wait_for_silence() -> None:
    for thread in talking():
        thread.join(10)
    assert talking() == []


def test_waiting_is_told_with_the_time_it_may_take(server):
    server.says(cloud.slow_headers(0.2))
    waits = [each for each in ask(server.provider()).events if type(each) is Progress]
    assert len(waits) >= 3
    assert all(each.phase is Phase.CLOUD for each in waits)
    assert all(0 <= each.done <= each.total <= PATIENT.total_s * 1000 for each in waits)
    assert [each.done for each in waits] == sorted(each.done for each in waits)


@pytest.mark.parametrize("script", [cloud.silent(), cloud.stalled(HELLO, after=5)])
def test_a_cancelled_wait_ends_as_cancelled_and_its_connection_with_it(server, script):
    server.says(script)
    cancel, events = Cancel(), []
    with closing(engine_for(server.provider())) as engine:
        for event in engine.stream(permit("hi"), how(cancel=cancel)):
            events.append(event)
            if server.requests and isinstance(event, Progress):
                cancel.set()
    assert isinstance(events[-1], Answered)
    assert events[-1].stop_reason is StopReason.CANCELLED
    assert HELLO.startswith(text_of(events))
    wait_for_silence()


def test_a_request_that_is_cancelled_before_it_left_never_leaves(server):
    cancel = Cancel()
    cancel.set()
    heard = ask(server.provider(), how(cancel=cancel))
    assert heard.answer.stop_reason is StopReason.CANCELLED
    wait_for_silence()
    assert (heard.rows, server.heard) == ([], b"")


def test_closing_the_stream_hangs_up(server):
    server.says(cloud.stalled(HELLO, after=2))
    with closing(engine_for(server.provider())) as engine:
        stream = engine.stream(permit("hi"), how())
        next(event for event in stream if isinstance(event, Delta))
        stream.close()
        wait_for_silence()


def test_a_stream_that_nobody_began_sends_nothing(server):
    with closing(engine_for(server.provider())) as engine:
        engine.stream(permit("hi"), how()).close()
    assert server.n_connections == 0


def test_closing_the_engine_ends_its_streams_as_cancelled(server):
    server.says(cloud.stalled(HELLO, after=2))
    engine = engine_for(server.provider())
    stream = engine.stream(permit("hi"), how())
    next(event for event in stream if isinstance(event, Delta))
    engine.close()
    engine.close()
    *_, last = stream
    assert isinstance(last, Answered)
    assert last.stop_reason is StopReason.CANCELLED
    wait_for_silence()


def test_a_connection_that_comes_too_late_sends_nothing():
    with CloudServer() as server:
        provider = replace(server.provider(), base_url=f"http://localhost:{server.port}/v1")
        with cloud.slow_names(known="127.0.0.1"):
            heard = ask(provider, how(NO_CONNECTION))
            assert heard.ending == (CloudUnavailable, "unreachable")
            assert talking() != []  # the look-up of the name goes on
        wait_for_silence()
    assert server.n_connections == 1  # it was found at last
    assert server.heard == b""
