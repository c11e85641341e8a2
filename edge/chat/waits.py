"""How long to wait for the cloud, and how long before asking it again; from what was measured.

Samples are seconds, in any order. A wait that was given up counts as a sample
of the time it was waited: leaving it out would shorten the next wait, which
would be given up sooner, and so on until nothing slow is ever waited for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from edge.chat.breaker import follow
from edge.core.cloud import Deadlines
from edge.core.errors import CloudError, CloudFault
from edge.routing.signals import quantile

CONNECT_S = 3.0  # also what a black hole may cost a turn
TOTAL_S = 120.0

ENOUGH = 20  # samples before they say more than a default
# Twice the 99th percentile: what is later than that is, by all that was seen, not coming.
SLACK = 2.0

HEDGE_S = 2.0  # while little is known
HEDGE_FLOOR_S = 0.3  # sooner, and the device works for answers that were on their way
HEDGE_CEILING_S = 10.0

FIRST_BACKOFF_S = 0.5
LONGEST_BACKOFF_S = 8.0
RETRIES = 1  # of one turn: somebody is waiting, and there is another engine
LONGEST_ASKED_S = 10.0  # a Retry-After beyond it is for a later turn
SHORTEST_TRY_S = 0.5  # with less than this left, a try is only traffic


@dataclass(frozen=True, slots=True)
class _Bounds:
    floor_s: float
    default_s: float
    ceiling_s: float

    def around(self, samples: Sequence[float]) -> float:
        """The wait these samples ask for, within the bounds."""
        latest_s = _measured(samples, 0.99)
        if latest_s is None:
            return self.default_s
        return min(max(self.floor_s, SLACK * latest_s), self.ceiling_s)


_FIRST_BYTE = _Bounds(5.0, 15.0, 30.0)
_GAP = _Bounds(5.0, 10.0, 20.0)


def deadlines(
    ttfts_s: Sequence[float], gaps_s: Sequence[float] = (), total_s: float = TOTAL_S
) -> Deadlines:
    """The waits of a turn's first send: from times to first text, and the longest gap of each."""
    return Deadlines(CONNECT_S, _FIRST_BYTE.around(ttfts_s), _GAP.around(gaps_s), total_s)


def left_s(waits: Deadlines, fault: CloudFault, spent_s: float) -> float:
    """Seconds another try of a turn may take, `spent_s` after the first began; not below 0.

    Connecting has one budget in a turn, so that a network that swallows
    everything is waited for once and not once per try.
    """
    could_connect = fault is not CloudFault.UNREACHABLE
    return max(0.0, (waits.total_s if could_connect else waits.connect_s) - spent_s)


def wait_before(error: CloudError, attempt: int, left_s: float, rng: Random) -> float | None:
    """Seconds to wait before the next try of this turn; None: do not try again.

    Try number `attempt` (from 1) has failed and `left_s` is left for more.
    Whoever asks has made sure that nothing has been shown yet, and asks the
    breaker and the bucket too. A Retry-After is obeyed, or there is no next try.
    """
    if attempt > RETRIES or not follow(error.fault).retry:
        return None
    asked_s = error.retry_after_s or 0.0
    wait_s = max(backoff_s(attempt, rng), asked_s)
    fits = asked_s <= LONGEST_ASKED_S and wait_s + SHORTEST_TRY_S <= left_s
    return wait_s if fits else None


def backoff_s(attempt: int, rng: Random) -> float:
    """Capped exponential backoff with full jitter, after try number `attempt` (from 1).

    Source: AWS Architecture Blog, "Exponential Backoff And Jitter".
    """
    longest_s = min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2.0 ** min(attempt - 1, 10))
    return rng.uniform(0.0, longest_s)


def hedge_delay_s(ttfts_s: Sequence[float]) -> float:
    """After how long the device begins as well: the 90th percentile of the cloud's first text."""
    late_s = _measured(ttfts_s, 0.9)
    if late_s is None:
        return HEDGE_S
    return min(max(HEDGE_FLOOR_S, late_s), HEDGE_CEILING_S)


def _measured(samples: Sequence[float], share: float) -> float | None:
    return quantile(samples, share) if len(samples) >= ENOUGH else None


@dataclass(frozen=True, slots=True)
class RetryBucket:
    """How much trying again is left: ten tokens, kept in tenths so that sums are exact.

    Every failed send costs one token, every one that worked gives a tenth back;
    at half and below nothing is tried twice, so an outage costs five more sends
    and not one more each. Source: gRPC A6 (maxTokens 10, tokenRatio 0.1).
    """

    tenths: int = 100

    @property
    def may_retry(self) -> bool:
        """Whether a failed send may be tried again."""
        return self.tenths > 50

    def after_failure(self) -> RetryBucket:
        """A send failed, a first try or a later one."""
        return RetryBucket(max(0, self.tenths - 10))

    def after_success(self) -> RetryBucket:
        """A send worked."""
        return RetryBucket(min(100, self.tenths + 1))
