"""Pull over its sources: the order, what is kept, what is refused, and what other files spare."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pulling import (
    HUB,
    MODELSCOPE,
    NAME,
    QUICK,
    at,
    holds,
    options,
    quant_of,
    quick_pull,
)

from edge.core.errors import NetworkError, UsageError
from edge.core.spec import FileSource
from edge.models.download import pull
from edge.models.shelf import Shelf
from edge.models.sources import Hosts
from faulty_server import FaultyServer, Reply, always, failing, serving, some_bytes

PAYLOAD = some_bytes(256 * 1024, seed=4)
HALF = len(PAYLOAD) // 2
OTHER = some_bytes(len(PAYLOAD), seed=5)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "models")


@pytest.fixture
def good() -> Iterator[FaultyServer]:
    with FaultyServer(serving(PAYLOAD)) as server:
        yield server


def dying_after(payload: bytes, count: int):
    """A host that gives so many bytes once and is broken from then on."""
    first = failing(serving(payload), "fin", [count])
    return lambda asked: Reply(404) if asked.n else first(asked)


def test_hugging_face_is_asked_first_at_the_pinned_commit(shelf, good):
    with FaultyServer(serving(PAYLOAD)) as modelscope:
        quant = quant_of(PAYLOAD, MODELSCOPE, HUB)
        weights = pull(quant, NAME, shelf, options(good, modelscope))
        assert holds(weights, PAYLOAD)
        assert modelscope.requests == []
    expected = f"/{HUB.repo}/resolve/{HUB.revision}/{HUB.file}"
    assert [asked.path for asked in good.requests] == [expected]
    assert weights.origin == good.url + expected


def test_modelscope_stands_in_for_a_hub_that_cannot_be_reached(shelf, good):
    notes: list[str] = []
    quant = quant_of(PAYLOAD, HUB, MODELSCOPE)
    weights = pull(quant, NAME, shelf, options(None, good, on_note=notes.append))
    assert holds(weights, PAYLOAD)
    assert [asked.path for asked in good.requests] == [
        f"/models/{MODELSCOPE.repo}/resolve/master/{MODELSCOPE.file}"
    ]
    assert len(notes) == 1
    assert notes[0].startswith("127.0.0.1:9: no connection")


def test_the_token_of_the_hub_is_not_shown_to_modelscope(shelf, good):
    quant = quant_of(PAYLOAD, HUB, MODELSCOPE)
    pull(quant, NAME, shelf, options(None, good, token="hf_secret"))
    assert "authorization" not in good.requests[0].headers


def test_the_next_source_goes_on_where_the_last_one_stopped(shelf, good):
    with FaultyServer(dying_after(PAYLOAD, HALF)) as dying:
        assert holds(quick_pull(shelf, PAYLOAD, dying, good), PAYLOAD)
    assert [asked.begin for asked in good.requests] == [HALF]
    assert "if-range" not in good.requests[0].headers  # that tag was another host's


def test_wrong_bytes_of_one_source_do_not_condemn_the_next(shelf, good):
    with FaultyServer(dying_after(OTHER, HALF)) as liar:
        assert holds(quick_pull(shelf, PAYLOAD, liar, good), PAYLOAD)
    assert [asked.begin for asked in good.requests] == [HALF, 0]


def test_a_source_of_wrong_bytes_is_named_and_the_next_begins_from_zero(shelf, good):
    notes: list[str] = []
    with FaultyServer(serving(OTHER)) as liar:
        quant = quant_of(PAYLOAD, at(liar), at(good))
        assert holds(pull(quant, NAME, shelf, options(on_note=notes.append)), PAYLOAD)
        assert notes[0].startswith(f"127.0.0.1:{liar.port}: wrong bytes")
    assert [asked.begin for asked in good.requests] == [0]


def test_when_all_fail_each_source_is_named_with_its_reason(shelf):
    with FaultyServer(always(404)) as hub, FaultyServer(always(403)) as modelscope:
        quant = quant_of(PAYLOAD, HUB, MODELSCOPE)
        with pytest.raises(NetworkError) as caught:
            pull(quant, NAME, shelf, options(hub, modelscope))
        assert f"127.0.0.1:{hub.port}: has no such file (HTTP 404)" in caught.value.message
        assert f"127.0.0.1:{modelscope.port}: refuses access (HTTP 403)" in caught.value.message
        assert "edge import" in caught.value.hint


def test_what_came_is_kept_when_the_last_source_fails(shelf, good):
    with FaultyServer(dying_after(PAYLOAD, HALF)) as dying:
        with pytest.raises(NetworkError) as caught:
            quick_pull(shelf, PAYLOAD, dying)
        assert "128 KiB" in caught.value.kept
    assert holds(quick_pull(shelf, PAYLOAD, good), PAYLOAD)
    assert good.sent_bytes == len(PAYLOAD) - HALF


def test_weights_on_the_shelf_need_no_connection(shelf, good):
    first = quick_pull(shelf, PAYLOAD, good)
    asked = len(good.requests)
    assert quick_pull(shelf, PAYLOAD, good) == first
    assert len(good.requests) == asked


def test_a_part_completed_by_an_earlier_run_needs_no_source(shelf):
    quant = quant_of(PAYLOAD)  # that no source could give
    shelf.part_path(quant.sha256).write_bytes(PAYLOAD)
    assert holds(pull(quant, NAME, shelf, options()), PAYLOAD)


@pytest.mark.parametrize(
    ("left", "begins"), [(OTHER, [0]), (OTHER + b"more", [0]), (OTHER[:HALF], [HALF, 0])]
)
def test_wrong_bytes_left_by_an_earlier_run_are_fetched_again(shelf, good, left, begins):
    quant = quant_of(PAYLOAD, at(good))
    shelf.part_path(quant.sha256).write_bytes(left)
    assert holds(pull(quant, NAME, shelf, options()), PAYLOAD)
    assert [asked.begin for asked in good.requests] == begins


def test_a_link_in_the_place_of_a_part_is_not_written_through(shelf, good, tmp_path):
    precious = tmp_path / "precious"
    precious.write_bytes(b"mine")
    quant = quant_of(PAYLOAD, at(good))
    shelf.part_path(quant.sha256).symlink_to(precious)
    assert holds(pull(quant, NAME, shelf, options()), PAYLOAD)
    assert precious.read_bytes() == b"mine"


@pytest.mark.parametrize("notes", ["", "[]", "{", "7"])
def test_damaged_notes_of_a_part_cost_nothing(shelf, good, notes):
    part = shelf.part_path(quant_of(PAYLOAD).sha256)
    part.write_bytes(PAYLOAD[:HALF])
    part.with_suffix(".notes").write_text(notes)
    assert holds(quick_pull(shelf, PAYLOAD, good), PAYLOAD)
    assert [asked.begin for asked in good.requests] == [HALF]


def test_damaged_weights_are_fetched_again(shelf, good):
    damaged = quick_pull(shelf, PAYLOAD, good)
    damaged.path.write_bytes(OTHER)
    assert holds(quick_pull(shelf, PAYLOAD, good), PAYLOAD)


def test_nothing_is_left_of_a_transfer_but_the_weights(shelf, good):
    weights = quick_pull(shelf, PAYLOAD, good)
    card = weights.path.with_suffix(".json")
    left = {path for path in shelf.folder.rglob("*") if path.is_file() and path.suffix != ".lock"}
    assert left == {weights.path, card}
    assert shelf.folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in left} == {0o600}


def test_a_file_in_the_hubs_cache_is_linked_without_a_connection(shelf, tmp_path, good):
    cache = tmp_path / "hub"
    blob = in_hub_cache(cache, PAYLOAD)
    weights = pull(quant_of(PAYLOAD, HUB), NAME, shelf, options(good, hub_cache=cache))
    assert holds(weights, PAYLOAD)
    assert good.requests == []
    assert blob.read_bytes() == PAYLOAD


def test_wrong_bytes_in_the_hubs_cache_are_passed_over(shelf, tmp_path, good):
    cache = tmp_path / "hub"
    in_hub_cache(cache, OTHER)
    weights = pull(quant_of(PAYLOAD, HUB), NAME, shelf, options(good, hub_cache=cache))
    assert holds(weights, PAYLOAD)


def in_hub_cache(cache: Path, payload: bytes) -> Path:
    """The file as Hugging Face's own tools leave it: a blob, and a link of the commit to it."""
    repo = cache / f"models--{HUB.repo.replace('/', '--')}"
    snapshot = repo / "snapshots" / str(HUB.revision)
    snapshot.mkdir(parents=True)
    (repo / "blobs").mkdir()
    blob = repo / "blobs" / "some-etag"
    blob.write_bytes(payload)
    (snapshot / HUB.file).symlink_to(blob)
    return blob


