"""The key goes to its provider and nowhere else; the environment changes nothing."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import httpx2
import pytest
from asking_cloud import KEY, NO_CONNECTION, PATIENT, Book, Heard, ask, engine_for, how, permit

import cloud_server as cloud
from cloud_server import CloudServer, Tls, reply
from edge.core.cloud import Dialect, Provider, Secret
from edge.core.errors import CloudAuth, EdgeError

CANARY = "canary-0123456789"  # in the key; its last four letters may be shown
QUICK = replace(PATIENT, first_byte_s=0.5, gap_s=0.5)
PROMPT = "the prompt's own canary"


@pytest.fixture
def server() -> Iterator[CloudServer]:
    with CloudServer(reply("Hello!")) as running:
        yield running


def everything_of(error: EdgeError, *, values: bool = True) -> str:
    """All that could be printed of an error, with the values in its frames if told."""
    whole = traceback.TracebackException.from_exception(error, capture_locals=values)
    return "".join([*whole.format(), repr(error), str(error), error.line(), repr(vars(error))])


ECHOES = [
    cloud.error(400, "InvalidParameter", message=f"{KEY.reveal()} {PROMPT}"),
    cloud.error(401, KEY.reveal(), message=PROMPT),
    cloud.error(403, PROMPT, dashscope=True),
    cloud.error(404, f"no.{KEY.reveal()}", dashscope=True),
    cloud.error(429, "Throttling", retry_after=KEY.reveal()),
    cloud.error(500, message=KEY.reveal()),
    cloud.redirect(f"https://evil.example/{KEY.reveal()}"),
    cloud.raw(200, f"<html>{KEY.reveal()}", kind="text/html"),
    cloud.raw(200, KEY.reveal(), {"X-Request-Id": KEY.reveal()}),
    cloud.broken_off("", KEY.reveal()),
    cloud.broken_off("Hi", KEY.reveal()),
    cloud.cut("Hello!", after=3),
    cloud.cut("Hello!", after=3, reset=True),
    cloud.stalled("Hello!", after=1),
    cloud.hung_up(),
    cloud.silent(),
    cloud.done_alone(),
    cloud.malformed("Hello!", count=9),
    cloud.reply("Hello!", finish=KEY.reveal()),
    cloud.reply("Hello!", model=KEY.reveal(), finish=None),
    lambda _: [cloud.Send(f"HTTP/1.1 {KEY.reveal()}\r\n{KEY.reveal()}\r\n\r\n".encode())],
    lambda _: [cloud.Send(b"HTTP/1.1 200 " + KEY.reveal().encode() + b"\r\nX: \x00\r\n\r\n")],
]


@pytest.mark.parametrize("script", ECHOES, ids=range(len(ECHOES)))
def test_no_error_log_or_notice_holds_the_key(server, script, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    server.says(script)
    heard = ask(server.provider(), how(QUICK), PROMPT)
    # What came from the server is in the frames; what we have of the key is not.
    assert CANARY not in everything_of(heard.failure, values=False)
    assert heard.failure.__cause__ is None
    assert heard.failure.__context__ is None
    assert PROMPT not in heard.failure.line() + heard.failure.provider_code
    assert CANARY not in repr(heard.events) + caplog.text + "".join(capfd.readouterr())
    assert CANARY in server.heard.decode()  # where it belongs


@pytest.mark.parametrize("script", [cloud.hung_up(), cloud.silent(), cloud.error(401)])
def test_no_frame_of_an_error_shows_the_key(server, script):
    server.says(script)
    assert CANARY not in everything_of(ask(server.provider(), how(QUICK)).failure)


def unreachable() -> Iterator[tuple[str, str]]:
    yield "refused", cloud.refused_url()
    with cloud.black_hole() as url:
        yield "black hole", url
    with cloud.no_names() as url:
        yield "no name", url


def test_no_error_of_a_cloud_out_of_reach_holds_the_key(caplog):
    caplog.set_level(logging.DEBUG)
    for _, url in unreachable():
        told = everything_of(ask(Provider("p", url), how(NO_CONNECTION), PROMPT).failure)
        assert CANARY not in told + caplog.text
    with CloudServer(tls=Tls("expired")) as server:
        told = everything_of(ask(server.provider(), how(QUICK), PROMPT).failure)
    assert CANARY not in told + caplog.text


@pytest.mark.parametrize("bad", [f"sk-{CANARY}\nX: y", f"sk-{CANARY}é", f"sk-{CANARY}\x00"])
def test_a_key_that_is_none_is_refused_unseen(server, bad):
    heard = ask(server.provider(), None, key=Secret(bad))
    assert type(heard.failure) is CloudAuth
    assert CANARY not in everything_of(heard.failure)
    assert server.n_connections == 0


def test_nothing_of_a_call_is_logged_and_other_users_of_the_library_keep_their_log(server, caplog):
    caplog.set_level(logging.DEBUG)
    ask(server.provider(), None, PROMPT)
    assert [each for each in caplog.records if each.name.startswith("http")] == []
    assert PROMPT not in caplog.text
    httpx2.post(server.base_url, trust_env=False)
    assert any(each.name.startswith("http") for each in caplog.records)


def test_the_engine_shows_its_key_to_nobody(server):
    with closing(engine_for(server.provider())) as engine:
        stream = engine.stream(permit("hi"), how())
        next(stream)
        frame = stream.gi_frame
        assert CANARY not in repr(vars(engine)) + repr(frame.f_locals if frame else "")
        stream.close()


def told_with(server: CloudServer, monkeypatch: pytest.MonkeyPatch, hostile: dict) -> Heard:
    for name, value in hostile.items():
        monkeypatch.setenv(name, str(value))
        monkeypatch.setenv(name.lower(), str(value))
    return ask(server.provider())


@pytest.mark.parametrize("tls", [None, "good"])
def test_a_hostile_environment_changes_nothing(tls, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login thief password thief\n")
    netrc.chmod(0o600)
    with CloudServer() as trap, CloudServer(reply("Hi"), tls=Tls(tls) if tls else None) as server:
        places = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "OPENAI_BASE_URL", "OPENAI_API_BASE")
        hostile = dict.fromkeys(places, f"http://127.0.0.1:{trap.port}")
        hostile |= {"NO_PROXY": "", "NETRC": netrc, "SSLKEYLOGFILE": tmp_path / "keys.log"}
        hostile |= {"OPENAI_API_KEY": "sk-other", "REQUESTS_CA_BUNDLE": netrc}
        assert told_with(server, monkeypatch, hostile).text == "Hi"
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY.reveal()}"
        assert trap.n_connections == 0
    assert not (tmp_path / "keys.log").exists()


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_the_environment_cannot_name_whom_to_trust(monkeypatch, name, tmp_path):
    with CloudServer(tls=Tls()) as server:
        own = server.provider().ca_file
        assert own is not None
        monkeypatch.setenv(name, own if name == "SSL_CERT_FILE" else str(tmp_path))
        heard = ask(server.provider(ca_file=None))
        assert heard.failure.fault.value == "unreachable"
        assert server.heard == b""


def test_cookies_are_not_kept(server):
    sent = cloud.raw(429, "{}", {"Set-Cookie": "id=user-1; Path=/"})
    server.says(sent, sent)
    with closing(engine_for(server.provider(Dialect.OPENAI), book=Book())) as engine:
        for _ in range(2):
            with pytest.raises(EdgeError):
                list(engine.stream(permit("hi"), how()))
    assert [each.headers.get("cookie") for each in server.requests] == [None, None]
