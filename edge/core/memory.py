"""How a model is held in memory: what the user wants, and the layout that follows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# 64 to 512 prefill equally fast on the machines measured; stopping likes it small.
_CHUNK_TOKENS = 128


class MemoryPolicy(StrEnum):
    """What counts more: little memory, neither, or speed."""

    LOW = "low"
    AUTO = "auto"
    FAST = "fast"


@dataclass(frozen=True, slots=True)
class Layout:
    """What trades memory for speed when a model is loaded.

    `repack` keeps a second copy of the weights in an order some CPUs read
    faster. `flash` attends without a matrix of scores: less scratch memory, but
    slower on the CPUs measured. `kv_q8` keeps the cache in q8_0 (34 bytes for 32
    values) and needs `flash`. `chunk_tokens` are read at once: scratch memory
    grows with it.
    """

    repack: bool = False
    flash: bool = False
    kv_q8: bool = False
    chunk_tokens: int = _CHUNK_TOKENS

    def __post_init__(self) -> None:
        if self.kv_q8 and not self.flash:
            raise ValueError("a cache in q8_0 needs flash attention")

    @property
    def kv_bytes_per_value(self) -> float:
        """Bytes a value of the cache takes."""
        return 34 / 32 if self.kv_q8 else 2.0
