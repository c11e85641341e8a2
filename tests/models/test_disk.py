"""Full disks: seen before the first byte where they can be, else nothing that came is lost."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pulling import NAME, at, holds, kept_bytes, options, quant_of, quick_pull

from edge.core.errors import DiskFull
from edge.models.download import pull
from edge.models.shelf import Shelf
from faulty_server import FaultyServer, serving, some_bytes


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MiB; only root may mount one."""
    mount = shutil.which("mount")
    disk = tmp_path / "disk"
    disk.mkdir()
    made = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    if not made or made.returncode:
        pytest.skip("a small disk cannot be mounted here (that takes root)")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_disk_too_small_is_seen_before_the_first_byte(small_disk):
    shelf, large = Shelf(small_disk / "models"), some_bytes(5 * 1024 * 1024, seed=6)
    with FaultyServer(serving(large)) as server:
        with pytest.raises(DiskFull, match=r"5 MiB more needed in .*; 4 MiB free"):
            quick_pull(shelf, large, server)
        assert server.requests == []


def test_a_disk_that_fills_up_midway_keeps_what_came(small_disk):
    shelf, large = Shelf(small_disk / "models"), some_bytes(2 * 1024 * 1024, seed=7)
    hog = small_disk / "hog"

    def fill_up(done: int, _total: int, _source: str) -> None:
        if done > 1024 * 1024 and not hog.exists():
            with hog.open("wb", buffering=0) as file, contextlib.suppress(OSError):
                while file.write(bytes(4096)):
                    pass

    with FaultyServer(serving(large)) as server:
        quant = quant_of(large, at(server))
        with pytest.raises(DiskFull) as caught:
            pull(quant, NAME, shelf, replace(options(), on_progress=fill_up))
        assert "of 2 MiB are kept" in caught.value.kept
        assert caught.value.exit_code == 12
        assert shelf.entries() == ()
        kept = kept_bytes(shelf)
        hog.unlink()
        assert holds(pull(quant, NAME, shelf, options()), large)
        assert server.requests[-1].begin == kept > 1024 * 1024


def test_a_file_of_another_disk_is_copied_if_there_is_room(small_disk, tmp_path):
    shelf, small = Shelf(small_disk / "models"), some_bytes(100_000, seed=16)
    (tmp_path / "small.gguf").write_bytes(small)
    (tmp_path / "large.gguf").write_bytes(bytes(5 * 1024 * 1024))
    assert holds(shelf.link(tmp_path / "small.gguf", "small"), small)
    with pytest.raises(DiskFull):
        shelf.link(tmp_path / "large.gguf", "large")
    assert kept_bytes(shelf) == 0
