"""However a stream is cut, stalled or bent: it is whole, or incomplete with all that came."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from asking_cloud import NO_MORE, PATIENT, Heard, ask, how

import cloud_server as cloud
from cloud_server import CloudServer, reply
from edge.core.errors import CloudAuth, CloudIncomplete, CloudUnavailable
from edge.core.event import Delta, Notice, NoticeCode, StopReason

HELLO = "Hello, 世界! 🙂"
TWENTY = "abcdefghij世界の言葉です🙂!?"


@pytest.fixture
def server() -> Iterator[CloudServer]:
    with CloudServer() as running:
        yield running


def told(server: CloudServer, script: cloud.Script) -> Heard:
    """What a script ends in."""
    server.says(script)
    return ask(server.provider())


# Cut or silent after every number of chunks.


def test_there_are_twenty_chunks_to_cut_between():
    assert len(TWENTY) == 20


@pytest.mark.parametrize("k", range(21))
@pytest.mark.parametrize("chunked", [False, True])
def test_a_cut_answer_is_incomplete_and_all_that_came_is_shown(server, k, chunked):
    heard = told(server, cloud.cut(TWENTY, after=k, chunked=chunked))
    assert heard.ending == (CloudIncomplete, "broken")
    assert heard.text == TWENTY[:k]


@pytest.mark.parametrize("k", range(21))
def test_a_reset_answer_is_incomplete_and_shows_no_other_text(server, k):
    heard = told(server, cloud.cut(TWENTY, after=k, reset=True))
    # A reset may overtake all that was sent before it, the headers too.
    assert heard.ending in [(CloudIncomplete, "broken"), (CloudUnavailable, "broken")]
    assert TWENTY[:k].startswith(heard.text)


def test_a_stalled_answer_is_incomplete_and_all_that_came_is_shown(server):
    def script(seen: cloud.Seen) -> Sequence[cloud.Step]:
        return cloud.stalled(TWENTY, after=int(seen.json["messages"][0]["content"]))(seen)

    def stalled(k: int) -> Heard:
        waits = NO_MORE if k else replace(PATIENT, first_byte_s=1.0)
        return ask(server.provider(), how(waits), str(k))

    server.says(script)
    with ThreadPoolExecutor(21) as all_at_once:
        for k, heard in enumerate(all_at_once.map(stalled, range(21))):
            missing = (CloudIncomplete, "broken") if k else (CloudUnavailable, "timeout")
            assert (heard.ending, heard.text) == (missing, TWENTY[:k])


def test_an_answer_that_takes_long_but_never_pauses_long_is_read_whole(server):
    server.says(reply("abcdefgh", pause_s=0.25))
    heard = ask(server.provider(), how(replace(PATIENT, first_byte_s=1.5)))
    assert (heard.text, heard.answer.stop_reason) == ("abcdefgh", StopReason.END)


def test_an_answer_that_drips_for_ever_ends_at_the_total(server):
    server.says(reply("x" * 1000, pause_s=0.02))
    heard = ask(server.provider(), how(replace(PATIENT, total_s=2.0)))
    assert heard.ending == (CloudIncomplete, "timeout")
    assert 0 < len(heard.text) < 1000


# Bent, and whole.


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(reply(HELLO, newline="\r\n"), id="CRLF"),
        pytest.param(reply(HELLO, newline="\r"), id="CR"),
        pytest.param(reply(HELLO, colon=":"), id="no space after the colon"),
        pytest.param(reply(HELLO, chunked=False), id="until the connection ends"),
        pytest.param(reply(HELLO, done=False), id="no [DONE]"),
        pytest.param(reply(HELLO, extra={2: b": keep-alive\n\n"}), id="comment"),
        pytest.param(reply(HELLO, extra={3: b"event: ping\nid: 4\n\n"}), id="event without data"),
        pytest.param(reply(HELLO, extra={0: b"retry: 10\n\ndata:\n\n"}), id="retry, empty data"),
        pytest.param(reply(HELLO, extra={0: b"\xef\xbb\xbf"}), id="byte order mark"),
        pytest.param(reply(chunks=[HELLO]), id="one event"),
        pytest.param(cloud.split_characters(HELLO), id="byte by byte"),
        pytest.param(cloud.malformed(HELLO, count=3), id="three malformed events"),
        pytest.param(cloud.wrong_usage(HELLO), id="wrong usage"),
        pytest.param(reply(HELLO, usage=None), id="no usage"),
    ],
)
def test_a_bent_stream_that_ends_well_is_read_whole(server, script):
    heard = told(server, script)
    assert heard.text == HELLO
    assert heard.answer.stop_reason is StopReason.END


@pytest.mark.parametrize("script", [cloud.wrong_usage(HELLO), reply(HELLO, usage=None)])
def test_a_count_that_is_none_is_zero(server, script):
    usage = told(server, script).answer.usage
    assert (usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens) == (0, 0, 0)


def test_a_character_cut_between_two_escapes_is_joined(server):
    event = reply().event
    pieces = ["\ud83d", "\ude42!", "\udc00?", "\ud83d"]
    told_pieces = [json.dumps(cloud.chunk("qwen-plus", {"content": each})) for each in pieces]
    end = json.dumps(cloud.chunk("qwen-plus", {}, "stop"))
    body = b"".join(event(each) for each in [*told_pieces, end, "[DONE]"])
    heard = told(server, cloud.raw(200, body, kind="text/event-stream"))
    assert heard.text == "🙂!\ufffd?\ufffd"
    assert all(each.text for each in heard.events if isinstance(each, Delta))


def test_events_behind_the_end_of_the_answer_change_nothing(server):
    event = reply().event
    again = event(cloud.chunk("qwen-plus", {"content": "again"}, "length"))
    end = event(cloud.chunk("qwen-plus", {}, "stop"))
    heard = told(server, reply(HELLO, extra={len(HELLO): end + end + again}, finish=None))
    assert (heard.text, heard.answer.stop_reason) == (HELLO, StopReason.END)


def test_a_whole_answer_whose_count_never_comes_is_whole(server):
    class Stalling(cloud.Stream):
        def events(self, seen):
            yield from super().events(seen)
            yield cloud.Stall()

    server.says(Stalling(list(HELLO), done=False))
    heard = ask(server.provider(), how(NO_MORE))
    assert (heard.text, heard.answer.stop_reason) == (HELLO, StopReason.END)


# Bent too far.


def test_more_malformed_events_than_three_are_no_answer(server):
    heard = told(server, cloud.malformed(HELLO, count=4))
    assert heard.ending == (CloudIncomplete, "broken")
    assert heard.text == HELLO[:1]


@pytest.mark.parametrize("script", [cloud.without_finish(HELLO), cloud.done_alone()])
def test_an_end_without_a_reason_is_incomplete(server, script):
    assert told(server, script).ending == (CloudIncomplete, "broken")


@pytest.mark.parametrize("finish", ["tool_calls", "whim"])
def test_an_end_we_do_not_know_is_incomplete(server, finish):
    assert told(server, reply(HELLO, finish=finish)).ending == (CloudIncomplete, "broken")


def test_a_huge_event_ends_it(server):
    heard = told(server, reply(chunks=["H", "x" * 1_100_000]))
    assert heard.ending == (CloudIncomplete, "broken")
    assert heard.text == "H"


def test_a_packed_answer_is_not_unpacked(server):
    events = b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\n'
    about = {"Content-Encoding": "gzip"}
    packed = cloud.raw(200, gzip.compress(events), about, kind="text/event-stream")
    assert told(server, packed).ending == (CloudIncomplete, "broken")


# Other ends, and other models.


@pytest.mark.parametrize(
    ("finish", "reason"),
    [("length", StopReason.MAX_TOKENS), ("content_filter", StopReason.FILTERED)],
)
def test_other_ends_are_told(server, finish, reason):
    assert told(server, reply(HELLO, finish=finish)).answer.stop_reason is reason


def test_another_model_than_asked_is_told_once(server):
    heard = told(server, cloud.other_model(HELLO, "qwen-max"))
    assert [each for each in heard.events if isinstance(each, Notice)] == [
        Notice(NoticeCode.OTHER_MODEL, "asked for 'qwen-plus', answered by 'qwen-max'")
    ]


# Errors that arrive as events.


@pytest.mark.parametrize("dashscope", [False, True])
def test_an_error_in_the_middle_breaks_the_answer_off(server, dashscope):
    heard = told(server, cloud.broken_off("Hello", "InternalError", dashscope=dashscope))
    assert heard.ending == (CloudIncomplete, "broken")
    assert heard.failure.provider_code == "InternalError"
    assert heard.text == "Hello"
    assert "secret words" not in heard.failure.line()


@pytest.mark.parametrize(
    ("code", "ending"),
    [
        ("Throttling", (CloudUnavailable, "rate")),
        ("invalid_api_key", (CloudAuth, "auth")),
        ("unheard_of", (CloudUnavailable, "server")),
    ],
)
def test_an_error_that_opens_a_stream_is_a_refusal(server, code, ending):
    assert told(server, cloud.broken_off("", code)).ending == ending


def test_a_filter_in_the_middle_ends_the_answer(server):
    heard = told(server, cloud.broken_off("Hello", "InternalError.Algo.DataInspectionFailed"))
    assert (heard.text, heard.answer.stop_reason) == ("Hello", StopReason.FILTERED)
