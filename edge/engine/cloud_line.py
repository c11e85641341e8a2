"""Between the thread that talks to a cloud and the stream that listens: news, and leave to send."""

from __future__ import annotations

import queue
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from edge.core.say import say


@dataclass(frozen=True, slots=True)
class Connected:
    """The connection stands, and nothing has been sent: it waits for leave to."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A stream of events begins."""


@dataclass(frozen=True, slots=True)
class Said:
    """The data of one event."""

    data: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Something else than a stream of events, as much of it as is worth reading."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing more will come; `why` says what went wrong, and is empty at a clean end."""

    why: str = ""


News = Connected | Opened | Said | Refused | Ended


class HungUp(Exception):
    """Nobody listens any more; for the talking thread alone."""


class Line:
    """One connection, seen from both ends. Either end may be first to leave."""

    def __init__(self) -> None:
        self._news: queue.SimpleQueue[News | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._answer = threading.Event()
        self._asked = False
        self._left = False
        self._socket: socket.socket | None = None

    # The listening end.

    def receive(self, seconds: float) -> News | None:
        """The next news; None after this wait, or when somebody woke us."""
        try:
            return self._news.get(timeout=max(seconds, 0.0))
        except queue.Empty:
            return None

    def wake(self) -> None:
        """End a wait in `receive`, from any thread."""
        self._news.put(None)

    def allow(self) -> None:
        """Let the request leave."""
        self._answer.set()

    def leave(self) -> None:
        """Hang up: what was not sent never will be, and the thread ends soon."""
        with self._lock:
            self._left = True
            self._answer.set()
            if self._socket is not None:
                _shut(self._socket)

    # The talking end.

    def tell(self, news: News) -> None:
        """Say what happened."""
        self._news.put(news)

    def hold(self, connection: socket.socket) -> None:
        """The socket to shut when the other end leaves: a read cannot be interrupted otherwise."""
        with self._lock:
            self._socket = connection
            if self._left:
                _shut(connection)

    def ask_leave(self) -> None:
        """Return when the request may leave; raises HungUp where it never may."""
        if not self._asked:
            self._asked = True
            self.tell(Connected())
        self._answer.wait()
        with self._lock:
            if self._left:
                raise HungUp


def why_of(error: BaseException | None) -> str:
    """What broke a connection, by the kinds of error that lead to it.

    Never their texts: a library may put a header into one.
    """
    while error is not None:
        match error:
            case ssl.SSLCertVerificationError():
                return say("its certificate was refused ({why})", why=error.verify_message)
            case ssl.SSLError():
                return say("no secure connection could be made")
            case socket.gaierror():
                return say("its name is not known")
            case TimeoutError():
                return say("it did not answer in time")
            case OSError(strerror=str(reason)):
                return reason.lower()
        error = error.__cause__ or error.__context__
    return say("the connection was cut")


def _shut(connection: socket.socket) -> None:
    # That of the plain socket: a TLS one would first put its own state away, under
    # the hands of the thread that reads from it.
    with suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
