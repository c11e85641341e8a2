"""The shelf: only hashed bytes stand on it, only digests become paths, and changes are seen."""

from __future__ import annotations

import json
import os
import stat
import time
from dataclasses import replace
from pathlib import Path

import pytest
from pulling import holds, quant_of

from edge.core.errors import IntegrityError, UsageError
from edge.models.shelf import ORPHAN_AGE_S, Shelf, Weights, check_name
from faulty_server import some_bytes
from small_disk import make_read_only, small_disk

PAYLOAD = some_bytes(100_000, seed=20)
QUANT = quant_of(PAYLOAD)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "models")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.gguf"
    path.write_bytes(PAYLOAD)
    return path


def test_an_empty_shelf_has_nothing_and_makes_no_folder(shelf):
    assert shelf.get(QUANT.sha256) is None
    assert shelf.entries() == ()
    assert shelf.find("toy") is None
    assert not shelf.folder.exists()


def test_what_was_linked_is_found_by_digest_and_by_name(shelf, file):
    weights = shelf.link(file, "toy", QUANT)
    assert holds(weights, PAYLOAD)
    assert weights == Weights(
        name="toy",
        quant="q4_k_m",
        file="toy-q4_k_m.gguf",
        path=shelf.folder / f"sha256-{QUANT.sha256}.gguf",
        size_bytes=len(PAYLOAD),
        sha256=QUANT.sha256,
        origin=str(file),
    )
    assert shelf.get(QUANT.sha256) == shelf.find("toy") == weights
    assert Shelf(shelf.folder).entries() == (weights,)


def test_a_file_nobody_knows_is_taken_as_it_is(shelf, file):
    weights = shelf.link(file, "mine")
    assert (weights.sha256, weights.quant, weights.file) == (QUANT.sha256, "imported", "mine.gguf")


def test_of_several_quants_of_a_name_the_largest_is_found(shelf, file, tmp_path):
    large = tmp_path / "large.gguf"
    large.write_bytes(PAYLOAD + b"more")
    shelf.link(large, "toy")
    shelf.link(file, "toy")
    found = shelf.find("toy")
    assert found is not None
    assert found.size_bytes == len(PAYLOAD) + 4


def test_a_linked_original_stays_and_takes_no_second_room(shelf, file):
    weights = shelf.link(file, "toy", QUANT)
    shelf.remove(weights)
    assert file.read_bytes() == PAYLOAD
    assert list(shelf.folder.glob("sha256-*")) == []


def test_a_link_to_a_file_is_followed_to_the_file(shelf, file, tmp_path):
    pointer = tmp_path / "pointer.gguf"
    pointer.symlink_to(file)
    weights = shelf.link(pointer, "toy", QUANT)
    assert not weights.path.is_symlink()
    assert holds(weights, PAYLOAD)


def test_a_read_only_file_can_be_linked(shelf, file):
    file.chmod(0o400)
    assert holds(shelf.link(file, "toy", QUANT), PAYLOAD)


def test_other_bytes_than_expected_are_not_linked(shelf, file):
    with pytest.raises(IntegrityError, match="wrong bytes"):
        shelf.link(file, "toy", quant_of(some_bytes(len(PAYLOAD), seed=21)))
    assert shelf.entries() == ()
    assert list(shelf.folder.rglob("*.part")) == []


@pytest.mark.parametrize("kind", ["folder", "pipe", "nothing", "device"])
def test_only_plain_files_can_be_linked(shelf, tmp_path, kind):
    path = Path("/dev/zero") if kind == "device" else tmp_path / kind
    if kind == "folder":
        path.mkdir()
    if kind == "pipe":
        os.mkfifo(path)
    with pytest.raises(UsageError, match="is not a file"):
        shelf.link(path, "toy")


def test_adopting_wrong_bytes_is_refused_and_keeps_the_part(shelf, tmp_path):
    part = shelf.part_path(QUANT.sha256)
    part.write_bytes(PAYLOAD[:-1] + b"?")
    with pytest.raises(IntegrityError):
        shelf.adopt(part, QUANT, "toy", "somewhere")
    assert part.exists()
    assert shelf.get(QUANT.sha256) is None


