"""Short ways to ask an engine on a tiny model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from edge.core.event import Notice, NoticeCode
from edge.core.memory import Layout
from edge.core.message import Message, Role
from edge.core.spec import Sampling
from edge.engine.edge.engine import EdgeEngine
from edge.engine.edge.options import EngineOptions
from edge.engine.protocol import Answered, EngineEvent, Request

MakeEngine = Callable[..., EdgeEngine]
TOKEN_BY_TOKEN = Layout(chunk_tokens=1)
CHUNKS_OF_64 = Layout(chunk_tokens=64)
GREEDY = Sampling(temperature=0, max_tokens=24)


def options_for(path: Path, **changes: object) -> EngineOptions:
    """A small context, one thread."""
    options = EngineOptions(str(path), "qwen2.5", n_ctx=512, n_threads=1, threads_fixed=True)
    return replace(options, **changes)  # type: ignore[arg-type]


def ask(text: str, sampling: Sampling = GREEDY) -> Request:
    """A request of one user message."""
    return Request("t", (Message(Role.USER, text),), sampling)


def answered(events: list[EngineEvent]) -> Answered:
    """How a reply ended."""
    assert isinstance(events[-1], Answered)
    return events[-1]


def notices(events: list[EngineEvent]) -> list[NoticeCode]:
    """What the user was told meanwhile."""
    return [event.code for event in events if isinstance(event, Notice)]
