"""Ways to hold a model in memory, each beside the plain one: which is faster on this machine.

What is found is remembered, and from then on `auto` and `fast` hold the model so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from statistics import median
from types import MappingProxyType

from edge.bench.effort import Effort
from edge.bench.raw import RawLoop, Speed
from edge.bench.rows import Findings, Row
from edge.bench.subject import Subject
from edge.bench.texts import long_text
from edge.core.memory import Layout
from edge.core.message import Message, Role
from edge.core.spec import Sampling

PLAIN = Layout()
OTHERS: Mapping[str, Layout] = MappingProxyType(
    {"flash": Layout(flash=True), "repack": Layout(repack=True)}
)
_DEPTH_TOKENS = 1000
_REPLY = Sampling(temperature=0, max_tokens=32)
# What a usual turn reads and writes; a way that saves less than this of it is no faster.
_TURN_READ_TOKENS, _TURN_WRITTEN_TOKENS = 100, 150
_CLEARLY = 0.97

Pair = tuple[Speed, Speed]


def layouts(subject: Subject, effort: Effort) -> Findings:
    """Reading and writing at a depth of some 1,000 tokens; raw is the plain way."""
    rows: list[Row] = []
    faster: dict[str, bool] = {}
    for name, layout in OTHERS.items():
        subject.tell(f"layouts: {name}")
        pairs = _pairs(subject, layout, effort.deep_pairs)
        rows += _rows(name, pairs)
        faster[name] = is_faster(pairs)
    return Findings(tuple(rows), faster=faster)


def is_faster(pairs: Sequence[Pair]) -> bool:
    """Whether the second of each pair clearly takes less time for a usual turn."""
    return median(_turn_s(other) / _turn_s(plain) for plain, other in pairs) < _CLEARLY


def _turn_s(speed: Speed) -> float:
    reading_s = _TURN_READ_TOKENS / speed.prefill_tps
    return reading_s + _TURN_WRITTEN_TOKENS / speed.decode_tps


def _pairs(subject: Subject, layout: Layout, n_pairs: int) -> list[Pair]:
    with ExitStack() as stack:
        plain, other = (subject.raw(each) for each in (PLAIN, layout))
        for loop in (plain, other):
            stack.callback(loop.close)
        depth = min(_DEPTH_TOKENS, subject.options().n_ctx // 2)
        return [_pair(plain, other, depth, n) for n in range(n_pairs)]


def _pair(plain: RawLoop, other: RawLoop, depth: int, n: int) -> Pair:
    def tokens(text: str) -> list[int]:
        return plain.tokens([Message(Role.USER, text)])

    prompt = tokens(long_text(lambda text: len(tokens(text)), depth, n))
    if n % 2:
        second = other.run(prompt, _REPLY)
        return plain.run(prompt, _REPLY), second
    first = plain.run(prompt, _REPLY)
    return first, other.run(prompt, _REPLY)


def _rows(name: str, pairs: Sequence[Pair]) -> list[Row]:
    sides = {"prefill": "prefill_tps", "decode": "decode_tps"}
    return [
        Row.of_pairs(
            f"{name}: {what}",
            [(getattr(a, of), getattr(b, of)) for a, b in pairs],
            "tok/s (raw: plain)",
        )
        for what, of in sides.items()
    ]
