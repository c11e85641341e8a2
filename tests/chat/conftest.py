"""Sessions on a scripted engine and a real store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from talking import OpenSession

from edge.chat.answering import Answering, Wishes
from edge.chat.session import Session
from edge.core.spec import ModelSpec
from edge.engine.scripted import ScriptedEngine
from edge.models.catalog import load_catalog
from edge.store.conversations import Conversations
from edge.store.database import Database, open_database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(open_database(tmp_path / "edge.db")) as database:
        yield database


@pytest.fixture
def conversations(database: Database) -> Conversations:
    return Conversations(database)


@pytest.fixture(scope="session")
def spec() -> ModelSpec:
    return load_catalog().find("qwen2.5-0.5b")[0]


@pytest.fixture
def open_session(conversations: Conversations, spec: ModelSpec) -> OpenSession:
    """Opens a session on a scripted engine; the engine is the one it answers with."""

    def make(
        engine: ScriptedEngine, *, n_ctx: int = 4096, wishes: Wishes | None = None, **more: object
    ) -> Session:
        answering = Answering(engine, spec, n_ctx, wishes or Wishes())
        return Session(answering, conversations, **more)  # type: ignore[arg-type]

    return make
