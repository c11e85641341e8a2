"""A cloud that answers, lies, stalls and breaks as told: HTTP and SSE on raw loopback sockets.

    with CloudServer(reply("Hello!")) as server:
        ...                              # server.provider(), server.base_url
    assert server.requests[0].json["messages"][-1]["content"] == "hi"

Each request takes the next script, and the last one repeats; `server.says(...)`
sets new ones. A script is what to do once the request is read: a list of steps
(`Send`, `Sleep`, `Stall`, `Reset`), after which the connection is closed. The
ready-made ones below cover an answer and every way not to give it:

    reply("你好", chunks=["你", "好"], reasoning="hm", usage=(12, 4))
    stalled("Hello!", after=2)           cut("Hello!", after=2, reset=True)
    malformed("Hello!", count=3)         split_characters("你好")
    without_finish("Hel")                done_alone()
    wrong_usage("Hi")                    other_model("Hi", "qwen-max")
    filtered("Hel")                      broken_off("Hel", "InternalError")
    error(429, "Throttling", retry_after="7")     html(), redirect("http://…")
    slow_headers(0.5), slow_first_byte(0.5), silent(), hung_up()

Faults below HTTP are places to ask: `refused_url()`, `black_hole()`, `no_names()`,
`slow_names()`, and `CloudServer(..., tls=Tls("expired"))`.

Everything any connection ever brought is in `server.heard`, also what was no
request: search it for what must not leave.
"""

from __future__ import annotations

import json
import socket
import ssl
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest.mock import patch

import trustme

from edge.core.cloud import Dialect, Provider

MODEL = "qwen-plus"


# Steps.


@dataclass(frozen=True)
class Send:
    """These bytes, in one write."""

    data: bytes


@dataclass(frozen=True)
class Sleep:
    """Nothing for a while; ends early when the server does."""

    seconds: float


@dataclass(frozen=True)
class Stall:
    """Nothing, until the client leaves or the server ends."""


@dataclass(frozen=True)
class Reset:
    """The connection breaks (RST) and does not end (FIN)."""


Step = Send | Sleep | Stall | Reset


@dataclass(frozen=True)
class Seen:
    """One request as it came."""

    head: bytes
    body: bytes

    @property
    def raw(self) -> bytes:
        return self.head + self.body

    @cached_property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def line(self) -> str:
        """Method, path and version."""
        return self.head.decode("latin-1").splitlines()[0]

    @cached_property
    def headers(self) -> dict[str, str]:
        """By their names in lower case."""
        pairs = (
            line.split(":", 1) for line in self.head.decode("latin-1").splitlines()[1:] if line
        )
        return {name.strip().lower(): value.strip() for name, value in pairs}

    @property
    def model(self) -> str:
        """The model asked for; a name of ours where the body is none of ours."""
        with suppress(ValueError):
            return str(self.json.get("model", MODEL))
        return MODEL


Script = Callable[[Seen], Sequence[Step]]


# Answers.


