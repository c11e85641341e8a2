"""How the models of a provider, and the way to them, have been; kept between runs."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from edge.chat.breaker import Breaker
from edge.core.decision import BreakerState, LinkState
from edge.core.errors import CloudError, CloudFault
from edge.device.network import network_fingerprint
from edge.routing.signals import Link
from edge.store.codec import decode, encode
from edge.store.health import Health


@dataclass(eq=False)
class Trust:
    """The breakers of a provider's models, and the link they share.

    `settings` and `network` are fingerprints: what was learned under others says
    nothing now. Times are the wall clock's, because a breaker outlives its process.
    """

    health: Health
    provider: str
    settings: str = ""
    network: Callable[[], str | None] = network_fingerprint
    now: Callable[[], float] = time.time
    dice: random.Random = field(default_factory=random.SystemRandom)
    _link: Link = field(default_factory=Link)

    def breaker(self, model: str) -> Breaker:
        """What is known of a model, also from other runs."""
        kept = self.health.get(self._name(model))
        try:
            breaker = decode(Breaker, kept) if kept else Breaker()
        except ValueError:  # of another edge
            breaker = Breaker()
        return breaker.for_settings(self.settings).for_network(self.network())

    def state(self, model: str, in_s: float = 0.0) -> BreakerState:
        """Whether a model may be asked, now or some seconds from now."""
        return self.breaker(model).state(self.now() + in_s)

    def link_state(self) -> LinkState:
        """Whether the network was there when it was last used."""
        return self._link.state(self.now())

    def claim(self, model: str) -> Breaker:
        """A send begins: the one probe of a half-open breaker is this one.

        Returns what to `put_back` where the send ends without telling anything.
        """
        before = self.breaker(model)
        self._keep(model, before, before.probing(self.now()))
        return before

    def put_back(self, model: str, before: Breaker) -> None:
        """The send told nothing: somebody stopped it. What others learned meanwhile stays."""
        now = self.breaker(model)
        if now.is_probing and not before.is_probing:
            self._keep(model, now, before)

    def succeeded(self, model: str) -> None:
        """It answered."""
        self._link = self._link.after_success()
        before = self.breaker(model)
        self._keep(model, before, before.after_success(self.now()))

    def failed(self, model: str, error: CloudError) -> None:
        """It did not."""
        # Whoever answers, if only to refuse, was reached.
        deaf = error.fault is CloudFault.UNREACHABLE
        self._link = self._link.after_failure(self.now()) if deaf else self._link.after_success()
        now, draw = self.now(), self.dice.random()
        before = self.breaker(model)
        self._keep(model, before, before.after(error.fault, now, draw, error.retry_after_s))

    def _keep(self, model: str, before: Breaker, after: Breaker) -> None:
        if after != before:
            self.health.put(self._name(model), encode(after))

    def _name(self, model: str) -> str:
        return f"breaker {self.provider} {model}"
