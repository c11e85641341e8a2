"""What each engine contributes to a turn, gathered while it streams."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from edge.core.decision import Decision, Target
from edge.core.errors import CloudError, CloudFault, EdgeError
from edge.core.event import (
    UNKNOWN_USAGE,
    Attempt,
    Channel,
    Confidence,
    ContextUse,
    Delta,
    Span,
    StopReason,
    Usage,
)
from edge.core.message import Label
from edge.engine.protocol import Answered, EngineEvent


@dataclass
class Share:
    """The text of one engine so far and, once it is over, how it ended.

    `label` is the join of all it was told; `shown` False: nobody reads it.
    """

    model: str
    decision: Decision
    label: Label
    shown: bool = True
    stop_reason: StopReason | None = None
    usage: Usage = UNKNOWN_USAGE
    confidence: Confidence | None = None
    context: ContextUse | None = None
    _pieces: list[tuple[Channel, list[str]]] = field(default_factory=list)

    def add(self, event: EngineEvent) -> None:
        """Keep the text of a Delta; neighbours on one channel become one span."""
        if not isinstance(event, Delta):
            return
        if not self._pieces or self._pieces[-1][0] is not event.channel:
            self._pieces.append((event.channel, []))
        self._pieces[-1][1].append(event.text)

    def say(self, text: str) -> Iterator[Delta]:
        """Add a piece of the answer, and pass it on; nothing where there is none."""
        if text:
            delta = Delta(text, Channel.ANSWER)
            self.add(delta)
            yield delta

    @property
    def said_something(self) -> bool:
        """Whether there is any text, reasoning included."""
        return bool(self._pieces)

    @property
    def answer(self) -> str:
        """The text of the answer so far."""
        return "".join(
            "".join(texts) for channel, texts in self._pieces if channel is Channel.ANSWER
        )

    def finish(self, answered: Answered) -> None:
        """The engine ended it."""
        self.stop_reason = answered.stop_reason
        self.usage, self.confidence = answered.usage, answered.confidence
        self.context = answered.context

    def cut(self, stop_reason: StopReason) -> None:
        """It ended without the engine's word: an error, or a reader who left."""
        self.stop_reason = self.stop_reason or stop_reason

    def break_off(self, error: EdgeError | None, waited_s: float) -> None:
        """Nothing more comes of the cloud: it failed, or without an error it is late.

        Where nothing was heard for so long that is a wait as well, and what is
        expected grows by it.
        """
        failure = StopReason.CUT if self.said_something else StopReason.FAILED
        self.cut(failure if error else StopReason.CANCELLED)
        self.shown = self.said_something
        gave_up = isinstance(error, CloudError) and error.fault is CloudFault.TIMEOUT
        if not self.said_something and (error is None or gave_up):
            self.usage = replace(self.usage, ttft_s=waited_s)

    def attempt(self, n: int) -> Attempt:
        """What is kept of it."""
        assert self.stop_reason is not None
        spans = tuple(Span(channel, "".join(texts)) for channel, texts in self._pieces)
        return Attempt(
            n,
            self.decision,
            self.model,
            self.stop_reason,
            self.usage,
            self.confidence,
            spans,
            self.shown,
            self.context,
        )


@dataclass
class Shares:
    """The shares of a turn, in the order the engines began."""

    _shares: list[Share] = field(default_factory=list)
    _final: Share | None = None

    def begin(self, model: str, decision: Decision, label: Label) -> Share:
        """Another engine begins."""
        share = Share(model, decision, label)
        self._shares.append(share)
        self._final = share
        return share

    def stay_with(self, share: Share) -> None:
        """The reply is this share's after all: it was held back, and is shown now."""
        share.shown, self._final = True, share

    @property
    def shown(self) -> str:
        """The answer as the user has read it so far."""
        return "".join(share.answer for share in self._shares if share.shown)

    @property
    def label(self) -> Label:
        """Of the reply: the join of all its shown text was made from; of no text, public."""
        return Label.join(Label.PUBLIC, *(share.label for share in self._heard()))

    @property
    def by_device(self) -> bool:
        """Whether the device said some of what was shown."""
        return any(share.decision.target is Target.EDGE for share in self._heard())

    def _heard(self) -> list[Share]:
        return [share for share in self._shares if share.shown and share.said_something]

    @property
    def stop_reason(self) -> StopReason | None:
        """How the turn ended: as the share that has the last word; None before that."""
        return self._final.stop_reason if self._final else None

    def cut(self, stop_reason: StopReason) -> None:
        """End what has not ended."""
        for share in self._shares:
            share.cut(stop_reason)

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """What is kept of the turn; every share has ended."""
        return tuple(share.attempt(n) for n, share in enumerate(self._shares, start=1))
