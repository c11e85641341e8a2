"""What an EdgeEngine runs, and how."""

from __future__ import annotations

from dataclasses import dataclass

from edge.engine.edge.frames import Keep

_CHUNK_TOKENS = (
    128  # 64 to 512 prefill equally fast on the machines measured; cancel likes it small
)


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """What an EdgeEngine runs, and how. `reasons` says whether replies may hold `<think>`.

    `n_threads` is the most that are used; unless `threads_fixed` fewer are while
    other programs are busy. `rereads` lets the worker read a reply again, in its
    later form, while the user reads it: costs battery, saves the next turn's
    wait. `keep` says where timelines are kept between runs. `patience_s` is how
    long a worker may show no progress before it counts as hung.
    """

    path: str
    template: str
    n_ctx: int
    n_threads: int
    threads_fixed: bool = False
    reasons: bool = False
    gpu: bool = False
    repack: bool = False
    rereads: bool = True
    keep: Keep | None = None
    chunk: int = _CHUNK_TOKENS
    patience_s: float = 60.0
