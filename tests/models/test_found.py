"""Files of the catalog that other tools fetched: found by size, proved by hash, then linked."""

from __future__ import annotations

from pathlib import Path

import pytest
from pulling import holds, quant_of

from edge.models.found import found_files, tool_folders
from edge.models.shelf import Shelf
from faulty_server import some_bytes

PAYLOAD = some_bytes(50_000, seed=40)
QUANT = quant_of(PAYLOAD)
CATALOG = [("other", quant_of(some_bytes(60_000, seed=41))), ("toy", QUANT)]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def put(path: Path, payload: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(payload)
    return path


@pytest.mark.parametrize(
    "place",
    [
        ".cache/huggingface/hub/models--toys--Toy/blobs/0123",
        f".ollama/models/blobs/sha256-{QUANT.sha256}",
        ".lmstudio/models/toys/Toy/toy.gguf",
        ".cache/lm-studio/models/toys/Toy/toy.gguf",
    ],
)
def test_a_model_another_tool_fetched_is_found_and_linked(home, tmp_path, place):
    path = put(home / place, PAYLOAD)
    found = list(found_files(CATALOG, tool_folders({}, home)))
    assert found == [("toy", QUANT, path)]
    assert holds(Shelf(tmp_path / "models").link(path, "toy", QUANT), PAYLOAD)


@pytest.mark.parametrize(
    ("variable", "place"),
    [("HF_HOME", "hub/x"), ("HF_HUB_CACHE", "x"), ("OLLAMA_MODELS", "blobs/x")],
)
def test_folders_named_by_the_environment_are_searched(home, tmp_path, variable, place):
    elsewhere = tmp_path / "elsewhere"
    path = put(elsewhere / place, PAYLOAD)
    folders = tool_folders({variable: str(elsewhere)}, home)
    assert [found for _, _, found in found_files(CATALOG, folders)] == [path]


def test_the_same_size_is_not_the_same_file(home):
    put(home / ".lmstudio/models/toy.gguf", PAYLOAD[::-1])
    assert list(found_files(CATALOG, tool_folders({}, home))) == []


def test_a_file_under_two_names_is_found_once(home):
    blob = put(home / ".cache/huggingface/hub/models--a--b/blobs/0123", PAYLOAD)
    link = home / ".cache/huggingface/hub/models--a--b/snapshots/c/toy.gguf"
    link.parent.mkdir(parents=True)
    link.symlink_to(blob)
    put(home / ".lmstudio/models/toy.gguf", PAYLOAD)
    assert list(found_files(CATALOG, tool_folders({}, home))) == [("toy", QUANT, blob)]


def test_nothing_is_found_where_no_tool_was(home):
    assert list(found_files(CATALOG, tool_folders({}, home))) == []
