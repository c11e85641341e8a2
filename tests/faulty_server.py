"""A file host with faults, on real sockets: it cuts, stalls, lies and redirects as told.

    with FaultyServer(serving(payload)) as server:
        ...                                    # server.url, server.requests, server.sent_bytes

An `answer` function turns each request into a Reply; one connection, one reply.
"""

from __future__ import annotations

import contextlib
import random
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Asked:
    """One request as it came; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    n: int

    @property
    def begin(self) -> int:
        """Where the asked range begins; 0 without one."""
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("range", ""))
        return int(found[1]) if found else 0


@dataclass(frozen=True)
class Reply:
    """What to send, and what goes wrong: after `faulty_after` bytes of body, `fault` happens."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    fault: str = ""  # "fin", "rst" or "stall"
    faulty_after: int = 0
    chunked: bool = False  # no Content-Length: the end of the connection is the end


Answer = Callable[[Asked], Reply]


def some_bytes(count: int, seed: int) -> bytes:
    """Random bytes that open like a model and not like a web page."""
    return b"GGUF" + random.Random(seed).randbytes(count - 4)


def serving(
    payload: bytes,
    etag: str = '"one"',
    *,
    ranges: bool = True,
    linked: dict[str, str] | None = None,
) -> Answer:
    """A host that works; Range and If-Range as the standard has them."""

    def answer(asked: Asked) -> Reply:
        headers = {"ETag": etag, "Content-Type": "application/octet-stream", **(linked or {})}
        begin = asked.begin if ranges else 0
        if asked.headers.get("if-range", etag) != etag:
            begin = 0
        if begin >= len(payload):
            return Reply(416, headers)
        if not begin:
            return Reply(200, headers, payload)
        headers["Content-Range"] = f"bytes {begin}-{len(payload) - 1}/{len(payload)}"
        return Reply(206, headers, payload[begin:])

    return answer


def failing(answer: Answer, fault: str, after: Iterable[int]) -> Answer:
    """The first replies end in a fault, one for each of `after`; the later ones are whole."""
    cuts = list(after)

    def faulty(asked: Asked) -> Reply:
        reply = answer(asked)
        if asked.n >= len(cuts):
            return reply
        return replace(reply, fault=fault, faulty_after=cuts[asked.n])

    return faulty


def always(status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> Answer:
    """The same reply to everything."""
    return lambda _: Reply(status, headers or {}, body)


class FaultyServer:
    """Listens on a loopback port of its own; knows what was asked and how much it sent.

    `on_sent` hears, in the sending thread, how far into the file a reply has come;
    an OSError from it ends the reply.
    """

    def __init__(self, answer: Answer, on_sent: Callable[[Asked, int], None] | None = None) -> None:
        self.answer = answer
        self.on_sent = on_sent
        self.requests: list[Asked] = []
        self.sent_bytes = 0
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> FaultyServer:
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        # Closing does not wake an accept; a last caller does.
        socket.create_connection(("127.0.0.1", self.port)).close()
        for thread in [self._accepting, *self._threads]:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._closing.is_set():
                connection.close()
                return
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        # A client may leave at any time.
        with connection, contextlib.suppress(OSError):
            self._converse(connection)

    def _converse(self, connection: socket.socket) -> None:
        asked = self._read(connection)
        if asked is None:
            return
        reply = self.answer(asked)
        connection.sendall(_head(reply))
        body = b"" if asked.method == "HEAD" else reply.body
        self._send(connection, asked, body[: reply.faulty_after] if reply.fault else body)
        if reply.fault == "stall":
            self._closing.wait()
        if reply.fault == "rst":
            # Linger of zero seconds: close sends a reset and drops what is buffered.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _read(self, connection: socket.socket) -> Asked | None:
        head = b""
        while b"\r\n\r\n" not in head:
            piece = connection.recv(65536)
            if not piece:
                return None
            head += piece
        first, *lines = head.decode("latin-1").split("\r\n\r\n")[0].split("\r\n")
        method, path, _ = first.split(" ")
        headers = {key.lower(): value for key, value in (line.split(": ", 1) for line in lines)}
        with self._lock:
            asked = Asked(method, path, headers, len(self.requests))
            self.requests.append(asked)
        return asked

    def _send(self, connection: socket.socket, asked: Asked, body: bytes) -> None:
        rest = memoryview(body)
        while rest:
            sent = connection.send(rest[:16384])
            rest = rest[sent:]
            with self._lock:
                self.sent_bytes += sent
            if self.on_sent:
                self.on_sent(asked, asked.begin + len(body) - len(rest))


def _head(reply: Reply) -> bytes:
    headers = {"Connection": "close", **reply.headers}
    if not reply.chunked:
        headers.setdefault("Content-Length", str(len(reply.body)))
    lines = [f"HTTP/1.1 {reply.status} as told", *(f"{k}: {v}" for k, v in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
