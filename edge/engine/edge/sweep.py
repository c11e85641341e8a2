"""Try thread counts on the loaded model, behind a reply, and see which writes fastest."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from statistics import median

from edge.engine.edge.threads import Busy, busy_now, free_cores
from edge.engine.edge.timeline import Timeline

_ROUNDS = 3  # in turn, so that a machine whose speed drifts favours no count
_WARM_TOKENS, _TIMED_TOKENS = 2, 6
_BUDGET_S = 3.0
_ALONE = 0.3  # cores others may use before the figures are theirs as much as ours


def sweep(
    timeline: Timeline, counts: Sequence[int], look: Callable[[], Busy | None] = busy_now
) -> tuple[tuple[int, float], ...]:
    """Tokens per second at the end of the tape for each count; the tape is as before.

    Nothing where another program was busy meanwhile, or the context is too full
    to try. Raises Aborted when stopped.
    """
    if not timeline.tape or timeline.n_ctx - len(timeline.tape) < _WARM_TOKENS + _TIMED_TOKENS:
        return ()
    speeds: dict[int, list[float]] = {count: [] for count in counts}
    before = look()
    deadline = time.monotonic() + _BUDGET_S
    for _ in range(_ROUNDS):
        for count in counts:
            if time.monotonic() < deadline or not speeds[count]:
                seconds = timeline.rehearse(count, _WARM_TOKENS, _TIMED_TOKENS)
                speeds[count].append(_TIMED_TOKENS / seconds)
    after, most = look(), max(counts)
    if before and after and free_cores(before, after, most) < most - _ALONE:
        return ()
    return tuple((count, median(each)) for count, each in speeds.items())
