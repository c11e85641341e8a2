"""One source with a fault: what the transfer makes of it, over real sockets."""

from __future__ import annotations

import gzip
import random
from dataclasses import replace
from pathlib import Path

import pytest
from pulling import NAME, QUICK, at, holds, kept_bytes, options, quant_of, quick_pull

from edge.core.errors import IntegrityError, NetworkError
from edge.core.spec import UrlSource
from edge.models.download import NoSource, pull
from edge.models.shelf import Shelf
from faulty_server import Asked, FaultyServer, Reply, always, failing, serving, some_bytes

PAYLOAD = some_bytes(512 * 1024, seed=1)
HALF = len(PAYLOAD) // 2


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "models")


def left_half_done(shelf: Shelf, server: FaultyServer) -> None:
    """Let a first pull be stopped by its user when half of the file is here."""

    def stop(done: int, _total: int, _source: str) -> None:
        if done == HALF:
            raise KeyboardInterrupt

    whole, server.answer = server.answer, failing(server.answer, "fin", [HALF])
    stopped = replace(options(), on_progress=stop)
    with pytest.raises(KeyboardInterrupt):
        pull(quant_of(PAYLOAD, at(server)), NAME, shelf, stopped)
    server.answer = whole
    assert kept_bytes(shelf) == HALF


@pytest.mark.parametrize("fault", ["fin", "rst"])
def test_a_transfer_cut_anywhere_resumes_where_it_stopped(shelf, fault):
    for cut in random.Random(fault).sample(range(len(PAYLOAD)), 50):
        with FaultyServer(failing(serving(PAYLOAD), fault, [cut])) as server:
            weights = quick_pull(shelf, PAYLOAD, server)
            assert holds(weights, PAYLOAD)
            again = server.requests[-1]
            assert len(server.requests) == 2
            # A reset may throw away what was on its way; a clean end never does.
            assert again.begin == cut if fault == "fin" else again.begin <= cut
            assert again.begin == 0 or again.headers["if-range"] == '"one"'
        shelf.remove(weights)


def test_any_number_of_cuts_is_survived_while_bytes_come(shelf):
    with FaultyServer(failing(serving(PAYLOAD), "fin", [40_000] * 12)) as server:
        assert holds(quick_pull(shelf, PAYLOAD, server), PAYLOAD)
        assert server.sent_bytes == len(PAYLOAD)


def test_a_stalled_transfer_is_taken_up_again(shelf):
    with FaultyServer(failing(serving(PAYLOAD), "stall", [HALF])) as server:
        assert holds(quick_pull(shelf, PAYLOAD, server), PAYLOAD)
        assert [asked.begin for asked in server.requests] == [0, HALF]


def test_a_source_that_never_answers_gives_way_to_the_next(shelf):
    with (
        FaultyServer(failing(serving(PAYLOAD), "stall", [0] * 9)) as mute,
        FaultyServer(serving(PAYLOAD)) as good,
    ):
        assert holds(quick_pull(shelf, PAYLOAD, mute, good), PAYLOAD)
        assert len(mute.requests) == QUICK.tries


def test_wrong_bytes_of_the_right_size_are_refused_and_deleted(shelf):
    with FaultyServer(serving(some_bytes(len(PAYLOAD), seed=2))) as liar:
        with pytest.raises(IntegrityError, match=f"127.0.0.1:{liar.port}: wrong bytes") as caught:
            quick_pull(shelf, PAYLOAD, liar)
        assert caught.value.exit_code == 11
        assert shelf.entries() == ()
        assert kept_bytes(shelf) == 0
        assert len(liar.requests) == 1


@pytest.mark.parametrize("ranges", [True, False])
def test_a_shorter_file_is_refused_before_a_byte_is_kept(shelf, ranges):
    with FaultyServer(serving(PAYLOAD[:-1], ranges=ranges)) as server:
        with pytest.raises(IntegrityError, match=f"{len(PAYLOAD) - 1} bytes; the model has"):
            quick_pull(shelf, PAYLOAD, server)
        assert kept_bytes(shelf) == 0


