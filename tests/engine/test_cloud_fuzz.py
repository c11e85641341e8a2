"""Streams broken at random, and at every byte: an answer or a typed error, no wrong word."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise

import pytest
from asking_cloud import Heard, ask, how

import cloud_server as cloud
from cloud_server import CloudServer, Seen, reply
from edge.core.cloud import Deadlines
from edge.core.errors import CloudFault, CloudIncomplete
from edge.core.event import StopReason

WAITS = Deadlines(connect_s=20, first_byte_s=20, gap_s=20, total_s=60)
TEXTS = ["Hello, world", "世界の言葉です", "🙂🙃 ok", 'quotes " and \\ and \n lines', "a"]
GARBAGE = [
    b": keep-alive\n\n",
    b"data\n\n",
    b"data:\n\n",
    b"event: ping\n\n",
    b"id: 1\nretry: x\n\n",
    b"\n\n\n",
    b"\r\n",
    b"nonsense without a colon\n\n",
    b"data: {]\n\n",
    b'data: {"choices": []}\n\n',
    b'data: {"choices": null, "usage": null}\n\n',
]


@pytest.fixture(scope="module")
def server() -> Iterator[CloudServer]:
    with CloudServer() as running:
        yield running


def body_of(stream: cloud.Stream) -> bytes:
    seen = Seen(b"", b'{"model": "qwen-plus"}')
    return b"".join(data for data in stream.events(seen) if isinstance(data, bytes))


def sent(body: bytes, cuts: list[int]) -> cloud.Script:
    """A stream's bytes, in writes that end at these places, until the connection ends."""
    edges = [0, *sorted(cuts), len(body)]
    pieces = [body[a:b] for a, b in pairwise(edges) if a < b]
    opening = cloud.head(200, {"Content-Type": "text/event-stream"})
    return lambda _: [cloud.Send(opening), *(cloud.Send(each) for each in pieces)]


def told(server: CloudServer, script: cloud.Script) -> Heard:
    server.says(script)
    return ask(server.provider(), how(WAITS))


def check_harmless(server: CloudServer, dice: random.Random) -> None:
    """Cuts, other line ends, harmless events: all of the text, or a prefix and an error."""
    text = dice.choice(TEXTS)
    extra = {at: dice.choice(GARBAGE) for at in range(len(text)) if dice.random() < 0.2}
    n_bad = sum(each == b"data: {]\n\n" for each in extra.values())
    body = body_of(
        reply(text, extra=extra, newline=dice.choice(["\n", "\r\n"]), done=dice.random() < 0.8)
    )
    cut = dice.choice([len(body), len(body), dice.randrange(len(body) + 1)])
    heard = told(server, sent(body[:cut], [dice.randrange(cut + 1) for _ in range(6)]))
    assert text.startswith(heard.text)
    if heard.error is None:
        assert heard.text == text
        assert heard.answer.stop_reason is StopReason.END
    else:
        assert heard.ending == (CloudIncomplete, "broken")
        assert cut < len(body) or n_bad > 3


def check_wild(server: CloudServer, dice: random.Random) -> None:
    """Bytes changed, doubled and left out: any answer or typed error, and no crash or hang."""
    body = bytearray(body_of(reply(dice.choice(TEXTS), reasoning="hm")))
    for _ in range(dice.randrange(1, 12)):
        at = dice.randrange(len(body))
        match dice.randrange(4):
            case 0:
                body[at] = dice.randrange(256)
            case 1:
                del body[at : at + dice.randrange(40)]
            case 2:
                body[at:at] = body[at : at + dice.randrange(200)]
            case 3:
                body[at:at] = dice.randbytes(dice.randrange(40))
        body = body or bytearray(b"\n")
    heard = told(server, sent(bytes(body), [dice.randrange(len(body)) for _ in range(4)]))
    assert heard.error is None or isinstance(heard.error.fault, CloudFault)
    heard.text.encode()  # no half of a character


def run(server: CloudServer, seeds: range) -> None:
    for seed in seeds:
        try:
            check_harmless(server, random.Random(seed))
            check_wild(server, random.Random(seed))
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise


def test_three_hundred_broken_streams(server):
    run(server, range(150))


@pytest.mark.campaign
@pytest.mark.timeout(1800)
def test_five_thousand_broken_streams(server):
    run(server, range(1000, 3500))


def check_cut(server: CloudServer, body: bytes, at: int) -> None:
    heard = told(server, sent(body[:at], []))
    # The event that says why it ended must have come whole, with the empty line behind it.
    whole = body.index(b'"stop"}]}\n\n') + len(b'"stop"}]}\n\n')
    assert (heard.error is None) == (at >= whole), at
    assert "世!".startswith(heard.text)


def test_a_stream_cut_at_some_bytes_is_never_taken_for_whole(server):
    body = body_of(reply("世!"))
    for at in range(0, len(body) + 1, 5):
        check_cut(server, body, at)


@pytest.mark.campaign
def test_a_stream_cut_at_any_byte_is_never_taken_for_whole(server):
    body = body_of(reply("世!"))
    for at in range(len(body) + 1):
        check_cut(server, body, at)
