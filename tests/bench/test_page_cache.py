"""Forgetting a file that is cached, and saying what could not be forgotten."""

from __future__ import annotations

import mmap
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.bench.page_cache import cached_bytes, forget_cached

SIZE = 64 * mmap.PAGESIZE
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone can be asked")


@pytest.fixture
def file() -> Iterator[Path]:
    """A file that was just written, on a disk: /tmp may be memory itself, /var/tmp is not."""
    with tempfile.NamedTemporaryFile(dir="/var/tmp") as file:
        file.write(b"1" * SIZE)
        file.flush()
        yield Path(file.name)


@ON_LINUX
def test_a_file_that_was_written_is_cached_until_it_is_forgotten(file):
    assert cached_bytes(file) == SIZE
    assert forget_cached(file) == 0
    assert cached_bytes(file) == 0


@ON_LINUX
def test_forgetting_loses_nothing_and_reading_caches_again(file):
    forget_cached(file)
    assert file.read_bytes() == b"1" * SIZE
    assert cached_bytes(file) == SIZE


@ON_LINUX
def test_what_another_has_mapped_and_touched_stays_and_is_told(file):
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as view:
        assert sum(view[at] for at in range(0, SIZE, mmap.PAGESIZE)) > 0
        assert forget_cached(file) == SIZE
    assert forget_cached(file) == 0


@ON_LINUX
def test_asking_brings_nothing_into_memory(file):
    forget_cached(file)
    assert cached_bytes(file) == cached_bytes(file) == 0


@ON_LINUX
def test_an_empty_file_has_nothing_to_forget(tmp_path):
    (tmp_path / "empty").touch()
    assert forget_cached(tmp_path / "empty") == 0