@dataclass(frozen=True)
class Stream:
    """A streamed answer, and what goes wrong with it.

    `fault` happens instead of everything after so many chunks of text, and
    `extra` is sent raw before the chunk of that number.
    """

    chunks: Sequence[str]
    reasoning: str = ""
    usage: dict[str, Any] | None = None
    model: str | None = None  # None: the one asked for
    finish: str | None = "stop"
    done: bool = True
    newline: str = "\n"
    colon: str = ": "
    pause_s: float = 0.0
    chunked: bool = True
    fault: Step | None = None
    after: int = 0
    extra: dict[int, bytes] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """All the answer says, were it whole."""
        return "".join(self.chunks)

    def __call__(self, seen: Seen) -> list[Step]:
        steps: list[Step] = [Send(self.head())]
        for data in self.events(seen):
            if isinstance(data, bytes):
                steps.append(self.written(data))
            else:
                steps.append(data)
                if isinstance(data, Stall | Reset):
                    return steps
        if self.fault is None and self.chunked:
            steps.append(Send(b"0\r\n\r\n"))
        return steps

    def head(self) -> bytes:
        headers = {"Content-Type": "text/event-stream; charset=utf-8", "Connection": "close"}
        if self.chunked:
            headers["Transfer-Encoding"] = "chunked"
        return head(200, {**headers, "X-Request-Id": "0f1e2d3c-loopback"})

    def written(self, data: bytes) -> Send:
        return Send(b"%x\r\n%s\r\n" % (len(data), data) if self.chunked else data)

    def events(self, seen: Seen) -> Iterator[bytes | Step]:
        """The bytes of each event, and the steps between."""
        model = self.model or seen.model
        if self.reasoning:
            yield self.event(chunk(model, {"reasoning_content": self.reasoning}))
        for at, text in enumerate([*self.chunks, None]):
            if self.fault is not None and at == self.after:
                yield self.fault
                return
            if at in self.extra:
                yield self.extra[at]
            if text is not None:
                if self.pause_s:
                    yield Sleep(self.pause_s)
                yield self.event(chunk(model, {"content": text}))
        if self.finish is not None:
            yield self.event(chunk(model, {}, self.finish))
        if self.usage is not None:
            yield self.event({"model": model, "choices": [], "usage": self.usage})
        if self.done:
            yield self.event("[DONE]")

    def event(self, told: object) -> bytes:
        data = told if isinstance(told, str) else json.dumps(told, ensure_ascii=False)
        return f"data{self.colon}{data}{self.newline}{self.newline}".encode()


def reply(
    text: str = "",
    *,
    chunks: Sequence[str] | None = None,
    usage: tuple[int, int] | dict[str, Any] | None = (12, 4),
    **manner: Any,
) -> Stream:
    """A whole answer; a chunk a character unless told. `usage`: tokens of prompt and reply."""
    if isinstance(usage, tuple):
        usage = {
            "prompt_tokens": usage[0],
            "completion_tokens": usage[1],
            "total_tokens": sum(usage),
            "prompt_tokens_details": {"cached_tokens": usage[0] // 3},
        }
    return Stream(list(text) if chunks is None else chunks, usage=usage, **manner)


def stalled(text: str, *, after: int) -> Stream:
    """Silence after so many chunks."""
    return reply(text, fault=Stall(), after=after)


def cut(text: str, *, after: int, reset: bool = False, chunked: bool = True) -> Stream:
    """The connection ends, or breaks, after so many chunks."""
    return reply(text, fault=Reset() if reset else Sleep(0), after=after, chunked=chunked)


def malformed(text: str, *, count: int = 1) -> Stream:
    """Events that are no JSON, before the second chunk; the answer goes on behind them."""
    return reply(text, extra={1: b'data: {"choices": [{"delta"\n\n' * count})


def split_characters(text: str) -> Script:
    """A whole answer whose bytes come one by one."""
    return lambda seen: [
        step if not isinstance(step, Send) else Send(bytes([byte]))
        for step in reply(chunks=[text], chunked=False)(seen)
        for byte in (step.data if isinstance(step, Send) else b"-")
    ]


def without_finish(text: str) -> Stream:
    """[DONE] at the end, and no word of why."""
    return reply(text, finish=None)


def done_alone() -> Stream:
    """[DONE] and nothing else."""
    return reply("", finish=None, usage=None)


def wrong_usage(text: str) -> Stream:
    """Counts that cannot be."""
    return reply(text, usage={"prompt_tokens": -3, "completion_tokens": "many"})


def other_model(text: str, model: str = "qwen-max") -> Stream:
    """Another model answers than was asked."""
    return reply(text, model=model)


def filtered(text: str) -> Stream:
    """The content filter ends the answer."""
    return reply(text, finish="content_filter")


def broken_off(text: str, code: str, *, dashscope: bool = False) -> Stream:
    """An error as an event, after the text, in an answer that began well."""
    told = {"code": code, "message": "secret words", "request_id": "r-1"}
    data = json.dumps(told if dashscope else {"error": told})
    return reply(text, extra={len(text): f"event: error\ndata: {data}\n\n".encode()}, finish=None)


# No answers.


def error(
    status: int,
    code: str | int | None = None,
    *,
    retry_after: str | None = None,
    message: str = "secret words",
    dashscope: bool = False,
) -> Script:
    """A refusal in the provider's own form, of OpenAI or of DashScope."""
    told = {"message": message, "type": "some_error", "param": None, "code": code}
    own = {"code": code, "message": message, "request_id": "7574ee8f-38a3-4b1e-9280-11c33ab46e51"}
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return raw(status, json.dumps(own if dashscope else {"error": told}), headers)


def html(status: int = 200) -> Script:
    """A page, as the login of a hotel's network sends it."""
    return raw(status, "<html><body>Welcome!</body></html>", kind="text/html; charset=utf-8")


def redirect(to: str, status: int = 307) -> Script:
    """Somewhere else."""
    return raw(status, "", {"Location": to})


def slow_headers(seconds: float, then: Script | None = None) -> Script:
    """No word before so long."""
    return lambda seen: [Sleep(seconds), *(then or reply("late"))(seen)]


def slow_first_byte(seconds: float, then: Stream | None = None) -> Script:
    """Headers at once, and no event before so long."""

    def script(seen: Seen) -> list[Step]:
        first, *rest = (then or reply("late"))(seen)
        return [first, Sleep(seconds), *rest]

    return script


def silent() -> Script:
    """Reads the request and never says a word."""
    return lambda _: [Stall()]


def hung_up(*, reset: bool = False) -> Script:
    """Reads the request and ends the connection."""
    return lambda _: [Reset()] if reset else []


def raw(
    status: int,
    body: str | bytes,
    headers: dict[str, str] | None = None,
    *,
    kind: str = "application/json",
) -> Script:
    """Any answer at all."""
    data = body.encode() if isinstance(body, str) else body
    about = {"Content-Type": kind, "Content-Length": str(len(data)), "Connection": "close"}
    return lambda _: [Send(head(status, {**about, **(headers or {})}) + data)]


def head(status: int, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} as told", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def chunk(model: str, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    """One event of a streamed chat completion."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "model": model,
        "choices": [choice],
    }


