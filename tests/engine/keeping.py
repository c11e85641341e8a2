"""Short ways to ask an engine that keeps its timelines, and to look at what it kept."""

from __future__ import annotations

import time
from pathlib import Path

from edge.core.event import Delta
from edge.core.message import Message
from edge.core.spec import Sampling
from edge.engine.edge.engine import EdgeEngine
from edge.engine.edge.frames import Keep
from edge.engine.protocol import Answered, Request

FEW = Sampling(temperature=0, max_tokens=20)
# A model that can go back to any place on its tape, and one that cannot.
FAMILIES = [("qwen2", "qwen2.5"), ("qwen35", "qwen3.5")]


def keep_in(folder: Path) -> Keep:
    """Timelines are kept in this folder."""
    return Keep(str(folder), "a hash", 100_000_000)


def kept(keep: Keep) -> list[str]:
    """The names of the files there."""
    return sorted(path.name for path in Path(keep.folder).iterdir())


def await_write(keep: Keep) -> Path:
    """The file a snapshot is being written to, once there is one."""
    deadline = time.monotonic() + 20
    while not (parts := list(Path(keep.folder).glob("*.part"))):
        assert time.monotonic() < deadline, "nothing is being written"
    return parts[0]


def told(engine: EdgeEngine, messages: list[Message], talk: str = "talk") -> tuple[str, Answered]:
    """The reply to these messages, and how it ended."""
    events = list(engine.stream(Request(talk, tuple(messages), FEW)))
    assert isinstance(events[-1], Answered)
    return "".join(e.text for e in events if isinstance(e, Delta)), events[-1]


def warm(answered: Answered) -> bool:
    """Whether most of the prompt was there already."""
    return answered.usage.cached_tokens > answered.usage.prompt_tokens // 2
