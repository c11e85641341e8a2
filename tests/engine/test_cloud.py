"""A cloud engine sends once what was cleared, where it is told to, and writes it down first."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from asking_cloud import KEY, MOST, Book, ask, engine_for, how, permit, text_of

from cloud_server import CloudServer, reply
from edge.core.cloud import Dialect, Provider, Sent
from edge.core.errors import BudgetSpent, CloudAuth, UsageError
from edge.core.event import StopReason
from edge.core.spec import Sampling
from edge.engine.cloud import CloudEngine

HELLO = "Hello, 世界! 🙂"


@pytest.fixture
def server() -> Iterator[CloudServer]:
    with CloudServer(reply(HELLO)) as running:
        yield running


# An answer.


def test_an_answer_streams_and_ends_with_the_providers_counts(server):
    server.says(reply(HELLO, reasoning="hm…", usage=(12, 4)))
    heard = ask(server.provider())
    assert (heard.text, heard.reasoning) == (HELLO, "hm…")
    assert heard.answer.stop_reason is StopReason.END
    usage = heard.answer.usage
    assert (usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens) == (12, 4, 4)
    assert usage.cost is None
    assert 0 < usage.ttft_s == usage.prefill_s
    assert usage.decode_s >= 0


def test_one_request_is_made_and_it_tells_what_was_cleared_and_no_more(server):
    ask(server.provider(), None, "one", "two", "three 世界")
    (seen,) = server.requests
    assert seen.line == "POST /v1/chat/completions HTTP/1.1"
    assert seen.headers == {
        "host": f"127.0.0.1:{server.port}",
        "user-agent": "edge-qwen",
        "accept": "text/event-stream",
        "accept-encoding": "identity",
        "connection": "close",
        "authorization": f"Bearer {KEY.reveal()}",
        "content-type": "application/json",
        "content-length": str(len(seen.body)),
    }
    assert seen.json == {
        "model": "qwen-plus",
        "messages": [
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": "two"},
            {"role": "user", "content": "three 世界"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 64,
        "temperature": 0,
        "top_p": 1.0,
        "enable_thinking": False,
    }


def test_streams_run_beside_each_other(server):
    server.says(*[reply(f"answer {n:02}", pause_s=0.002) for n in range(16)])
    said: list[str] = []
    with closing(engine_for(server.provider())) as engine:

        def one() -> None:
            said.append(text_of(engine.stream(permit("hi"), how())))

        threads = [threading.Thread(target=one) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(said) == [f"answer {n:02}" for n in range(16)]


# Keys.


def test_without_a_key_none_is_sent(server):
    assert ask(server.provider(Dialect.OPENAI), key=None).text == HELLO
    assert "authorization" not in server.requests[0].headers


def test_without_a_key_the_provider_that_wants_one_is_not_asked(server):
    heard = ask(server.provider(), key=None)
    assert heard.ending == (CloudAuth, "auth")
    assert heard.failure.hint == "edge cloud login"
    assert (heard.rows, server.n_connections) == ([], 0)


# Written down first.


def test_what_is_sent_was_written_down_as_it_was_sent(server):
    book = Book()
    with closing(engine_for(server.provider(), book=book)) as engine:
        list(engine.stream(permit("hi", reservation_id=41), how()))
    body = server.requests[0].body
    assert book.rows == [
        Sent(
            host=f"127.0.0.1:{server.port}",
            provider="loopback",
            model="qwen-plus",
            turn_ids=("turn-1",),
            n_bytes=len(body),
            sha256=hashlib.sha256(body).hexdigest(),
            reservation_id=41,
            most=MOST,
        )
    ]


def test_what_cannot_be_written_down_is_not_sent():
    class Full:
        def sending(self, sent: Sent) -> None:
            time.sleep(0.2)  # what were on its way already would arrive
            raise BudgetSpent("no more today")

    with CloudServer() as server:
        stream = CloudEngine(server.provider(), KEY, Full()).stream(permit("hi"), how())
        with pytest.raises(BudgetSpent):
            list(stream)
    # The server has ended, and with it the connection: nothing is on its way any more.
    assert (server.n_connections, server.heard) == (1, b"")


def test_a_permit_is_good_for_one_send(server):
    leave = permit("hi")
    with closing(engine_for(server.provider())) as engine:
        list(engine.stream(leave, how()))
        again = engine.stream(leave, how())
        with pytest.raises(RuntimeError, match="one send"):
            list(again)
    assert len(server.requests) == 1


def test_a_reply_without_a_bound_is_not_asked_for(server):
    with pytest.raises(RuntimeError, match="how long"):
        ask(server.provider(), how(sampling=Sampling()))
    assert server.n_connections == 0


# Addresses.


@pytest.mark.parametrize(
    "url",
    [
        "http://dashscope.example/v1",
        "http://localhost.evil.example/v1",
        "http://127.0.0.1@evil.example/v1",
        "http://192.168.0.7:8000/v1",
        "https://user:pass@cloud.example/v1",
        "https://cloud.example/v1?key=sk-1",
        "ftp://127.0.0.1/v1",
        "cloud.example/v1",
        "https:///v1",
        "https://[bad/v1",
    ],
)
def test_an_address_text_must_not_go_to_is_refused(url):
    with pytest.raises(UsageError) as raised:
        CloudEngine(Provider("mine", url), KEY, Book())
    assert "[cloud.mine]" in raised.value.hint
    assert url not in raised.value.line()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "[::1]", "localhost"])
def test_plain_http_is_for_this_machine(host):
    CloudEngine(Provider("mine", f"http://{host}:8000/v1/"), KEY, Book()).close()


def test_a_file_of_certificates_that_cannot_be_read_is_named(server, tmp_path):
    missing = str(tmp_path / "none.pem")
    with pytest.raises(UsageError, match=re.escape(missing)):
        ask(server.provider(ca_file=missing))
