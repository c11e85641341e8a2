"""One reply, whoever writes it: who begins, who takes over, and where the seam is.

Before the first visible text the engines may change freely: a cloud that fails
or is late gives way to the device, an answer of the device that is held back and
does not pass gives way to the cloud. After it, a reply that breaks off is gone
on with by the other engine behind the very words that were shown, or it ends
there, marked incomplete. It is never begun again under the reader's eyes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

from edge.chat.asked import Asked
from edge.chat.attempts import Attempts
from edge.chat.hedge import Hedge
from edge.chat.in_cloud import Errand, Offer
from edge.chat.judging import failed, seen
from edge.chat.on_device import OnDevice
from edge.chat.refusals import refusal, words
from edge.chat.seam import Seam
from edge.chat.sending import TooLateError
from edge.chat.share import Share, Shares
from edge.core.cloud import Deadlines, Dialect
from edge.core.decision import Decision, Reason, Signals, Target
from edge.core.errors import (
    BudgetSpent,
    Busy,
    CloudError,
    ContextFull,
    EdgeError,
    PrivacyRefused,
    UsageError,
)
from edge.core.event import (
    Channel,
    Delta,
    Event,
    Notice,
    NoticeCode,
    Progress,
    Routed,
    StopReason,
    Switched,
)
from edge.core.message import Label, Message, Role
from edge.core.say import say
from edge.engine.protocol import Answered, EngineEvent
from edge.routing.policy import Escalate, Handoff, Policy, cloud_model, decide, verdicts

Consent = Callable[[Offer], bool]
Told = Generator[Event, None, None]

# Often enough for a line that counts seconds.
_PROGRESS_MS = 200
# Guards that come and go: nobody would know why this turn is answered otherwise than the last.
_WORTH_A_LINE = frozenset(
    {Reason.NO_KEY, Reason.UNREACHABLE, Reason.BREAKER_OPEN, Reason.CLOUD_TOO_SMALL, Reason.BUDGET}
)
_REFUSED = (PrivacyRefused, BudgetSpent, CloudError, UsageError, Busy)


@dataclass(eq=False)
class Reply:
    """The reply to one prompt.

    `attempts` None: there is no cloud; `hedge_s` is when it counts as late.
    """

    asked: Asked
    signals: Signals
    device: OnDevice
    policy: Policy
    attempts: Attempts | None = None
    consent: Consent | None = None
    waits: Deadlines = field(default_factory=Deadlines)
    hedge_s: float = math.inf
    shares: Shares = field(default_factory=Shares)
    _held: tuple[Share, list[Delta]] | None = None

    def events(self) -> Told:
        """All that happens until the last word; raises what ends it before that."""
        decision = self._decide()
        yield Routed(decision)
        if self.asked.wish.wanted is Target.CLOUD and decision.reason.guards:
            self.shares.begin("", decision, self.asked.label)
            raise refusal(decision)
        if decision.reason in _WORTH_A_LINE and self._would_leave():
            yield Notice(
                NoticeCode.CLOUD_SKIPPED,
                say("stays on this device: {why}", why=words(decision.reason)),
            )
        by_cloud = decision.target is Target.CLOUD
        yield from self._cloud(decision) if by_cloud else self._edge(decision)

    def _would_leave(self) -> bool:
        """Whether the policy would send it, were it not for a guard."""
        return next(verdicts(self.signals, self.policy)).target is Target.CLOUD

    def _decide(self, **measured: Any) -> Decision:
        """Decide on what is known by now; who wants to be asked is asked."""
        self.signals = replace(self.signals, **measured)
        decision = decide(self.signals, self.policy)
        if not decision.asks:
            return decision
        assert self.attempts is not None
        offer = self.attempts.cloud.offer(self._errand(decision))
        return self._decide(consented=self.consent is not None and self.consent(offer))

    def _tell(self, events: Iterator[EngineEvent], share: Share, shown: str) -> Told:
        """Pass on what an engine says, less what it repeats of what was shown; never its end."""
        seam = Seam(shown)
        for event in events:
            if isinstance(event, Answered):
                yield from share.say(seam.close())
                share.finish(event)
            elif isinstance(event, Delta) and event.channel is Channel.ANSWER:
                yield from share.say(seam.feed(event.text))
            else:
                share.add(event)
                yield event

    # The device's part.

    def _edge(self, decision: Decision, begun: Hedge | None = None) -> Told:
        shown = self.shares.shown
        share = self.shares.begin(self.device.answering.named, decision, self.asked.label)
        holds = not shown and self._may_escalate(share) and self.policy.escalate is Escalate.HOLD
        share.shown = not holds
        start = begun.events() if begun else self._on_device(shown)
        try:
            with closing(start) as events:
                told = self._tell(events, share, shown)
                yield from self._hold(told, share) if holds else told
        except EdgeError as error:
            yield from self._after_edge_failed(share, error)
        else:
            yield from self._after_edge_answered(share)

    def _on_device(self, shown: str) -> Generator[EngineEvent, None, None]:
        return self.device.stream(self.asked, self.asked.wish.cancel, shown)

    def _may_escalate(self, share: Share) -> bool:
        return self.attempts is not None and not share.decision.reason.guards

    def _hold(self, told: Iterator[Event], share: Share) -> Iterator[Event]:
        held: list[Delta] = []
        self._held = share, held
        for event in told:
            if isinstance(event, Delta):
                held.append(event)
            else:
                yield event

    def _release(self) -> Told:
        """Show what was held back."""
        if self._held is not None:
            (share, held), self._held = self._held, None
            self.shares.stay_with(share)
            yield from held

    def _after_edge_answered(self, share: Share) -> Told:
        judged = self.policy.escalate is not Escalate.NEVER and self._may_escalate(share)
        if not judged or share.stop_reason is StopReason.CANCELLED:
            yield from self._release()
            return
        found = seen(share, self.signals)
        if self._held is None:
            if decide(replace(self.signals, **found), self.policy).target is Target.CLOUD:
                yield Notice(NoticeCode.OFFER, say("the answer looks weak; /cloud asks the cloud"))
            return
        decision = self._decide(**found)
        if decision.target is Target.EDGE:
            yield from self._release()
        else:
            yield _switched(Target.EDGE, decision)
            yield from self._cloud(decision)

    def _after_edge_failed(self, share: Share, error: EdgeError) -> Told:
        """The cloud answers, or goes on, where it may; else it is the device's error."""
        share.cut(StopReason.FAILED)
        may_go = self.attempts is not None and (not self.shares.shown or self._cloud_goes_on(share))
        decision = self._decide(edge_fault=error.code) if may_go else None
        if decision is None or decision.target is Target.EDGE:
            raise error
        yield _switched(Target.EDGE, decision)
        yield from self._cloud(decision)

    def _cloud_goes_on(self, share: Share) -> bool:
        """Whether the cloud may finish what the device began: it must be told those words."""
        assert self.attempts is not None
        able = self.attempts.cloud.provider.dialect is Dialect.DASHSCOPE
        public = share.label is Label.PUBLIC
        return able and public and self.policy.handoff is Handoff.CONTINUE

    # The cloud's part.

    def _cloud(self, decision: Decision) -> Told:
        assert self.attempts is not None
        shown, errand = self.shares.shown, self._errand(decision)
        share = self.shares.begin(errand.request.model, decision, Label.PUBLIC)
        hedge, error = self._hedge(shown), None
        try:
            if errand.withheld:
                yield _withheld(errand.withheld)
            try:
                late = yield from self._ask_cloud(errand, share, hedge)
            except _REFUSED as failure:
                late, error = True, failure
            if late:
                yield from self._device_takes_over(share, hedge, error)
        finally:
            hedge.close()

    def _ask_cloud(
        self, errand: Errand, share: Share, hedge: Hedge
    ) -> Generator[Event, None, bool]:
        """Pass on what the cloud says; True when the device spoke first."""
        assert self.attempts is not None
        with closing(self.attempts.stream(errand, share.decision.reason)) as events:
            told = self._tell(events, share, self.shares.shown)
            late = yield from _race(told, share, hedge)
            if late:
                with suppress(TooLateError):
                    events.throw(TooLateError())
        return late

    def _device_takes_over(self, share: Share, hedge: Hedge, error: EdgeError | None) -> Told:
        """The cloud failed, or with no error it is late."""
        share.break_off(error, hedge.waited_s)
        ends = self.shares.shown and self.policy.handoff is Handoff.KEEP
        if error and (ends or self.signals.edge_fault is not None):
            raise error
        decision = self._decide(**failed(error, self.signals))
        yield _switched(Target.CLOUD, decision)
        if self._held is not None and not self.shares.shown:
            yield from self._release()
            return
        self._held = None
        try:
            yield from self._edge(decision, hedge if hedge.begun else None)
        except ContextFull as too_long:  # it went to the cloud because it was too long
            raise error or too_long from too_long

    def _errand(self, decision: Decision) -> Errand:
        """What the cloud is to be told; where words were shown, that it goes on behind them."""
        assert self.attempts is not None
        cloud, wishes = self.attempts.cloud, self.device.answering.wishes
        spec = cloud.model_for(self.signals.prompt_tokens, cloud_model(decision, self.policy))
        request = cloud.request(spec, wishes, self.waits, self.asked.wish.cancel)
        shown = self.shares.shown
        opening = Message(Role.ASSISTANT, shown, self.shares.label) if shown else None
        return cloud.errand(self.asked, request, opening)

    def _hedge(self, shown: str) -> Hedge:
        """The device in waiting; where it is no help, one that never begins."""
        s = self.signals
        helps = not shown and s.edge_fault is None and s.context_free_tokens >= 0
        helps = helps and self._held is None and not s.on_battery
        delay_s = self.hedge_s if helps and self.policy.hedge else None
        return Hedge(self.device, self.asked, delay_s)


def _race(told: Told, share: Share, hedge: Hedge) -> Generator[Event, None, bool]:
    """Pass on what the cloud says; True when the device spoke first."""
    next_ms = 0
    for event in told:
        if not isinstance(event, Progress):
            if isinstance(event, Delta):
                hedge.close()
            yield event
        elif not share.said_something:
            if hedge.has_spoken():
                return True
            if event.done >= next_ms:
                next_ms = event.done + _PROGRESS_MS
                yield event
    return False


def _switched(source: Target, decision: Decision) -> Switched:
    return Switched(source, decision.target, words(decision.reason))


def _withheld(what: tuple[str, ...]) -> Notice:
    told = reduce(lambda one, other: say("{one} and {other}", one=one, other=other), what)
    return Notice(NoticeCode.CONTEXT_KEPT, say("not told to the cloud: {what}", what=told))
