"""Whatever the cloud does, a turn ends in a whole answer, or in a typed error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from calm import CAP, WORDS, calm, insist_on_a_whole_answer, left

from cloud_server import (
    CloudServer,
    Script,
    Tls,
    black_hole,
    broken_off,
    error,
    html,
    hung_up,
    no_names,
    raw,
    refused_url,
    reply,
    silent,
    slow_first_byte,
    slow_headers,
    slow_names,
    wrong_usage,
)
from cloudy import Sky, answer_of, cloudy, done_of, yuan
from edge.core.cloud import Secret
from edge.core.conversation import Outcome
from edge.core.decision import BreakerState, Target
from edge.core.errors import EdgeError, EngineDied
from edge.core.event import StopReason
from edge.engine.cloud import CloudEngine
from edge.engine.scripted import Fault, Reply
from edge.store.sent import SendBook

# Nobody is reached.


@contextmanager
def bad_certificate(kind: str) -> Iterator[tuple[str, str]]:
    with CloudServer(tls=Tls(kind)) as server:
        provider = server.provider()
        assert provider.ca_file
        yield provider.base_url, provider.ca_file


PLACES: dict[str, Callable[[ExitStack], tuple[str, str | None]]] = {
    "no such name": lambda stack: (stack.enter_context(no_names()), None),
    "a resolver that sleeps": lambda stack: (stack.enter_context(slow_names()), None),
    "nobody listens": lambda _: (refused_url(), None),
    "a black hole": lambda stack: (stack.enter_context(black_hole()), None),
    "TLS: expired": lambda stack: stack.enter_context(bad_certificate("expired")),
    "TLS: wrong host": lambda stack: stack.enter_context(bad_certificate("wrong host")),
    "TLS: unknown": lambda stack: stack.enter_context(bad_certificate("unknown")),
}


def move(sky: Sky, base_url: str, ca_file: str | None) -> None:
    """The provider is elsewhere from now on."""
    provider = replace(sky.attempts.cloud.provider, base_url=base_url, ca_file=ca_file)
    sky.attempts.door.close()
    sky.attempts.door = CloudEngine(provider, Secret("sk-0123456789"), SendBook(sky.database))


@pytest.mark.parametrize("place", PLACES)
def test_where_nobody_is_reached_the_device_answers_and_nothing_was_sent(
    tmp_path: Path, place: str
) -> None:
    with ExitStack() as stack:
        sky = stack.enter_context(calm(tmp_path, edge=[WORDS]))
        move(sky, *PLACES[place](stack))
        insist_on_a_whole_answer(sky, Target.CLOUD, Target.EDGE)
        assert SendBook(sky.database).sends(9) == ()
        assert left(sky) == CAP
        sky.attempts.door.close()


# Somebody answers, and no answer comes of it.

CODES = [
    (400, "InvalidParameter"), (400, "invalid_parameter_error"), (400, "Arrearage"),
    (400, "invalid_request_error"), (401, "InvalidApiKey"), (401, "invalid_api_key"),
    (403, "AccessDenied"), (403, "AccessDenied.Unpurchased"), (403, "Model.AccessDenied"),
    (403, "Workspace.AccessDenied"), (403, "AllocationQuota.FreeTierOnly"),
    (404, "ModelNotFound"), (404, "model_not_found"), (404, "WorkSpaceNotFound"),
    (429, "Throttling"), (429, "Throttling.RateQuota"), (429, "Throttling.AllocationQuota"),
    (429, "LimitRequests"), (429, "insufficient_quota"), (429, "PrepaidBillOverdue"),
    (429, "CommodityNotPurchased"), (500, "InternalError"), (500, "InternalError.Algo"),
    (500, "SystemError"), (500, "ModelServiceFailed"), (502, None), (503, "ModelUnavailable"),
    (503, "ModelServingError"), (504, None), (408, "RequestTimeOut"), (418, "Unheard.Of"),
]  # fmt: skip


@pytest.mark.parametrize("code", CODES, ids=str)
def test_a_refusal_by_any_code_costs_nothing_and_the_device_answers(tmp_path, code):
    own = bool(code[1]) and code[1][0].isupper()
    with calm(tmp_path, error(*code, dashscope=own), edge=[WORDS]) as sky:
        insist_on_a_whole_answer(sky, Target.CLOUD, Target.EDGE)
        assert 1 <= len(sky.server.requests) <= 2
        assert left(sky) == CAP


@pytest.mark.parametrize("code", ["DataInspectionFailed", "data_inspection_failed"])
def test_a_filter_that_refuses_is_an_answer_and_nobody_else_is_asked(tmp_path, code):
    with calm(tmp_path, error(400, code), edge=[WORDS]) as sky:
        events = sky.say("hello")
        assert (answer_of(events), done_of(events).stop_reason) == ("", StopReason.FILTERED)
        assert len(sky.server.requests) == 1
        assert sky.engine.requests == []


ENDS: dict[str, Script] = {
    "silent": silent(),
    "slow headers": slow_headers(9),
    "slow first byte": slow_first_byte(9),
    "hung up": hung_up(),
    "reset": hung_up(reset=True),
    "a page": html(),
    "no stream": raw(200, '{"choices": []}'),
    "nonsense": raw(200, b"\xff\xfe\x00", kind="text/event-stream"),
    "an error in the stream": broken_off("", "InternalError", dashscope=True),
}


@pytest.mark.parametrize("end", ENDS)
def test_where_no_word_comes_the_device_says_all_of_them(tmp_path, end):
    with calm(tmp_path, ENDS[end], edge=[WORDS]) as sky:
        insist_on_a_whole_answer(sky, Target.CLOUD, Target.EDGE)


@pytest.mark.parametrize("end", ["silent", "hung up", "a page"])
def test_where_neither_answers_it_is_a_typed_error_and_the_turn_is_kept(tmp_path, end):
    died = Reply("", fault=Fault(EngineDied("it died")))
    with calm(tmp_path, ENDS[end], edge=[died]) as sky:
        with pytest.raises(EdgeError) as raised:
            sky.say("hello")
        assert raised.value.exit_code in (23, 33, 34)
        assert sky.session.turns[-1].outcome is Outcome.FAILED


# Somebody answers.


@pytest.mark.parametrize("script", [slow_headers, slow_first_byte])
def test_a_cloud_that_is_slow_and_not_too_slow_is_waited_for(tmp_path, script):
    with cloudy(tmp_path, script(0.2, reply(WORDS))) as sky:
        insist_on_a_whole_answer(sky, Target.CLOUD)


def test_counts_that_cannot_be_leave_booked_what_was_set_aside(tmp_path):
    with cloudy(tmp_path, wrong_usage(WORDS)) as sky:
        insist_on_a_whole_answer(sky, Target.CLOUD)
        (send,) = SendBook(sky.database).sends(9)
        assert send.sent.most.amount > 0
        assert left(sky) == yuan(str(CAP.amount - send.sent.most.amount))
        assert sky.session.turns[-1].attempts[0].usage.cost is None


# It is out for long.


class Clock:
    """The wall clock of a test."""

    def __init__(self) -> None:
        self.now_s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


def sit_out(home: Path, n_turns: int, script: Script) -> tuple[int, int]:
    """So many turns, ten seconds apart: sends while the breaker was closed, and probes after."""
    sends = dict.fromkeys(BreakerState, 0)
    with cloudy(home, script, edge=[WORDS] * n_turns) as sky:
        sky.attempts.trust.now = clock = Clock()
        for _ in range(n_turns):
            before = len(sky.server.requests)
            assert answer_of(sky.say("hello")) == WORDS
            state = sky.session.turns[-1].attempts[0].decision.signals.breaker
            sends[state] += len(sky.server.requests) - before
            clock.now_s += 10
    assert sends[BreakerState.OPEN] == 0
    return sends[BreakerState.CLOSED], sends[BreakerState.HALF_OPEN]


def test_an_outage_costs_three_sends_and_a_probe_now_and_then(tmp_path):
    n_closed, n_probes = sit_out(tmp_path, 100, error(503, "ModelUnavailable"))
    assert n_closed == 3
    # After 1, 2, 4 … 60 s at most, drawn from the half of it on, and seen every ten seconds.
    assert 12 <= n_probes <= 40


@pytest.mark.campaign
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_outage_of_a_thousand_turns_costs_three_sends_and_probes(tmp_path, status):
    n_closed, n_probes = sit_out(tmp_path, 1000, error(status))
    assert n_closed == 3
    assert n_probes <= 340


@pytest.mark.parametrize("jump_s", [-86_400 * 400, -1, 3600, 86_400 * 400])
def test_a_clock_that_jumps_keeps_no_turn_from_its_answer_and_no_cloud_away(tmp_path, jump_s):
    with calm(tmp_path, error(500), edge=[WORDS] * 6) as sky:
        sky.attempts.trust.now = clock = Clock()
        for _ in range(3):
            assert answer_of(sky.say("hello")) == WORDS
        clock.now_s += jump_s
        assert answer_of(sky.say("hello")) == WORDS
        assert len(sky.server.requests) <= 4
        sky.server.says(reply(WORDS))
        clock.now_s += 61
        insist_on_a_whole_answer(sky, Target.CLOUD)
