"""One send, from the claim to the bill: what it cost, and what it says of the cloud."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

from edge.chat.breaker import Breaker
from edge.chat.in_cloud import Errand, InCloud
from edge.chat.trust import Trust
from edge.core.cloud import Permit
from edge.core.errors import (
    Busy,
    CloudError,
    CloudFault,
    CloudIncomplete,
    CloudUnavailable,
    PrivacyRefused,
)
from edge.core.event import Delta, Notice, NoticeCode, StopReason
from edge.core.say import say
from edge.engine.protocol import Answered, EngineEvent
from edge.models.prices import cost_of
from edge.store.ledger import Ledger

# Refused before a token was made of it, or never arrived: nobody bills that. What timed
# out or broke off may be billed, so it stays booked.
_NOT_BILLED = frozenset(CloudFault) - {CloudFault.TIMEOUT, CloudFault.BROKEN}


class TooLateError(Exception):
    """Nobody waits any longer: the device has answered. Thrown into a stream to end it."""


@dataclass(eq=False)
class Sending:
    """A context around one send. However it ends, its money is booked, settled or given back."""

    cloud: InCloud
    ledger: Ledger
    trust: Trust
    errand: Errand
    permit: Permit
    has_shown: bool = field(default=False, init=False)
    _is_other: bool = field(default=False, init=False)
    _before: Breaker = field(default_factory=Breaker, init=False)

    def __enter__(self) -> Self:
        try:
            self._before = self.trust.claim(self._model)
        except BaseException:
            self.ledger.release(self.permit.reservation)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            return
        with suppress(Busy):  # what is not written down now stays booked, and is learned again
            self._write_down(error)

    def _write_down(self, error: BaseException) -> None:
        if not self.permit.used or (isinstance(error, CloudError) and _is_free(error)):
            self.ledger.release(self.permit.reservation)
        if isinstance(error, CloudError):
            self.trust.failed(self._model, error)
        elif isinstance(error, TooLateError) and not self.permit.used:
            self.trust.failed(self._model, _not_reached())
        else:  # somebody left, or locked the talk: of the cloud that tells nothing
            self.trust.put_back(self._model, self._before)

    def heard(self, event: EngineEvent) -> EngineEvent:
        """What to pass on of an event; raises where the answer may not go on."""
        if self.errand.lock.is_set():
            raise locked()
        self.has_shown = self.has_shown or isinstance(event, Delta)
        if isinstance(event, Notice) and event.code is NoticeCode.OTHER_MODEL:
            self._is_other = True
            if self.cloud.strict_model:
                raise _another_model(event)
        return self._ended(event) if isinstance(event, Answered) else event

    def _ended(self, answered: Answered) -> Answered:
        if answered.stop_reason is StopReason.CANCELLED:
            self.trust.put_back(self._model, self._before)
            if not self.permit.used:
                self.ledger.release(self.permit.reservation)
            return answered
        settled = answered
        with suppress(Busy):  # the answer is whole; what it cost stays booked at its most
            settled = self._settled(answered)
            self.trust.succeeded(self._model)
        return settled

    def _settled(self, answered: Answered) -> Answered:
        """Book what the provider counted; what it did not count stays booked at its most."""
        usage, price = answered.usage, self.cloud.price(self._model)
        counted = usage.prompt_tokens and usage.completion_tokens
        if not counted or self._is_other or price is None:
            return answered
        tokens = usage.prompt_tokens, usage.completion_tokens
        cost = cost_of(price, *tokens, thinking=self.errand.request.thinking)
        self.ledger.settle(self.permit.reservation, cost)
        return replace(answered, usage=replace(usage, cost=cost))

    @property
    def _model(self) -> str:
        return self.errand.request.model


def locked() -> PrivacyRefused:
    """A talk that is made private while the cloud answers leaves it at once."""
    return PrivacyRefused(say("the conversation was made private"), hint="edge sent")


def _is_free(error: CloudError) -> bool:
    """Whether nobody bills what failed so; an answer that came, if only in part, is billed."""
    return error.fault in _NOT_BILLED and not isinstance(error, CloudIncomplete)


def _another_model(notice: Notice) -> CloudIncomplete:
    return CloudIncomplete(
        say("{what}, and strict_model is set", what=notice.text),
        fault=CloudFault.MODEL,
        hint="edge cloud models",
    )


def _not_reached() -> CloudUnavailable:
    return CloudUnavailable(say("no connection in time"), fault=CloudFault.UNREACHABLE)