def test_a_named_local_file_is_a_source_like_any_other(shelf, tmp_path):
    local = tmp_path / "mine.gguf"
    local.write_bytes(PAYLOAD)
    assert holds(pull(quant_of(PAYLOAD, FileSource(str(local))), NAME, shelf, options()), PAYLOAD)


def test_offline_asks_nobody_and_says_so(shelf, good):
    hosts = Hosts.from_environ({"HF_ENDPOINT": good.url, "HF_HUB_OFFLINE": "1"})
    with pytest.raises(NetworkError, match="edge is offline"):
        pull(quant_of(PAYLOAD, HUB, at(good)), NAME, shelf, replace(options(), hosts=hosts))
    assert good.requests == []


HOSTILE_NAMES = [
    *("", ".", "..", "../x", "a/../../x", "/etc/passwd", "a/b", ".hidden", "~root", "-rf"),
    *(r"\\host\share\x", r"C:\x", "C:x", "a\0b", "a\nb", "a\x1b[2J", "a b", "x" * 300),
]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_hostile_name_is_refused_and_nothing_is_written(tmp_path, shelf, good, name):
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError, match="cannot name a model"):
        pull(quant_of(PAYLOAD, at(good)), name, shelf, options())
    assert sorted(tmp_path.rglob("*")) == before
    assert good.requests == []


@pytest.mark.parametrize("digest", ["../../x", "", "A" * 64, "0" * 63, "0" * 64 + "\n", "\0" * 64])
def test_only_a_digest_becomes_a_path(shelf, good, digest):
    with pytest.raises(UsageError, match="not a SHA-256"):
        pull(replace(quant_of(PAYLOAD, at(good)), sha256=digest), NAME, shelf, options())
    assert not shelf.folder.exists()


def test_patience_bounds_how_often_a_broken_source_is_asked(shelf):
    with FaultyServer(always(500)) as server:
        with pytest.raises(NetworkError, match="HTTP 500"):
            quick_pull(shelf, PAYLOAD, server)
        assert len(server.requests) == QUICK.tries
