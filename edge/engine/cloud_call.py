"""One call to a cloud as its listener lives it: every wait has an end, and every end is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from edge.core.cloud import Deadlines
from edge.core.errors import CloudFault, CloudUnavailable
from edge.core.event import Phase, Progress, StopReason
from edge.core.say import say
from edge.engine.cloud_faults import Asked, error_of, page_error, refusal_of
from edge.engine.cloud_line import Connected, Ended, Line, News, Opened, Refused, Said
from edge.engine.cloud_stream import CloudReply
from edge.engine.protocol import EngineEvent

_BEAT_S = 0.02  # how often a listener who waits is heard of


class Waits:
    """How long the present wait may still take, on a monotonic clock."""

    def __init__(self, deadlines: Deadlines, now_s: float) -> None:
        self._deadlines = deadlines
        self._began_at = now_s
        self._until = now_s
        self.begin(deadlines.connect_s, now_s)

    def begin(self, most_s: float, now_s: float) -> None:
        """Something happened; the next thing has this long, and the total bounds it."""
        self._until = min(now_s + most_s, self._began_at + self._deadlines.total_s)

    def left_s(self, now_s: float) -> float:
        """Seconds until it is given up."""
        return self._until - now_s

    def waited_s(self, now_s: float) -> float:
        """Seconds since the call began."""
        return now_s - self._began_at

    def progress(self, now_s: float) -> Progress:
        """Milliseconds since the call began, of those after which the present wait is given up."""
        done_ms = round(self.waited_s(now_s) * 1000)
        return Progress(Phase.CLOUD, done_ms, round((self._until - self._began_at) * 1000))


class Call:
    """Listens to a line until the reply is whole, broken or no longer wanted.

    `write_down` is called when the connection stands and before a byte of the
    request leaves; where it raises, nothing leaves.
    """

    def __init__(
        self,
        line: Line,
        asked: Asked,
        deadlines: Deadlines,
        write_down: Callable[[], None],
        unwanted: Callable[[], bool],
    ) -> None:
        now_s = time.monotonic()
        self._line = line
        self._asked = asked
        self._deadlines = deadlines
        self._write_down = write_down
        self._unwanted = unwanted
        self._waits = Waits(deadlines, now_s)
        self._reply = CloudReply(asked, now_s)
        self._sent = self._opened = self._heard = False

    def events(self) -> Iterator[EngineEvent]:
        """What the cloud says, and Progress while it says nothing; raises a CloudError."""
        while not self._reply.over:
            now_s = time.monotonic()
            if self._unwanted():
                break
            news = self._line.receive(min(_BEAT_S, self._waits.left_s(now_s)))
            now_s = time.monotonic()
            if news is not None:
                yield from self._take(news, now_s)
            elif self._waits.left_s(now_s) <= 0:
                self._too_late(now_s)
            else:
                yield self._waits.progress(now_s)
        yield from self._end()

    def _take(self, news: News, now_s: float) -> Iterator[EngineEvent]:
        match news:
            case Connected():
                self._send(now_s)
            case Opened():
                self._opened = True
            case Said(data):
                self._heard = True
                self._waits.begin(self._deadlines.gap_s, now_s)
                yield from self._reply.feed(data, now_s)
            case Refused():
                self._refused(news)
            case Ended(why):
                self._ended(why)

    def _send(self, now_s: float) -> None:
        if self._unwanted():
            return
        self._write_down()
        if self._unwanted():  # the row took its time; it says what was meant to leave
            return
        self._sent = True
        self._waits.begin(self._deadlines.first_byte_s, now_s)
        self._line.allow()

    def _refused(self, news: Refused) -> None:
        refusal = refusal_of(news.status, news.body, news.headers, datetime.now(UTC))
        if refusal.is_filter:
            self._reply.finish, self._reply.over = StopReason.FILTERED, True
        elif news.status == 200 and not refusal.code:
            page = news.headers.get("content-type", "").startswith("text/html")
            raise (
                page_error(self._asked) if page else self._reply.incomplete(say("it is no stream"))
            )
        else:
            raise error_of(refusal, self._asked)

    def _ended(self, why: str) -> None:
        """The connection is gone: which is the end of a whole answer, and of no other."""
        self._reply.over = True
        if self._reply.finish is not None:
            return
        if not self._sent:
            raise self._unreached(why)
        if not self._opened:
            raise self._unavailable(say("gave no answer: {why}", why=why), CloudFault.BROKEN)
        raise self._reply.incomplete(why or say("it ended without a finish reason"))

    def _too_late(self, now_s: float) -> None:
        """A wait is over; where the answer was whole already, only its count is missing."""
        waited = f"{self._waits.waited_s(now_s):.1f} s"
        self._reply.over = True
        if self._reply.finish is not None:
            return
        if not self._sent:
            raise self._unreached(say("no connection within {waited}", waited=waited))
        if not self._heard:
            raise self._unavailable(
                say("said nothing within {waited}", waited=waited), CloudFault.TIMEOUT
            )
        in_all = self._waits.waited_s(now_s) >= self._deadlines.total_s
        raise self._reply.incomplete(
            say("not at its end after {waited}", waited=waited)
            if in_all
            else say("silence of {seconds:g} s", seconds=self._deadlines.gap_s),
            CloudFault.TIMEOUT if in_all else CloudFault.BROKEN,
        )

    def _unreached(self, why: str) -> CloudUnavailable:
        error = self._unavailable(say("cannot be reached: {why}", why=why), CloudFault.UNREACHABLE)
        error.hint = say("check the network, then: edge cloud test")
        return error

    def _unavailable(self, what: str, fault: CloudFault) -> CloudUnavailable:
        hint = say("send it again, or: edge cloud test")
        return CloudUnavailable(f"{self._asked.who} {what}", fault=fault, hint=hint)

    def _end(self) -> Iterator[EngineEvent]:
        reason, now_s = self._reply.finish, time.monotonic()
        if reason is None:
            if not self._unwanted():  # [DONE], and no word of why
                raise self._reply.incomplete(say("it ended without a finish reason"))
            reason = StopReason.CANCELLED
        yield from self._reply.end(reason, now_s)