# Places that cannot be asked.


def refused_url() -> str:
    """An address where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/v1"


@contextmanager
def black_hole() -> Iterator[str]:
    """An address that swallows every attempt to connect: a listener whose queue is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        fillers = [socket.socket() for _ in range(4)]
        for each in fillers:
            each.setblocking(False)
            each.connect_ex(listener.getsockname())
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        finally:
            for each in fillers:
                each.close()


@contextmanager
def no_names() -> Iterator[str]:
    """An address whose name nobody knows; no resolver is asked."""

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with patch("socket.getaddrinfo", unknown):
        yield "https://cloud.invalid/v1"


@contextmanager
def slow_names(known: str = "") -> Iterator[str]:
    """An address whose resolver does not answer before the block ends, and then knows it or not."""
    over = threading.Event()
    resolve = socket.getaddrinfo

    def waits(_: object, *rest: Any, **named: Any) -> Any:
        over.wait(30)
        if not known:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return resolve(known, *rest, **named)

    with patch("socket.getaddrinfo", waits):
        try:
            yield "https://cloud.invalid/v1"
        finally:
            over.set()


class Tls:
    """A certificate of a test authority: "good", "expired", "wrong host", or "unknown" to all."""

    def __init__(self, kind: str = "good") -> None:
        authority = trustme.CA()
        names = ["elsewhere.example"] if kind == "wrong host" else ["127.0.0.1", "localhost"]
        now = datetime.now(UTC)
        times = {"not_before": now - timedelta(9), "not_after": now - timedelta(1)}
        issued = authority.issue_cert(*names, **(times if kind == "expired" else {}))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        issued.configure_cert(self.context)
        known = trustme.CA() if kind == "unknown" else authority
        self._folder = tempfile.TemporaryDirectory()
        self.ca_file = str(Path(self._folder.name) / "ca.pem")
        known.cert_pem.write_to_path(self.ca_file)

    def close(self) -> None:
        self._folder.cleanup()


