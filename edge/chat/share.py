"""What one engine contributes to a turn, gathered while it streams."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.core.decision import Decision
from edge.core.event import (
    Attempt,
    Channel,
    Confidence,
    Delta,
    Notice,
    Progress,
    Span,
    StopReason,
    Usage,
)
from edge.engine.protocol import Answered

_UNKNOWN_USAGE = Usage(0, 0, 0, 0.0, 0.0, 0.0)


@dataclass
class Share:
    """The text shown so far and, once it is over, how it ended. Recorded once."""

    model: str
    decision: Decision
    stop_reason: StopReason | None = None
    usage: Usage = _UNKNOWN_USAGE
    confidence: Confidence | None = None
    recorded: bool = False
    _pieces: list[tuple[Channel, list[str]]] = field(default_factory=list)

    def add(self, event: Delta | Progress | Notice) -> None:
        """Keep the text of a Delta; neighbours on one channel become one span."""
        if not isinstance(event, Delta):
            return
        if not self._pieces or self._pieces[-1][0] is not event.channel:
            self._pieces.append((event.channel, []))
        self._pieces[-1][1].append(event.text)

    def finish(self, answered: Answered) -> Share:
        """The engine ended it."""
        self.stop_reason = answered.stop_reason
        self.usage, self.confidence = answered.usage, answered.confidence
        return self

    def cut(self, stop_reason: StopReason) -> Share:
        """It ended without the engine's word: an error, or a reader who left."""
        self.stop_reason = self.stop_reason or stop_reason
        return self

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """The one attempt, or none when it ended before anything was shown or measured."""
        assert self.stop_reason is not None
        spans = tuple(Span(channel, "".join(texts)) for channel, texts in self._pieces)
        if not spans and self.usage is _UNKNOWN_USAGE:
            return ()
        return (
            Attempt(
                1, self.decision, self.model, self.stop_reason, self.usage, self.confidence, spans
            ),
        )