def test_adopting_twice_is_the_same_as_once(shelf):
    for _ in range(2):
        part = shelf.part_path(QUANT.sha256)
        part.write_bytes(PAYLOAD)
        weights = shelf.adopt(part, QUANT, "toy", "somewhere")
    assert shelf.entries() == (weights,)


@pytest.mark.parametrize("position", [0, 50_000, 99_999])
def test_a_bit_that_flips_on_the_disk_is_found_by_verify(shelf, file, position):
    weights = shelf.link(file, "toy", QUANT)
    shelf.verify(weights)
    stamp = weights.path.stat()
    with weights.path.open("rb+") as rotting:
        rotting.seek(position)
        rotting.write(bytes([PAYLOAD[position] ^ 1]))
    os.utime(weights.path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))  # rot leaves no time stamp
    with pytest.raises(IntegrityError, match="changed on the disk") as caught:
        shelf.verify(weights)
    assert caught.value.exit_code == 11
    assert caught.value.hint == "edge pull toy"


def test_verify_misses_weights_that_are_gone(shelf, file):
    weights = shelf.link(file, "toy", QUANT)
    weights.path.unlink()
    with pytest.raises(IntegrityError, match="are gone"):
        shelf.verify(weights)


def test_an_edit_of_the_weights_is_seen_when_they_are_next_wanted(shelf, file):
    shelf.link(file, "toy", QUANT)
    # With a second name for the same file an edit of the original reaches the
    # shelf; with shared blocks it does not. Either way nothing wrong is handed out.
    file.write_bytes(PAYLOAD[::-1])
    assert handed_out(shelf) in (PAYLOAD, None)


def handed_out(shelf: Shelf) -> bytes | None:
    try:
        weights = shelf.get(QUANT.sha256)
    except IntegrityError:
        return None
    return weights and weights.path.read_bytes()


def test_a_changed_file_of_the_same_size_is_not_handed_out(shelf, file):
    weights = shelf.link(file, "toy", QUANT)
    weights.path.unlink()
    weights.path.write_bytes(PAYLOAD[::-1])
    with pytest.raises(IntegrityError, match="changed on the disk"):
        shelf.get(QUANT.sha256)


def test_a_new_time_stamp_on_the_same_bytes_does_no_harm(shelf, file):
    weights = shelf.link(file, "toy", QUANT)
    os.utime(weights.path, ns=(1, 1))
    assert shelf.get(QUANT.sha256) == weights
    card = json.loads(weights.path.with_suffix(".json").read_text())
    assert card["mtime_ns"] == 1  # so the next look is quick again


LOST = [
    "",
    "{",
    "[]",
    "null",
    "[" * 50_000,
    '{"schema_version": 99}',
    "gone",
    "a number for a name",
]


def lose_card(weights: Weights, said: str) -> None:
    card = weights.path.with_suffix(".json")
    if said == "a number for a name":
        said = json.dumps(json.loads(card.read_text()) | {"name": 7})
    card.write_text(said)
    if said == "gone":
        card.unlink()


@pytest.mark.parametrize("said", LOST)
def test_weights_whose_card_is_lost_are_found_by_their_hash_and_get_a_new_one(shelf, file, said):
    weights = shelf.link(file, "toy", QUANT)
    lose_card(weights, said)
    found = shelf.get(QUANT.sha256)
    assert holds(found, PAYLOAD)
    assert found.name == f"sha256-{QUANT.sha256[:12]}"
    assert json.loads(weights.path.with_suffix(".json").read_text())["name"] == found.name
    assert shelf.find(found.name) == shelf.get(QUANT.sha256) == found


@pytest.mark.parametrize("said", LOST)
def test_weights_whose_card_is_lost_are_listed_verified_and_removed(shelf, file, said):
    lose_card(shelf.link(file, "toy", QUANT), said)
    (orphan,) = shelf.entries()
    assert (orphan.sha256, orphan.size_bytes) == (QUANT.sha256, len(PAYLOAD))
    shelf.verify(orphan)
    shelf.remove(orphan)
    assert shelf.entries() == ()


