"""Whether the cloud may be asked again after what it did last: one value, kept between runs.

Time is the wall clock's, in seconds, because a breaker outlives its process;
chance is passed in. Nothing here waits, sends or writes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from edge.core.cloud import Provider, Secret
from edge.core.decision import BreakerState
from edge.core.errors import CloudFault

# Three in a row, or half of the last ten: one endpoint has no neighbour to compare it with,
# so shares over a minute, as gateways take them, would never speak up on a device.
FAILURES_IN_A_ROW = 3
REMEMBERED = 10
FAILURES_REMEMBERED = 5
FORGET_S = 3600.0  # after an hour of silence, yesterday's outage is not today's

FIRST_OPEN_S = 1.0
LONGEST_OPEN_S = 60.0
UNPAID_S = (
    3600.0  # then one probe: an account is paid elsewhere, without a change to any setting here
)


@dataclass(frozen=True, slots=True)
class Consequence:
    """What follows from a fault.

    `retry`: another try may help, as long as nothing has been shown. `counts`:
    towards opening the breaker. `latches`: it will fail again until a person
    changes something.
    """

    retry: bool
    counts: bool
    latches: bool


_PASSES = Consequence(retry=True, counts=True, latches=False)
_LASTS = Consequence(retry=False, counts=False, latches=True)
_OURS = Consequence(retry=False, counts=False, latches=False)

_FOLLOWS = {
    CloudFault.UNREACHABLE: _PASSES,
    CloudFault.TIMEOUT: _PASSES,
    CloudFault.SERVER: _PASSES,
    CloudFault.BROKEN: _PASSES,
    # Being asked to slow down counts: there is no other endpoint to turn to, and
    # a breaker that overlooks it goes on asking for as long as it is refused.
    CloudFault.RATE: _PASSES,
    CloudFault.AUTH: _LASTS,
    CloudFault.MODEL: _LASTS,
    CloudFault.BILLING: _LASTS,
    CloudFault.REQUEST: _OURS,
}


def follow(fault: CloudFault) -> Consequence:
    """What follows from a fault; a content filter is none, it is an answer."""
    return _FOLLOWS[fault]


def settings_fingerprint(provider: Provider, models: Sequence[str], key: Secret | None) -> str:
    """Another text whenever the endpoint, the models asked for or the key are others.

    48 bits of a hash: enough to notice a change, and nothing of the key in it.
    """
    secret = "" if key is None else key.reveal()
    parts = (provider.name, provider.base_url, provider.dialect, *models, secret)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Breaker:
    """What is known of one model at one endpoint; made anew, never changed.

    Before a send ask `state`; where it says half-open, keep what `probing`
    returns and send once. After it keep what `after_success` or `after` returns.
    A probe that the user stopped says nothing: keep the breaker of before it.

    Two processes that read the same half-open value may each probe once; that
    is one send too many and no harm, so no lock is held over the network.
    """

    recent: tuple[bool, ...] = ()  # the last outcomes, oldest first; True: it failed
    heard_at: float | None = None  # when the last of them was
    opened_at: float | None = None  # None: closed
    open_s: float = 0.0
    times_opened: int = 0  # since the last success
    is_probing: bool = False
    latched: CloudFault | None = None  # it stays open for this
    settings: str = ""  # what it was learned under, and on which network
    network: str = ""

    def state(self, now: float) -> BreakerState:
        """Whether the cloud may be asked now.

        A clock that was set back, or a length no breaker has, must not keep the
        cloud away: then one probe finds out.
        """
        if self.opened_at is None:
            return BreakerState.CLOSED
        if self.latched in (CloudFault.AUTH, CloudFault.MODEL):
            return BreakerState.OPEN
        open_s = min(self.open_s, UNPAID_S if self.latched else LONGEST_OPEN_S)
        is_resting = self.opened_at <= now < self.opened_at + open_s
        return BreakerState.OPEN if is_resting else BreakerState.HALF_OPEN

    def probing(self, now: float) -> Breaker:
        """The one probe is claimed: open for everyone else until it is known how it went.

        Should its process die, the next may probe a minute later. Closed or open,
        there is nothing to claim and it stays as it is.
        """
        if self.state(now) is not BreakerState.HALF_OPEN:
            return self
        return replace(self, opened_at=now, open_s=LONGEST_OPEN_S, is_probing=True)

    def after_success(self, now: float) -> Breaker:
        """It answered: closed, and what was before an opening is forgotten."""
        before = self._still_recent(now) if self.opened_at is None else ()
        recent = (*before, False)[-REMEMBERED:]
        return Breaker(recent, heard_at=now, settings=self.settings, network=self.network)

    def after(
        self, fault: CloudFault, now: float, draw: float, retry_after_s: float | None = None
    ) -> Breaker:
        """It failed. `draw` is one of chance's, from 0 to 1.

        `retry_after_s` is a pause the provider asked for and nobody waits for by
        now: it opens at once, so that the next turn does not come too early.
        """
        follows, asked_s = follow(fault), retry_after_s or 0.0
        if follows.latches:
            return replace(self, opened_at=now, open_s=UNPAID_S, is_probing=False, latched=fault)
        if not follows.counts:
            return self._after_a_refused_request(now)
        if self.state(now) is BreakerState.OPEN and not self.is_probing:
            return self  # sent before it opened: what it tells is known
        recent = (*self._still_recent(now), True)[-REMEMBERED:]
        failed = replace(self, recent=recent, heard_at=now, latched=None)
        must_open = self.opened_at is not None or asked_s > 0 or _too_many(recent)
        return failed._opened(now, draw, asked_s) if must_open else failed

    def network_changed(self) -> Breaker:
        """Failures on another network say nothing of this one; a refused key stays refused."""
        if self.latched:
            return replace(self, recent=(), times_opened=0)
        return Breaker(settings=self.settings, network=self.network)

    def for_settings(self, settings: str) -> Breaker:
        """What of it holds under these settings: nothing, where they are others."""
        return self if settings == self.settings else Breaker(settings=settings)

    def for_network(self, network: str | None) -> Breaker:
        """What of it holds on this network; None: which one it is cannot be told."""
        if network is None or network == self.network:
            return self
        kept = self.network_changed() if self.network else self
        return replace(kept, network=network)

    def _after_a_refused_request(self, now: float) -> Breaker:
        # Whoever refuses a request is there and understands it.
        is_news = self.opened_at is not None and self.latched is None
        return self.after_success(now) if is_news else self

    def _still_recent(self, now: float) -> tuple[bool, ...]:
        is_recent = self.heard_at is not None and 0 <= now - self.heard_at < FORGET_S
        return self.recent if is_recent else ()

    def _opened(self, now: float, draw: float, asked_s: float) -> Breaker:
        longest_s = min(LONGEST_OPEN_S, FIRST_OPEN_S * 2.0 ** min(self.times_opened, 10))
        drawn_s = longest_s * (1 + draw) / 2  # so that not all come back at once
        return replace(
            self,
            opened_at=now,
            open_s=min(max(drawn_s, asked_s), LONGEST_OPEN_S),
            times_opened=self.times_opened + 1,
            is_probing=False,
        )


def _too_many(recent: tuple[bool, ...]) -> bool:
    in_a_row = len(recent) >= FAILURES_IN_A_ROW and all(recent[-FAILURES_IN_A_ROW:])
    return in_a_row or sum(recent) >= FAILURES_REMEMBERED
