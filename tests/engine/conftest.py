"""Engines to test: tiny models with random weights, and workers that fail on demand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from asking import MakeEngine, options_for

from edge.engine.edge.engine import EdgeEngine
from tiny_gguf import make_tiny


@pytest.fixture(scope="session")
def tiny_qwen2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that keeps K and V for every token."""
    return make_tiny(tmp_path_factory.mktemp("tiny") / "qwen2.gguf", "qwen2")


@pytest.fixture(scope="session")
def tiny_qwen35(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose state cannot be rolled back."""
    return make_tiny(tmp_path_factory.mktemp("tiny") / "qwen35.gguf", "qwen35")


@pytest.fixture
def make_engine(tiny_qwen2: Path) -> Iterator[MakeEngine]:
    """Makes engines on a tiny model, and closes them."""
    made: list[EdgeEngine] = []

    def make(path: Path = tiny_qwen2, **changes: object) -> EdgeEngine:
        extra = {name: changes.pop(name) for name in ("connect", "on_swept") if name in changes}
        made.append(EdgeEngine(options_for(path, **changes), **extra))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for engine in made:
        engine.close()
