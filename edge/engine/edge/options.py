"""What an EdgeEngine runs, and how."""

from __future__ import annotations

from dataclasses import dataclass, fields

from edge.core.memory import Layout
from edge.engine.edge.frames import Keep, Load


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """What an EdgeEngine runs, and how. `reasons` says whether replies may hold `<think>`.

    `n_threads` is the most that are used; unless `threads_fixed` fewer are while
    other programs are busy. `rereads` lets the worker read a reply again, in its
    later form, while the user reads it: costs battery, saves the next turn's
    wait. `keep` says where timelines are kept between runs. `n_writing` threads
    are enough for single tokens; `sweep` are the counts to try behind the first
    reply where that is not known. `idle_s` is how long a worker process waits for
    work before it leaves and gives its memory back, None for ever; `patience_s`
    how long it may show no progress before it counts as hung.
    """

    path: str
    template: str
    n_ctx: int
    n_threads: int
    threads_fixed: bool = False
    reasons: bool = False
    gpu: bool = False
    layout: Layout = Layout()
    rereads: bool = True
    keep: Keep | None = None
    n_writing: int | None = None
    sweep: tuple[int, ...] = ()
    idle_s: float | None = None
    patience_s: float = 60.0

    @property
    def load(self) -> Load:
        """What a worker is told to load."""
        return Load(**{each.name: getattr(self, each.name) for each in fields(Load)})
