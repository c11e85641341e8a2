"""One question to one host: who hears the token, where redirects lead, and how long it may take."""

from __future__ import annotations

import socket
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from pulling import HUB, NAME, holds, options, quant_of, quick_pull

from edge.core.errors import NetworkError
from edge.core.spec import UrlSource
from edge.models import wire
from edge.models.download import NoSource, pull
from edge.models.shelf import Shelf
from edge.models.sources import Address, Patience
from faulty_server import Asked, FaultyServer, Reply, always, serving, some_bytes

PAYLOAD = some_bytes(64 * 1024, seed=17)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "models")


@pytest.mark.parametrize("other_host", ["127.0.0.1", "localhost"])
def test_a_token_goes_to_the_hub_and_to_no_other_host(shelf, other_host):
    with FaultyServer(serving(PAYLOAD)) as store, FaultyServer(always(404)) as hub:
        port = store.port
        hub.answer = always(302, {"Location": f"http://{other_host}:{port}/blob?signed=1"})
        weights = pull(quant_of(PAYLOAD, HUB), NAME, shelf, options(hub, token="hf_secret"))
        assert holds(weights, PAYLOAD)
        assert hub.requests[0].headers["authorization"] == "Bearer hf_secret"
        assert "authorization" not in store.requests[0].headers


def test_a_redirect_within_one_host_keeps_the_token(shelf):
    def renamed(asked: Asked) -> Reply:
        if asked.path.startswith("/new"):
            return serving(PAYLOAD)(asked)
        return Reply(307, {"Location": "/new/home"})

    with FaultyServer(renamed) as hub:
        pull(quant_of(PAYLOAD, HUB), NAME, shelf, options(hub, token="hf_secret"))
        assert [asked.headers["authorization"] for asked in hub.requests] == [
            "Bearer hf_secret"
        ] * 2


def test_a_request_that_cannot_be_made_is_an_error_at_once():
    with (
        closing(wire.Wire(Patience(connect_s=60, stall_s=60))) as asking,
        pytest.raises(NetworkError, match="cannot be asked") as caught,
        asking.ask("GET", Address("http://127.0.0.1:9/", "hf_sécret"), {}),
    ):
        pytest.fail("a token that is no ASCII was sent")
    assert "cret" not in caught.value.line()


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_certificates_that_cannot_be_read_are_named(tmp_path, monkeypatch, content):
    path = tmp_path / "certificates.pem"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with pytest.raises(NetworkError, match="certificates") as caught:
        wire.Wire(Patience())
    assert "SSL_CERT_FILE" in caught.value.hint


def test_a_redirect_loop_ends_after_five(shelf):
    with FaultyServer(always(302, {"Location": "/again"})) as server:
        with pytest.raises(NetworkError, match="redirected more than 5 times"):
            quick_pull(shelf, PAYLOAD, server)
        assert len(server.requests) == 6


def test_a_redirect_from_https_to_http_is_refused_except_to_this_machine():
    secure = httpx2.URL("https://hub.example/file")
    with pytest.raises(NetworkError, match=r"plain http at mirror\.example"):
        wire.next_hop(secure, "http://mirror.example/file")
    with pytest.raises(NetworkError, match="not the web"):
        wire.next_hop(secure, "file:///etc/passwd")
    assert wire.next_hop(secure, "http://localhost:8080/file").port == 8080


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_host_that_swallows_connections_costs_only_the_time_to_connect(shelf, scheme):
    """A listener nobody accepts from: TCP answers until the queue is full, TLS never does."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf:
        port = deaf.getsockname()[1]
        waiting = [socket.socket() for _ in range(4 if scheme == "http" else 0)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        impatient = replace(options(), patience=Patience(connect_s=0.2, stall_s=60, tries=9))
        source = UrlSource(f"{scheme}://127.0.0.1:{port}/model.gguf")
        with pytest.raises(NoSource, match=r"no connection within 0\.2 s") as caught:
            pull(quant_of(PAYLOAD, source), NAME, shelf, impatient)
        assert caught.value.unreachable
        for one in waiting:
            one.close()


def test_a_name_that_is_never_looked_up_costs_only_the_time_to_connect(shelf, monkeypatch):
    over = threading.Event()

    def never_answers(*_: object, **__: object) -> None:
        over.wait(10)
        raise socket.gaierror("gave up")

    monkeypatch.setattr(socket, "getaddrinfo", never_answers)
    impatient = replace(options(), patience=Patience(connect_s=0.2))
    with pytest.raises(NoSource, match=r"no connection within 0\.2 s"):
        pull(quant_of(PAYLOAD, UrlSource("http://localhost/m.gguf")), NAME, shelf, impatient)
    over.set()
