"""The only loop that tries and tries again: clear, reserve, one send, settle.

A retry, a switch or a resume passes here too, so each of them is cleared and
reserved anew. Text that was shown is never asked for again.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import count

from edge.chat.in_cloud import Errand, InCloud
from edge.chat.trust import Trust
from edge.chat.waits import RetryBucket, left_s, wait_before
from edge.core.cloud import Permit, Reservation
from edge.core.decision import BreakerState
from edge.core.errors import (
    BudgetSpent,
    CloudError,
    CloudFault,
    CloudIncomplete,
    PrivacyRefused,
)
from edge.core.event import Delta, Notice, NoticeCode, Phase, Progress, StopReason, Usage
from edge.core.units import Money
from edge.engine.protocol import Answered, CloudSide, EngineEvent
from edge.models.prices import cost_of
from edge.routing.privacy import clear
from edge.store.ledger import Ledger, Spending

_UNKNOWN_USAGE = Usage(0, 0, 0, 0.0, 0.0, 0.0)
_HEARTBEAT_S = 0.02
# Refused before a token was made of it, or never arrived: nobody bills that. What timed
# out or broke off may be billed, so it stays booked.
_NOT_BILLED = frozenset(CloudFault) - {CloudFault.TIMEOUT, CloudFault.BROKEN}

Events = Generator[EngineEvent, None, None]


@dataclass(eq=False)
class Attempts:
    """Asks the cloud as often as it may."""

    door: CloudSide
    cloud: InCloud
    ledger: Ledger
    trust: Trust
    _bucket: RetryBucket = field(default_factory=RetryBucket)

    def stream(self, errand: Errand, reason: str) -> Events:
        """Answer an errand; raises PrivacyRefused, BudgetSpent or a CloudError."""
        waits, began = errand.request.deadlines, time.monotonic()
        left = waits
        for attempt in count(1):
            if errand.request.cancel.requested:  # while it waited for another try
                yield Answered(StopReason.CANCELLED, _UNKNOWN_USAGE, None)
                return
            limited = replace(errand, request=replace(errand.request, deadlines=left))
            shown = False
            try:
                with closing(self._once(limited, reason)) as events:
                    for event in events:
                        shown = shown or isinstance(event, Delta)
                        yield event
                return
            except CloudError as error:
                self._bucket = self._bucket.after_failure()
                spare_s = left_s(waits, error.fault, time.monotonic() - began)
                pause_s = wait_before(error, attempt, spare_s, self.trust.dice)
                if shown or pause_s is None or not self._may_retry(errand, pause_s):
                    raise
            yield from self._sleep(errand, pause_s)
            spent_s = time.monotonic() - began
            left = replace(
                waits,
                connect_s=min(waits.connect_s, left_s(waits, CloudFault.UNREACHABLE, spent_s)),
                total_s=left_s(waits, CloudFault.TIMEOUT, spent_s),
            )

    def _once(self, errand: Errand, reason: str) -> Events:
        _insist_on_open(errand)
        cleared = clear(errand.pieces, self.cloud.guard, self.cloud.own)
        permit = Permit(cleared, self._reserve(errand, reason))
        with (
            self._judged(errand, permit.reservation),
            closing(self.door.stream(permit, errand.request)) as events,
        ):
            for event in events:
                _insist_on_open(errand)
                if isinstance(event, Notice):
                    self._insist(event)
                if isinstance(event, Answered):
                    yield self._settled(event, permit.reservation, errand)
                else:
                    yield event

    def _reserve(self, errand: Errand, reason: str) -> Reservation:
        model = errand.request.model
        if errand.most is None:
            raise _unpriced(model)
        return self.ledger.reserve(
            turn_id=errand.turn_id,
            conversation_id=errand.conversation_id,
            most=errand.most,
            caps=self.cloud.caps,
            what=Spending(self.cloud.provider.name, model, reason),
        )

    @contextmanager
    def _judged(self, errand: Errand, reservation: Reservation) -> Iterator[None]:
        """One send, whose failure is remembered; where it tells nothing, nothing is."""
        model = errand.request.model
        before = self.trust.claim(model)
        try:
            yield
        except CloudError as error:
            if error.fault in _NOT_BILLED:
                self.ledger.release(reservation)
            self.trust.failed(model, error)
            raise
        except BaseException:  # somebody left, or locked the talk
            self.trust.put_back(model, before)
            raise

    def _settled(self, answered: Answered, reservation: Reservation, errand: Errand) -> Answered:
        """Book what the provider counted; what it did not count stays booked at its most."""
        self._bucket = self._bucket.after_success()
        self.trust.succeeded(errand.request.model)
        usage = answered.usage
        if not usage.prompt_tokens:
            return answered
        cost = self._cost(errand, usage.prompt_tokens, usage.completion_tokens)
        self.ledger.settle(reservation, cost)
        return replace(answered, usage=replace(usage, cost=cost))

    def _cost(self, errand: Errand, n_prompt: int, n_reply: int) -> Money:
        price = self.cloud.price(errand.request.model)
        assert price is not None, "what has no price was not reserved, nor sent"
        return cost_of(price, n_prompt, n_reply, thinking=errand.request.thinking)

    def _insist(self, notice: Notice) -> None:
        """Refuse the answer of another model, where the user asked for that."""
        if notice.code is NoticeCode.OTHER_MODEL and self.cloud.strict_model:
            raise CloudIncomplete(
                f"{notice.text}, and strict_model is set",
                fault=CloudFault.MODEL,
                hint="edge cloud models",
            )

    def _may_retry(self, errand: Errand, pause_s: float) -> bool:
        state = self.trust.state(errand.request.model, in_s=pause_s)
        return self._bucket.may_retry and state is not BreakerState.OPEN

    def _sleep(self, errand: Errand, seconds: float) -> Events:
        """Wait, and let the reader look at other things meanwhile."""
        until = time.monotonic() + seconds
        while (rest_s := until - time.monotonic()) > 0:
            if errand.request.cancel.wait(min(rest_s, _HEARTBEAT_S)):
                return
            total_ms = round(errand.request.deadlines.total_s * 1000)
            yield Progress(Phase.CLOUD, round((seconds - rest_s) * 1000), total_ms)


def _insist_on_open(errand: Errand) -> None:
    """A talk that is made private while the cloud answers leaves it at once."""
    if errand.locked.is_set():
        raise PrivacyRefused("the conversation was made private", hint="edge sent")


def _unpriced(model: str) -> BudgetSpent:
    return BudgetSpent(
        f"nobody here knows what {model!r} costs, so no cap could hold it",
        hint="per_million_in, per_million_out and currency below [cloud.NAME] in config.toml",
        kept="nothing was sent",
    )