def test_other_bytes_under_a_digest_whose_card_is_lost_are_not_handed_out(shelf, file):
    weights = shelf.link(file, "toy", QUANT)
    weights.path.unlink()
    weights.path.write_bytes(PAYLOAD[::-1])
    lose_card(weights, "gone")
    with pytest.raises(IntegrityError, match="changed on the disk"):
        shelf.get(QUANT.sha256)


def test_a_link_put_in_the_place_of_weights_is_not_followed(shelf, file):
    weights = shelf.link(file, "toy", QUANT)
    weights.path.unlink()
    weights.path.symlink_to(file)
    assert shelf.get(QUANT.sha256) is None


def test_strangers_in_the_folder_are_passed_over(shelf, file):
    weights = shelf.link(file, "toy", QUANT)
    (shelf.folder / "sha256-short.gguf").write_bytes(b"")
    (shelf.folder / "model.gguf").write_bytes(b"")
    assert shelf.entries() == (weights,)


def test_leftovers_are_swept_after_a_day_and_resumable_parts_stay(shelf):
    part = shelf.part_path(QUANT.sha256)
    leftovers = [part.with_name(name) for name in ("import-1.part", "alone-2.part")]
    for path in (part, *leftovers):
        path.write_bytes(b"bytes")
        os.utime(path, (1, 1))  # a second name of an old file has its time
    part.with_name("wheels-3").mkdir()
    shelf.sweep(time.time())
    assert len(list(part.parent.iterdir())) == 4
    shelf.sweep(time.time() + ORPHAN_AGE_S + 60)
    assert list(part.parent.iterdir()) == [part]


def test_a_folder_that_cannot_be_written_is_an_error_with_a_way_out(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UsageError, match="cannot write") as caught:
        Shelf(tmp_path / "file" / "models").part_path(QUANT.sha256)
    assert "EDGE_HOME" in caught.value.hint


def test_a_shelf_without_a_home_is_neither_written_nor_read(shelf, file, monkeypatch):
    shelf.link(file, "toy", QUANT)
    monkeypatch.chdir(shelf.folder.parent)
    homeless = Shelf(Path(shelf.folder.name))
    before = sorted(shelf.folder.rglob("*"))
    with pytest.raises(UsageError, match="no home directory") as caught:
        homeless.link(file, "toy", QUANT)
    assert "EDGE_HOME" in caught.value.hint
    assert homeless.get(QUANT.sha256) is None
    assert homeless.entries() == ()
    assert sorted(shelf.folder.rglob("*")) == before


def test_the_shelf_is_the_users_alone_though_its_folder_was_there_before(shelf):
    shelf.folder.mkdir(mode=0o755)
    partial = shelf.part_path(QUANT.sha256).parent
    assert [stat.S_IMODE(path.stat().st_mode) for path in (shelf.folder, partial)] == [0o700] * 2


def test_weights_on_a_read_only_disk_stay_and_are_not_said_to_be_in_use(file, tmp_path):
    with small_disk(tmp_path / "disk", 2 * 1024 * 1024) as disk:
        shelf = Shelf(disk / "models")
        weights = shelf.link(file, "toy", QUANT)
        make_read_only(disk)
        with pytest.raises(UsageError, match=r"cannot be removed: Read-only") as caught:
            shelf.remove(weights)
        assert caught.value.hint == f"ls -ld {shelf.folder}"
        assert shelf.get(QUANT.sha256) == weights


@pytest.mark.parametrize("name", ["qwen2.5-coder-0.5b", "Qwen3.5_2B", "千问", "a" * 100])
def test_plain_words_name_models(name):
    assert check_name(name) == name


def test_a_digest_that_climbs_is_no_path(shelf, file):
    with pytest.raises(UsageError, match="not a SHA-256"):
        shelf.get("../" * 20 + "etc/passwd")
    weights = shelf.link(file, "toy", QUANT)
    with pytest.raises(UsageError, match="not a SHA-256"):
        shelf.remove(replace(weights, sha256="../mine"))
    assert file.exists()
