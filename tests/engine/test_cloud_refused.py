"""Where there is no answer there is a typed error: not reached, refused, or silent."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from asking_cloud import NO_CONNECTION, NO_WORD, PATIENT, Heard, ask, how

import cloud_server as cloud
from cloud_server import CloudServer, Tls, reply
from edge.core.cloud import Deadlines, Provider
from edge.core.errors import CloudAuth, CloudError, CloudUnavailable
from edge.core.event import StopReason


@pytest.fixture
def server() -> Iterator[CloudServer]:
    with CloudServer() as running:
        yield running


def told(server: CloudServer, script: cloud.Script) -> Heard:
    """What a script ends in."""
    server.says(script)
    return ask(server.provider())


# Not reached: nothing is written down, because nothing is sent.


def why_unreached(provider: Provider, waits: Deadlines = PATIENT) -> str:
    heard = ask(provider, how(waits))
    assert heard.ending == (CloudUnavailable, "unreachable")
    assert heard.rows == []
    assert heard.text == ""
    return heard.failure.message


def test_nobody_listens():
    assert "connection refused" in why_unreached(Provider("p", cloud.refused_url()))


def test_a_black_hole_is_left_after_the_time_to_connect():
    with cloud.black_hole() as url:
        assert "no connection within" in why_unreached(Provider("p", url), NO_CONNECTION)


def test_a_name_nobody_knows():
    with cloud.no_names() as url:
        assert "its name is not known" in why_unreached(Provider("p", url))


def test_a_resolver_that_does_not_answer_is_left_after_the_time_to_connect():
    with cloud.slow_names() as url:
        assert "no connection within" in why_unreached(Provider("p", url), NO_CONNECTION)


def test_a_listener_that_does_not_speak_tls_is_left_after_the_time_to_connect():
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"https://127.0.0.1:{mute.getsockname()[1]}/v1"
        assert "no connection within" in why_unreached(Provider("p", url), NO_CONNECTION)


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("expired", "certificate has expired"),
        ("wrong host", "IP address mismatch"),
        ("unknown", "unable to get local issuer certificate"),
    ],
)
def test_a_certificate_that_is_not_good_is_not_trusted(kind, why):
    with CloudServer(tls=Tls(kind)) as server:
        assert why in why_unreached(server.provider())
        assert server.heard == b""


def test_an_authority_of_ones_own_is_trusted_where_it_is_named():
    with CloudServer(reply("Hi"), tls=Tls()) as server:
        assert ask(server.provider()).text == "Hi"
        assert "issuer" in why_unreached(server.provider(ca_file=None))


# Refused.


@pytest.mark.parametrize(
    ("answer", "ending", "hint"),
    [
        ((400, "InvalidParameter"), (CloudError, "request"), "edge cloud models"),
        ((400, "Arrearage"), (CloudUnavailable, "billing"), "console"),
        ((401, "InvalidApiKey"), (CloudAuth, "auth"), "edge cloud login"),
        ((401, None), (CloudAuth, "auth"), "edge cloud login"),
        ((403, "AccessDenied"), (CloudAuth, "auth"), "edge cloud login"),
        ((403, "Model.AccessDenied"), (CloudAuth, "model"), "edge cloud models"),
        ((404, "model_not_found"), (CloudUnavailable, "model"), "edge cloud models"),
        ((404, None), (CloudUnavailable, "model"), "edge cloud models"),
        ((429, "Throttling.RateQuota"), (CloudUnavailable, "rate"), "minute"),
        ((429, "PostpaidBillOverdue"), (CloudUnavailable, "billing"), "console"),
        ((429, None), (CloudUnavailable, "rate"), "minute"),
        ((500, "InternalError"), (CloudUnavailable, "server"), "edge cloud test"),
        ((502, None), (CloudUnavailable, "server"), "edge cloud test"),
        ((503, "ModelServingError"), (CloudUnavailable, "server"), "edge cloud test"),
    ],
)
@pytest.mark.parametrize("dashscope", [False, True])
def test_a_refusal_is_an_error_by_its_code(server, answer, ending, hint, dashscope):
    heard = told(server, cloud.error(*answer, dashscope=dashscope))
    assert heard.ending == ending
    assert hint in heard.failure.hint
    assert heard.failure.provider_code == (answer[1] or "")
    assert "secret words" not in heard.failure.line()
    assert len(server.requests) == 1


def test_a_refused_key_is_named_by_its_end(server):
    assert "<key …cdef>" in told(server, cloud.error(401)).failure.message


@pytest.mark.parametrize(("said", "meant"), [("7", 7.0), (None, None), ("soon", None)])
def test_the_wait_a_provider_asks_for_is_told(server, said, meant):
    assert told(server, cloud.error(429, retry_after=said)).failure.retry_after_s == meant


@pytest.mark.parametrize("code", ["DataInspectionFailed", "data_inspection_failed"])
def test_a_refused_content_is_the_providers_answer(server, code):
    heard = told(server, cloud.error(400, code))
    assert heard.answer.stop_reason is StopReason.FILTERED
    assert heard.text == ""


@pytest.mark.parametrize(("status", "fault"), [(200, "unreachable"), (502, "server")])
def test_a_page_instead_of_a_stream_is_no_answer(server, status, fault):
    assert told(server, cloud.html(status)).ending == (CloudUnavailable, fault)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(server, status):
    with CloudServer(reply("stolen")) as thief:
        heard = told(server, cloud.redirect(thief.base_url, status))
        assert heard.ending == (CloudUnavailable, "request")
        assert thief.n_connections == 0
    assert len(server.requests) == 1


# Silent, or no HTTP.


@pytest.mark.parametrize(
    "script", [cloud.silent(), cloud.slow_headers(9), cloud.slow_first_byte(9)]
)
def test_a_cloud_that_says_nothing_is_left_in_time(server, script):
    server.says(script)
    assert ask(server.provider(), how(NO_WORD)).ending == (CloudUnavailable, "timeout")


@pytest.mark.parametrize("script", [cloud.slow_headers(0.1), cloud.slow_first_byte(0.1)])
def test_a_slow_beginning_within_the_time_is_waited_for(server, script):
    server.says(script)
    assert ask(server.provider()).text == "late"


@pytest.mark.parametrize("reset", [False, True])
def test_a_connection_that_ends_without_an_answer_is_broken(server, reset):
    assert told(server, cloud.hung_up(reset=reset)).ending == (CloudUnavailable, "broken")


@pytest.mark.parametrize(
    "answer",
    [
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 200_000,
        b"\x16\x03\x01\x02\x00",
    ],
    ids=["words", "two lengths", "endless header", "tls"],
)
def test_an_answer_that_is_no_http_is_broken(server, answer):
    heard = told(server, lambda _: [cloud.Send(answer)])
    assert heard.ending == (CloudUnavailable, "broken")
