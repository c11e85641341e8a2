"""CloudEngine: the one door by which text leaves; one send per call, on a Permit, never on strings.

The only module of this room that imports httpx2. Redirects, proxies, cookies and
whatever the environment says are not followed, and what the libraries would log
of a call is dropped: it may hold an answer.
"""

from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Generator, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import httpx2

from edge.core.cloud import Deadlines, Dialect, Permit, Provider, Secret, Sent, is_this_machine
from edge.core.errors import CloudAuth, CloudFault, UsageError
from edge.core.say import say
from edge.core.units import KIB, MIB, show_bytes
from edge.engine.cloud_call import Call
from edge.engine.cloud_faults import Asked
from edge.engine.cloud_line import Ended, HungUp, Line, Opened, Refused, Said, why_of
from edge.engine.cloud_request import body_of, sent_of
from edge.engine.protocol import CloudRequest, EngineEvent, SendLog

MOST_EVENT_BYTES = MIB
MOST_ANSWER_BYTES = 64 * MIB  # 130,000 tokens, each an event of its own, are 40 MB
MOST_REFUSAL_BYTES = 64 * KIB
_THREAD = "edge-cloud"
_LOGGERS = ("httpx2", "httpcore2.connection", "httpcore2.http11", "httpcore2.proxy")


class _Unheard(logging.Filter):
    """Drops what is logged in the threads that talk, and leaves other users of a library theirs."""

    def filter(self, record: logging.LogRecord) -> bool:
        # Not the record's own name of its thread: that is missing where logThreads is off.
        return threading.current_thread().name != _THREAD


_unheard = _Unheard()


class CloudEngine:
    """Asks one provider, as `engine.protocol.CloudSide`. Any number of streams at once.

    Raises UsageError for an address that is not https (or http to this machine).
    """

    def __init__(self, provider: Provider, key: Secret | None, log: SendLog) -> None:
        self._provider = provider
        self._url = address_of(provider)
        self._key = key
        self._log = log
        self._trust: ssl.SSLContext | None = None
        self._lines: set[Line] = set()
        self._closed = False
        for name in _LOGGERS:
            logging.getLogger(name).addFilter(_unheard)

    def stream(self, permit: Permit, request: CloudRequest) -> Generator[EngineEvent, None, None]:
        """Send once and answer; closing the iterator cancels. Raises a CloudError.

        The SendLog is called once the connection stands and before a byte leaves:
        where it was not called, nothing was sent. Raises RuntimeError for a permit
        that was used.
        """
        body = body_of(permit.spend(), request, self._provider.dialect)
        place = (self._url.netloc.decode("ascii"), self._provider.name)  # where it really goes
        sent = sent_of(permit, body, place, request.model)
        letter = _Letter(self._url, self._headers(), body, request.deadlines, self._trusted())
        line = Line()
        self._lines.add(line)
        request.cancel.on_set(line.wake)
        try:
            call = Call(
                line,
                Asked(self._provider, request.model, self._key),
                request.deadlines,
                write_down=lambda: self._write_down(permit, sent),
                unwanted=lambda: self._closed or request.cancel.requested or permit.revoked(),
            )
            # Daemon: a look-up of a name cannot be interrupted, and nobody waits for it.
            threading.Thread(target=letter.post, args=[line], daemon=True, name=_THREAD).start()
            yield from call.events()
        finally:
            line.leave()
            self._lines.discard(line)

    def _write_down(self, permit: Permit, sent: Sent) -> None:
        self._log.sending(sent)
        permit.used = True

    def close(self) -> None:
        """End every stream as cancelled; a second call does nothing."""
        self._closed = True
        for line in tuple(self._lines):
            line.wake()

    def _headers(self) -> dict[str, str]:
        if self._key is None:
            if self._provider.dialect is Dialect.DASHSCOPE:
                raise self._no_key(
                    say("there is no key for {provider!r}", provider=self._provider.name)
                )
            return {}
        if not (self._key.reveal().isascii() and self._key.reveal().isprintable()):
            raise self._no_key(
                say("{key!r} is no key: keys are of plain letters and digits", key=self._key)
            )
        return {"Authorization": f"Bearer {self._key.reveal()}"}

    def _no_key(self, why: str) -> CloudAuth:
        return CloudAuth(why, fault=CloudFault.AUTH, hint="edge cloud login")

    def _trusted(self) -> ssl.SSLContext:
        """Whose certificates count: the system's, or those of the provider's own authority.

        Made here and not by ssl.create_default_context, which obeys SSL_CERT_FILE
        and writes the keys of a session to SSLKEYLOGFILE.
        """
        if self._trust is None:
            own = self._provider.ca_file
            if own is None and self._url.scheme == "https":
                trust = httpx2.create_ssl_context(trust_env=False)
            else:
                trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            if own is not None:
                _load(trust, own)
            self._trust = trust
        return self._trust


