"""Short ways to ask a cloud engine, and to see what it did."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field, replace
from decimal import Decimal

from cloud_server import MODEL
from edge.core.cloud import Deadlines, Permit, Provider, Reservation, Secret, Sent
from edge.core.errors import CloudError
from edge.core.event import Channel, Delta
from edge.core.message import Cleared, Label, Message, Role
from edge.core.spec import Sampling
from edge.core.units import Money
from edge.engine.cloud import CloudEngine
from edge.engine.protocol import Answered, CloudRequest, EngineEvent

KEY = Secret("sk-canary-0123456789abcdef")
MOST = Money(Decimal("0.25"), "CNY")
# Long waits, so that a busy machine ends none of them; a test of one shortens that one.
PATIENT = Deadlines(connect_s=60, first_byte_s=60, gap_s=60, total_s=120)
NO_CONNECTION = replace(PATIENT, connect_s=0.3)
NO_WORD = replace(PATIENT, first_byte_s=0.3)
NO_MORE = replace(PATIENT, gap_s=1.0)


class Book:
    """A SendLog in memory."""

    def __init__(self) -> None:
        self.rows: list[Sent] = []

    def sending(self, sent: Sent) -> None:
        self.rows.append(sent)


def permit(*texts: str, reservation_id: int = 7) -> Permit:
    """Leave to send a talk of these texts, the user's first, then in turns."""
    roles = (Role.USER, Role.ASSISTANT)
    messages = [Message(roles[at % 2], text, Label.PUBLIC) for at, text in enumerate(texts)]
    cleared = Cleared(tuple(messages), ("turn-1",))
    return Permit(cleared, Reservation(reservation_id, "turn-1", MOST))


def how(deadlines: Deadlines = PATIENT, **changes: object) -> CloudRequest:
    """A request for at most 64 tokens."""
    fields = {"sampling": Sampling(temperature=0, max_tokens=64), "deadlines": deadlines}
    return CloudRequest(MODEL, **{**fields, **changes})  # type: ignore[arg-type]


def engine_for(
    provider: Provider, key: Secret | None = KEY, book: Book | None = None
) -> CloudEngine:
    return CloudEngine(provider, key, book or Book())


@dataclass
class Heard:
    """What one question brought: events, then an answer or an error; and what was written down."""

    events: list[EngineEvent] = field(default_factory=list)
    error: CloudError | None = None
    rows: list[Sent] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The answer that was shown."""
        return text_of(self.events)

    @property
    def reasoning(self) -> str:
        return text_of(self.events, Channel.REASONING)

    @property
    def answer(self) -> Answered:
        """How it ended, where it ended well."""
        assert self.error is None, self.error
        assert isinstance(self.events[-1], Answered)
        return self.events[-1]

    @property
    def failure(self) -> CloudError:
        """How it ended, where it did not."""
        assert self.error is not None, self.events
        return self.error

    @property
    def ending(self) -> tuple[type[CloudError], str]:
        """The class and the fault of its error."""
        return type(self.failure), self.failure.fault.value


def ask(
    provider: Provider,
    request: CloudRequest | None = None,
    *texts: str,
    key: Secret | None = KEY,
) -> Heard:
    """One question to its end, whichever that is."""
    heard, book = Heard(), Book()
    heard.rows = book.rows
    with closing(engine_for(provider, key, book)) as engine:
        try:
            for event in engine.stream(permit(*(texts or ("hi",))), request or how()):
                heard.events.append(event)
        except CloudError as error:
            heard.error = error
    return heard


def text_of(events: Iterable[EngineEvent], channel: Channel = Channel.ANSWER) -> str:
    """What was shown on a channel."""
    return "".join(
        each.text for each in events if isinstance(each, Delta) and each.channel is channel
    )
