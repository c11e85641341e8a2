"""Which model goes on with a conversation, where one model is here in two quants."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edge.cli.talk.opening import Desk, Talk
from edge.core.conversation import Conversation
from edge.core.spec import Quant
from edge.models.catalog import Catalog, load_catalog
from edge.models.library import Library
from edge.models.shelf import Shelf
from edge.settings.chosen import Settings
from edge.settings.folders import Folders
from tiny_gguf import make_tiny

SHORT = Settings(max_tokens=1, n_threads=1, snapshots=False)


@pytest.fixture
def desk(edge_home: Path, tmp_path: Path) -> Desk:
    """A desk whose one model, `toy`, is here in the quants q4 (its first) and q8."""
    folders = Folders.below(edge_home)
    shelf = Shelf(folders.models)
    quants = tuple(shelved(shelf, tmp_path, seed) for seed in (4, 8))
    toy = replace(load_catalog().models["qwen2.5-0.5b"], name="toy", quants=quants)
    return Desk(folders, SHORT, Library(Catalog({"toy": toy}, {}, {}), shelf), yes=False)


def shelved(shelf: Shelf, folder: Path, seed: int) -> Quant:
    """A quant of `toy` whose weights are on the shelf."""
    source = make_tiny(folder / f"{seed}.gguf", seed=seed)
    weights = shelf.link(source, "toy")
    return Quant(f"q{seed}", source.name, weights.size_bytes, weights.sha256, 1, ())


def kept_with(model: str) -> Conversation:
    return Conversation("id", model, "", (), "2026-11-21T00:00:00Z")


@pytest.mark.parametrize(
    ("kept", "goes_on"),
    [("toy", "toy"), ("toy:q8", "toy:q8"), ("toy:q2", "toy")],
    ids=["the first quant", "another quant", "a quant that is gone"],
)
def test_a_conversation_goes_on_with_the_quant_it_had(desk, kept, goes_on):
    assert desk.model_of(kept_with(kept)).name == goes_on


def test_a_quant_that_alone_is_left_goes_on_with_what_its_model_began(desk):
    first = desk.library.find("toy")
    desk.library.shelf.remove(first.weights)
    assert desk.model_of(kept_with("toy")).name == "toy:q8"


def test_a_change_of_quant_is_kept_with_the_conversation(desk):
    with desk.open(desk.library.find("toy")) as runtime:
        talk = Talk(desk, runtime, runtime.session())
        for _ in talk.session.send("hi"):
            pass
        talk.switch("toy:q8")
        kept = talk.runtime.conversations.latest()
        talk.runtime.close()
    assert kept is not None
    assert kept.model == "toy:q8"