@dataclass(frozen=True, slots=True)
class _Letter:
    """One request as it goes out; `post` runs in a thread of its own."""

    url: httpx2.URL
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    deadlines: Deadlines
    trust: ssl.SSLContext

    def post(self, line: Line) -> None:
        """Send when the line allows it, and tell the line all that happens."""
        try:
            self._post(line)
        except HungUp:
            pass
        except Exception as error:  # told by its kind alone: its text may hold a header
            line.tell(Ended(why_of(error)))

    def _post(self, line: Line) -> None:
        with self._client() as client, self._sending(client, line) as response:
            kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            plain = response.headers.get("content-encoding", "identity").lower() == "identity"
            if response.status_code == 200 and kind == "text/event-stream" and plain:
                line.tell(Opened())
                line.tell(Ended(_pass_on(response, line)))
            else:
                line.tell(_refusal(response))

    def _client(self) -> httpx2.Client:
        # The listener keeps the deadlines; these only end a thread nobody listens to.
        waits = self.deadlines
        patience = httpx2.Timeout(
            max(waits.first_byte_s, waits.gap_s, 1.0), connect=max(waits.connect_s, 0.1)
        )
        return httpx2.Client(
            verify=self.trust,
            trust_env=False,
            follow_redirects=False,
            http2=False,
            timeout=patience,
            headers={
                "User-Agent": "edge-qwen",
                "Accept": "text/event-stream",
                "Accept-Encoding": "identity",
                "Connection": "close",
            },
        )

    def _sending(
        self, client: httpx2.Client, line: Line
    ) -> AbstractContextManager[httpx2.Response]:
        def watch(event: str, told: Mapping[str, object]) -> None:
            if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
                line.hold(told["return_value"].get_extra_info("socket"))  # type: ignore[attr-defined]
            elif event.endswith(".send_request_headers.started"):
                line.ask_leave()

        def body() -> Iterator[bytes]:
            line.ask_leave()  # once more, should a later httpx2 name its events otherwise
            yield self.body

        headers = {
            **self.headers,
            "Content-Type": "application/json",
            "Content-Length": str(len(self.body)),
        }
        return client.stream(
            "POST", self.url, content=body(), headers=headers, extensions={"trace": watch}
        )


def _pass_on(response: httpx2.Response, line: Line) -> str:
    """Tell the line every event; says what is wrong with them, if anything is."""
    response.encoding = "utf-8-sig"  # always UTF-8, whatever the header says; a mark may open it
    try:
        for event in httpx2.EventSource(response, MOST_EVENT_BYTES):
            if response.num_bytes_downloaded > MOST_ANSWER_BYTES:
                return say("it is longer than {most}", most=show_bytes(MOST_ANSWER_BYTES))
            line.tell(Said(event.data))
    except httpx2.SSEError:
        return say("an event is longer than {most}", most=show_bytes(MOST_EVENT_BYTES))
    except httpx2.TransportError:
        return say("the connection was cut")
    return ""


def _refusal(response: httpx2.Response) -> Refused:
    body = b""
    try:
        for piece in response.iter_raw():  # never unpacked
            body += piece
            if len(body) > MOST_REFUSAL_BYTES:
                break
    except httpx2.TransportError:
        pass  # its status says enough
    return Refused(response.status_code, dict(response.headers), body)


def address_of(provider: Provider) -> httpx2.URL:
    """Where to send; raises UsageError for an address that text must not go to."""
    try:
        url = httpx2.URL(provider.base_url.rstrip("/") + "/chat/completions")
        named = provider.host  # as errors name it
    except (httpx2.InvalidURL, ValueError):
        raise _bad_address(provider, say("is no address")) from None
    if url.userinfo or url.query or url.fragment or not url.host or not named:
        raise _bad_address(provider, say("is not of the form https://HOST/PATH"))
    if url.scheme != "https" and not (url.scheme == "http" and is_this_machine(url.host)):
        raise _bad_address(provider, say("is not https, and not this machine"))
    return url


def _bad_address(provider: Provider, why: str) -> UsageError:
    # Not the address itself: somebody may have put a key into it.
    return UsageError(
        say("the base_url of {provider!r} {why}", provider=provider.name, why=why),
        hint=say(
            "set base_url under [cloud.{provider}], as https://HOST/v1", provider=provider.name
        ),
    )


def _load(trust: ssl.SSLContext, ca_file: str) -> None:
    try:
        trust.load_verify_locations(ca_file)
    except OSError as cause:  # ssl.SSLError is one
        raise UsageError(
            say("the certificates in {ca_file!r} cannot be read", ca_file=ca_file),
            hint=say("check ca_file of the provider"),
        ) from cause
