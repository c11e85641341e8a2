"""Something small to measure: a tiny model, one thread, a short context."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from edge.bench.subject import Subject, subject_of
from edge.settings.chosen import load_settings
from edge.settings.folders import Folders
from tiny_home import furnish

MakeSubject = Callable[..., Subject]


@pytest.fixture
def make_subject(edge_home: Path) -> Iterator[MakeSubject]:
    """Makes a subject of a tiny model of one architecture, at one context."""
    with ExitStack() as stack:

        def make(arch: str = "qwen2", n_ctx: int = 1024) -> Subject:
            furnish(edge_home, arch=arch)
            flags = {"model": "tiny", "n_ctx": n_ctx, "n_threads": 1}
            settings, folders = load_settings(flags=flags), Folders.find()
            return stack.enter_context(subject_of(settings, folders, lambda _: None))

        yield make