def test_a_file_that_ends_early_without_saying_so_is_never_adopted(shelf):
    def short(asked: Asked) -> Reply:
        return replace(serving(PAYLOAD[:-1])(asked), chunked=True)

    with FaultyServer(short) as server:
        with pytest.raises(NetworkError):
            quick_pull(shelf, PAYLOAD, server)
        assert shelf.entries() == ()


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Content-Type": "text/html; charset=utf-8"}, b"Please log in"),
        ({}, b"<html>over quota</html>"),
        ({"Content-Type": "application/octet-stream"}, b"\n <!doctype html>".ljust(len(PAYLOAD))),
    ],
)
def test_a_web_page_is_told_apart_from_a_model(shelf, headers, body):
    with FaultyServer(always(200, headers, body)) as portal:
        with pytest.raises(NetworkError, match="web page, not a model") as caught:
            quick_pull(shelf, PAYLOAD, portal)
        assert caught.value.exit_code == 10
        assert kept_bytes(shelf) == 0


def test_a_web_page_does_not_cost_the_bytes_already_here(shelf):
    with FaultyServer(serving(PAYLOAD)) as server:
        left_half_done(shelf, server)
        server.answer = always(200, {}, b"<html>log in again</html>")
        with pytest.raises(NetworkError, match="web page"):
            quick_pull(shelf, PAYLOAD, server)
        assert kept_bytes(shelf) == HALF


@pytest.mark.parametrize("chunked", [True, False])
def test_an_empty_answer_is_called_empty_and_not_corrupt(shelf, chunked):
    with FaultyServer(lambda _: Reply(200, chunked=chunked)) as server:
        with pytest.raises(NetworkError, match="empty answer") as caught:
            quick_pull(shelf, PAYLOAD, server)
        assert caught.value.exit_code == 10


def test_a_server_without_ranges_starts_over_cleanly(shelf):
    with FaultyServer(failing(serving(PAYLOAD, ranges=False), "fin", [HALF])) as server:
        assert holds(quick_pull(shelf, PAYLOAD, server), PAYLOAD)
        assert server.requests[1].begin == HALF
        assert server.sent_bytes == HALF + len(PAYLOAD)


def test_a_file_that_changed_between_two_pulls_starts_over(shelf):
    old, new = some_bytes(len(PAYLOAD), seed=3), PAYLOAD
    with FaultyServer(serving(old, etag='"old"')) as server:
        left_half_done(shelf, server)
        server.answer = serving(new, etag='"new"')
        assert holds(quick_pull(shelf, new, server), new)
        assert server.requests[-1].headers["if-range"] == '"old"'


def test_a_weak_tag_promises_no_bytes_and_is_not_sent_with_a_range(shelf):
    """RFC 9110, 13.1.5: a weak validator must not be in If-Range."""
    with FaultyServer(serving(PAYLOAD, etag='W/"one"')) as server:
        left_half_done(shelf, server)
        assert holds(quick_pull(shelf, PAYLOAD, server), PAYLOAD)
        again = server.requests[-1]
        assert again.begin == HALF
        assert "if-range" not in again.headers


def test_a_changed_etag_on_a_range_is_not_joined_to_the_old_bytes(shelf):
    """Some hosts ignore If-Range and send the rest of another file."""

    def careless(asked: Asked) -> Reply:
        headers = {key: value for key, value in asked.headers.items() if key != "if-range"}
        return serving(PAYLOAD, etag='"new"')(replace(asked, headers=headers))

    seen: list[int] = []
    with FaultyServer(serving(some_bytes(len(PAYLOAD), seed=3), etag='"old"')) as server:
        left_half_done(shelf, server)
        server.answer = careless
        told = replace(options(), on_progress=lambda done, *_: seen.append(done))
        assert holds(pull(quant_of(PAYLOAD, at(server)), NAME, shelf, told), PAYLOAD)
        assert seen == sorted(seen)  # from the first byte on, not from the half of another file
        assert seen[0] < HALF
        assert [asked.begin for asked in server.requests[1:]] == [HALF, 0]


