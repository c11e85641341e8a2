"""One question over HTTP with bounded waits; the only module of this room that imports httpx2.

A token stays with the origin it was given for, redirects are followed at most
five times and never from https to http, and nothing is ever unpacked.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import httpx2

from edge.core.errors import NetworkError
from edge.core.say import say
from edge.models.sources import Address, Cut, Patience, Unreachable

MAX_REDIRECTS = 5
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a source said: the status, the headers (any case), and the body as it arrives."""

    status: int
    headers: Mapping[str, str]
    pieces: Iterator[bytes]


class Wire:
    """Asks sources, within the waits of its `patience`. Proxies are the environment's."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        try:
            self._client = httpx2.Client(
                timeout=httpx2.Timeout(patience.stall_s, connect=patience.connect_s),
                follow_redirects=False,
                headers={"User-Agent": "edge-qwen", "Accept-Encoding": "identity"},
            )
        except (ImportError, ValueError, httpx2.InvalidURL) as cause:
            raise NetworkError(
                say("the proxy settings cannot be used: {cause}", cause=cause),
                hint=say("check HTTPS_PROXY, ALL_PROXY"),
            ) from cause
        except OSError as cause:  # ssl.SSLError is one
            raise NetworkError(
                say("the certificates to trust cannot be read: {why}", why=_short(cause)),
                hint=say("check SSL_CERT_FILE, SSL_CERT_DIR"),
            ) from cause

    def close(self) -> None:
        """End all connections."""
        self._client.close()

    @contextmanager
    def ask(
        self, method: str, address: Address, headers: Mapping[str, str], *, stop_at: str = ""
    ) -> Iterator[Answer]:
        """The answer to one question, redirects followed until one carries the header `stop_at`.

        Raises Unreachable, Cut, or NetworkError for a redirect that is refused.
        """
        response = self._walk(method, address, headers, stop_at)
        try:
            yield Answer(response.status_code, response.headers, _pieces(response))
        finally:
            response.close()

    def _walk(
        self, method: str, address: Address, headers: Mapping[str, str], stop_at: str
    ) -> httpx2.Response:
        url = start = _parse(address.url)
        for _ in range(MAX_REDIRECTS + 1):
            response = self._send(method, url, {**headers, **_credentials(address, start, url)})
            if not response.has_redirect_location or (stop_at and stop_at in response.headers):
                return response
            response.close()
            url = next_hop(url, response.headers["location"])
        raise NetworkError(
            say("redirected more than {max_redirects} times", max_redirects=MAX_REDIRECTS)
        )

    def _send(self, method: str, url: httpx2.URL, headers: Mapping[str, str]) -> httpx2.Response:
        """Send in a thread of its own.

        The client bounds each address it tries and not the look-up of the name;
        a host with many dead addresses, or a dead resolver, could take minutes.
        """
        connected = threading.Event()
        outcome: queue.SimpleQueue[httpx2.Response | Exception] = queue.SimpleQueue()

        def watch(event: str, _: object) -> None:
            if event.endswith("send_request_headers.started"):
                connected.set()

        def send() -> None:
            try:
                request = self._client.build_request(
                    method, url, headers=headers, extensions={"trace": watch}
                )
                outcome.put(self._client.send(request, stream=True))
            except Exception as error:  # handed to the asking thread, which raises it
                outcome.put(error)
            connected.set()

        threading.Thread(target=send, daemon=True).start()
        if not connected.wait(self._patience.connect_s):
            raise Unreachable(
                say("no connection within {seconds:g} s", seconds=self._patience.connect_s)
            )
        try:
            answer = outcome.get(timeout=self._patience.stall_s)
        except queue.Empty:
            raise Cut(say("no answer for {seconds:g} s", seconds=self._patience.stall_s)) from None
        if isinstance(answer, Exception):
            raise _ours(answer, self._patience) from answer
        return answer


def _pieces(response: httpx2.Response) -> Iterator[bytes]:
    """The body as sent, never unpacked: a small answer must not become a large file."""
    try:
        yield from response.iter_raw()
    except httpx2.TimeoutException as cause:
        raise Cut(say("stalled")) from cause
    except httpx2.TransportError as cause:
        raise Cut(say("the connection was cut")) from cause


def _credentials(address: Address, start: httpx2.URL, url: httpx2.URL) -> dict[str, str]:
    same_origin = (url.scheme, url.host, url.port) == (start.scheme, start.host, start.port)
    if address.token is None or not same_origin or not _private(url):
        return {}
    return {"Authorization": f"Bearer {address.token}"}


def _private(url: httpx2.URL) -> bool:
    """Whether nobody on the way can read or change what is said."""
    return url.scheme == "https" or url.host in _LOOPBACK


def next_hop(url: httpx2.URL, location: str) -> httpx2.URL:
    """Where a redirect leads; raises NetworkError if it leaves the web or its protection."""
    target = url.join(_parse(location))
    if target.scheme not in ("http", "https"):
        raise NetworkError(
            say("redirected to {scheme!r}, which is not the web", scheme=target.scheme)
        )
    if url.scheme == "https" and not _private(target):
        raise NetworkError(say("redirected from https to plain http at {host}", host=target.host))
    return target


def _parse(text: str) -> httpx2.URL:
    try:
        return httpx2.URL(text)
    except httpx2.InvalidURL as cause:
        raise NetworkError(say("{text!r} is not an address", text=text[:120])) from cause


def _ours(error: Exception, patience: Patience) -> NetworkError:
    """What a failed request means to us."""
    match error:
        case httpx2.ConnectTimeout():
            return Unreachable(
                say("no connection within {seconds:g} s", seconds=patience.connect_s)
            )
        case httpx2.ConnectError() | httpx2.ProxyError():
            return Unreachable(say("no connection ({why})", why=_short(error)))
        case httpx2.TimeoutException():
            return Cut(say("no answer for {seconds:g} s", seconds=patience.stall_s))
        case httpx2.TransportError():
            return Cut(say("the connection was cut before an answer"))
        case _:
            return NetworkError(say("cannot be asked ({why})", why=_short(error)))


def _short(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:120]