# The server.


class CloudServer:
    """Listens on a loopback port of its own; see the head of this module."""

    def __init__(self, *scripts: Script, tls: Tls | None = None) -> None:
        self._scripts = list(scripts) or [reply("Hello!")]
        self._tls = tls
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        self._last_caller: tuple[str, int] | None = None
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self.requests: list[Seen] = []
        self.heard = bytearray()  # within TLS, what came through it
        self.n_connections = 0

    @property
    def base_url(self) -> str:
        scheme = "https" if self._tls else "http"
        return f"{scheme}://127.0.0.1:{self.port}/v1"

    def provider(self, dialect: Dialect = Dialect.DASHSCOPE, **changes: Any) -> Provider:
        """This server as a provider named "loopback", that knows the model MODEL."""
        fields = {"ca_file": self._tls.ca_file if self._tls else None, "models": (MODEL,)}
        return Provider("loopback", self.base_url, dialect, **{**fields, **changes})

    def says(self, *scripts: Script) -> None:
        """What to answer from now on."""
        with self._lock:
            self._scripts = list(scripts)

    def __enter__(self) -> CloudServer:
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Closing does not wake an accept; a last caller does, behind all who came before.
        with socket.socket() as last:
            last.bind(("127.0.0.1", 0))
            self._last_caller = last.getsockname()
            self._closing.set()
            last.connect(("127.0.0.1", self.port))
            self._accepting.join()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()
        if self._tls:
            self._tls.close()

    def _accept(self) -> None:
        while True:
            connection, caller = self._listener.accept()
            if caller == self._last_caller:
                connection.close()
                return
            self.n_connections += 1
            thread = threading.Thread(target=self._serve, args=[connection], daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, plain: socket.socket) -> None:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(OSError), closing(self._secured(plain)) as connection:  # a client may leave
            with self._lock:
                self._open.add(connection)
                if self._closing.is_set():  # who came last is heard out, but not for ever
                    connection.settimeout(1)
            try:
                if (seen := self._read(connection)) is not None:
                    self._play(connection, self._next(seen)(seen))
            finally:
                with self._lock:
                    self._open.discard(connection)

    def _secured(self, plain: socket.socket) -> socket.socket:
        if self._tls is None:
            return plain
        plain.settimeout(10)
        try:
            secured = self._tls.context.wrap_socket(plain, server_side=True)
        except OSError:
            plain.close()
            raise
        secured.settimeout(None)
        return secured

    def _next(self, seen: Seen) -> Script:
        with self._lock:
            self.requests.append(seen)
            return self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]

    def _read(self, connection: socket.socket) -> Seen | None:
        """The request; None where the client left before it was whole."""
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            if not (piece := self._receive(connection)):
                return None
            data += piece
        top, body = data[: end + 4], data[end + 4 :]
        length = int(Seen(top, b"").headers.get("content-length", "0"))
        while len(body) < length:
            if not (piece := self._receive(connection)):
                return None
            body += piece
        return Seen(top, body)

    def _receive(self, connection: socket.socket) -> bytes:
        piece = connection.recv(65536)
        with self._lock:
            self.heard += piece
        return piece

    def _play(self, connection: socket.socket, steps: Sequence[Step]) -> None:
        for step in steps:
            match step:
                case Send(data):
                    connection.sendall(data)
                case Sleep(seconds):
                    if self._closing.wait(seconds):
                        return
                case Stall():
                    while self._receive(connection):
                        pass
                case Reset():
                    linger = struct.pack("ii", 1, 0)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    return
        with suppress(OSError):
            socket.socket.shutdown(connection, socket.SHUT_WR)