def test_a_range_that_cannot_be_had_starts_over(shelf):
    def refuses_ranges(asked: Asked) -> Reply:
        return Reply(416) if asked.begin else serving(PAYLOAD)(asked)

    with FaultyServer(serving(PAYLOAD)) as server:
        left_half_done(shelf, server)
        server.answer = refuses_ranges
        assert holds(quick_pull(shelf, PAYLOAD, server), PAYLOAD)


def test_a_range_of_another_place_is_not_appended(shelf):
    def shifted(asked: Asked) -> Reply:
        reply = serving(PAYLOAD)(asked)
        if not asked.begin:
            return reply
        extent = f"bytes {asked.begin - 1}-{len(PAYLOAD) - 1}/{len(PAYLOAD)}"
        return replace(reply, headers=reply.headers | {"Content-Range": extent})

    with FaultyServer(serving(PAYLOAD)) as server:
        left_half_done(shelf, server)
        server.answer = shifted
        assert holds(quick_pull(shelf, PAYLOAD, server), PAYLOAD)


def test_a_packed_answer_is_refused_unopened(shelf):
    packed = gzip.compress(bytes(len(PAYLOAD)))
    with FaultyServer(always(200, {"Content-Encoding": "gzip"}, packed)) as server:
        with pytest.raises(NetworkError, match="sends it packed"):
            quick_pull(shelf, PAYLOAD, server)
        assert server.requests[0].headers["accept-encoding"] == "identity"
        assert kept_bytes(shelf) == 0


def test_no_more_than_the_pinned_size_is_ever_written(shelf):
    endless = Reply(200, {}, PAYLOAD + bytes(4 * 1024 * 1024), chunked=True)
    with FaultyServer(lambda _: endless) as server:
        with pytest.raises(IntegrityError, match=f"more than the {len(PAYLOAD)} bytes"):
            quick_pull(shelf, PAYLOAD, server)
        assert kept_bytes(shelf) <= len(PAYLOAD)


def test_a_server_in_trouble_is_asked_again(shelf):
    def recovering(asked: Asked) -> Reply:
        return serving(PAYLOAD)(asked) if asked.n else Reply(503)

    with FaultyServer(recovering) as server:
        assert holds(quick_pull(shelf, PAYLOAD, server), PAYLOAD)


@pytest.mark.parametrize(
    ("status", "reason"), [(401, "login"), (404, "no such file"), (429, "later")]
)
def test_a_refusal_is_not_argued_with(shelf, status, reason):
    with FaultyServer(always(status)) as server:
        with pytest.raises(NoSource, match=reason) as caught:
            quick_pull(shelf, PAYLOAD, server)
        assert len(server.requests) == 1
        assert not caught.value.unreachable


def test_hosts_that_cannot_be_reached_are_told_apart_from_hosts_that_refuse(shelf):
    nobody = UrlSource("http://127.0.0.1:9/model.gguf")
    with pytest.raises(NoSource, match="no connection") as caught:
        pull(quant_of(PAYLOAD, nobody), NAME, shelf, options())
    assert caught.value.unreachable


def test_progress_names_bytes_done_bytes_in_all_and_the_source(shelf):
    seen: list[tuple[int, int, str]] = []
    with FaultyServer(serving(PAYLOAD)) as server:
        told = replace(options(), on_progress=lambda *progress: seen.append(progress))
        pull(quant_of(PAYLOAD, at(server)), NAME, shelf, told)
        assert seen[-1] == (len(PAYLOAD), len(PAYLOAD), f"127.0.0.1:{server.port}")
        assert [done for done, _, _ in seen] == sorted(done for done, _, _ in seen)
