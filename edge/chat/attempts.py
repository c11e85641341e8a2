"""The only loop that tries and tries again: clear, reserve, one send, settle.

A retry, a switch or a resume passes here too, so each of them is cleared and
reserved anew. Text that was shown is never asked for again.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import count

from edge.chat.in_cloud import Errand, InCloud
from edge.chat.sending import Sending, locked
from edge.chat.trust import Trust
from edge.chat.waits import RetryBucket, left_s, wait_before
from edge.core.cloud import Deadlines, Permit, Reservation
from edge.core.decision import BreakerState
from edge.core.errors import BudgetSpent, CloudError, CloudFault
from edge.core.event import UNKNOWN_USAGE, Phase, Progress, StopReason
from edge.core.say import say
from edge.engine.protocol import Answered, CloudSide, EngineEvent
from edge.routing.privacy import clear
from edge.store.ledger import Ledger, Spending

_HEARTBEAT_S = 0.02

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
        """Answer an errand; raises PrivacyRefused, BudgetSpent or a CloudError.

        A TooLateError thrown in ends it: the device has answered.
        """
        waits, began = errand.request.deadlines, time.monotonic()
        left = waits
        for attempt in count(1):
            if errand.request.cancel.requested:  # while it waited for another try
                yield Answered(StopReason.CANCELLED, UNKNOWN_USAGE, None)
                return
            limited = replace(errand, request=replace(errand.request, deadlines=left))
            sending = self._cleared(limited, reason)
            try:
                asked = self.door.stream(sending.permit, limited.request)
                with sending, closing(asked) as events:
                    for event in events:
                        yield sending.heard(event)
                self._bucket = self._bucket.after_success()
                return
            except CloudError as error:
                self._bucket = self._bucket.after_failure()
                spare_s = left_s(waits, error.fault, time.monotonic() - began)
                pause_s = wait_before(error, attempt, spare_s, self.trust.dice)
                fault = error.fault
                if sending.has_shown or pause_s is None or not self._may_retry(errand, pause_s):
                    raise
            yield from self._sleep(errand, pause_s)
            left = _rest_of(waits, fault, time.monotonic() - began)

    def _cleared(self, errand: Errand, reason: str) -> Sending:
        """Leave for one send, of what may leave at this moment."""
        self.cloud.catch_up()
        if errand.lock.holds():
            raise locked()
        cleared = clear(errand.pieces, self.cloud.guard, self.cloud.own)
        permit = Permit(cleared, self._reserve(errand, reason), errand.lock.is_set)
        return Sending(self.cloud, self.ledger, self.trust, errand, permit)

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


def _rest_of(waits: Deadlines, fault: CloudFault, spent_s: float) -> Deadlines:
    """What a turn has left for another try: what could not connect has one budget in all."""
    deaf = fault is CloudFault.UNREACHABLE
    connect_s = left_s(waits, fault, spent_s) if deaf else waits.connect_s
    total_s = left_s(waits, CloudFault.TIMEOUT, spent_s)
    return replace(waits, connect_s=connect_s, total_s=total_s)


def _unpriced(model: str) -> BudgetSpent:
    return BudgetSpent(
        say("nobody here knows what {model!r} costs, so no cap could hold it", model=model),
        hint=say("per_million_in, per_million_out and currency below [cloud.NAME] in config.toml"),
        kept=say("nothing was sent"),
    )
