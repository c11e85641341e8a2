"""Speed through the whole path beside the raw loop: pairs, in turn, on the same prompts."""

from __future__ import annotations

import time
from statistics import median

from edge.bench.raw import RawLoop, Speed
from edge.bench.rows import Row
from edge.core.errors import EdgeError
from edge.core.event import Delta, Done
from edge.core.message import Message, Role
from edge.core.spec import Sampling
from edge.runtime import Runtime

DEPTH_TOKENS = 512  # a real KV depth: an empty cache flatters decoding
REPLY_TOKENS = 48
_FILLER = "The river carries small boats past the old mill and the quiet town. "
_TASK = "Now count from one to two hundred in English words, separated by commas."


def speed_rows(runtime: Runtime, raw: RawLoop, n_pairs: int) -> list[Row]:
    """Prefill and decode of `n_pairs` prompts, each by both sides; the first pair only warms up."""
    sampling = Sampling(temperature=0, max_tokens=REPLY_TOKENS)
    pairs: list[tuple[Speed, Speed]] = []
    for n in range(n_pairs + 1):
        text = prompt(raw, n)
        tokens = raw.tokens([Message(Role.USER, text)])
        pairs.append((raw.run(tokens, sampling), through_edge(runtime, text)))
    del pairs[0]
    return [
        _row("prefill", [(one.prefill_tps, other.prefill_tps) for one, other in pairs]),
        _row("decode", [(one.decode_tps, other.decode_tps) for one, other in pairs]),
    ]


def prompt(raw: RawLoop, n: int) -> str:
    """About 512 tokens that no other prompt begins with, so that nothing is found in the cache."""
    text = _TASK
    while len(raw.tokens([Message(Role.USER, f"({n}) {text}")])) < DEPTH_TOKENS:
        text = _FILLER + text
    return f"({n}) {text}"


def through_edge(runtime: Runtime, text: str) -> Speed:
    """One turn of a new conversation, timed where its reader stands."""
    first = 0.0
    started = time.perf_counter()
    for event in runtime.session().send(text):
        if isinstance(event, Delta) and not first:
            first = time.perf_counter()
        if isinstance(event, Done):
            ended, usage = time.perf_counter(), event.attempts[0].usage
    if usage.completion_tokens < REPLY_TOKENS // 2:
        raise EdgeError(f"the reply ended after {usage.completion_tokens} tokens: nothing to time")
    n_read = usage.prompt_tokens - usage.cached_tokens
    return Speed(n_read / (first - started), (usage.completion_tokens - 1) / (ended - first))


def _row(name: str, pairs: list[tuple[float, float]]) -> Row:
    raw, edge = (median(side) for side in zip(*pairs, strict=True))
    ratio = median(edge_tps / raw_tps for raw_tps, edge_tps in pairs)
    return Row(f"{name} at {DEPTH_TOKENS} tokens", raw, edge, ratio, "tok/s")
