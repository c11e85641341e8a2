"""When the cloud may be asked again, over faults, clocks, networks and settings."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.chat.breaker import (
    LONGEST_OPEN_S,
    UNPAID_S,
    Breaker,
    follow,
    settings_fingerprint,
)
from edge.chat.waits import TOTAL_S, RetryBucket, wait_before
from edge.core.cloud import Provider, Secret
from edge.core.decision import BreakerState
from edge.core.errors import CloudError, CloudFault
from edge.store.codec import decode, encode

CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN
NOON = 1_800_000_000.0
PASSING = [fault for fault in CloudFault if follow(fault).counts]
LASTING = [fault for fault in CloudFault if follow(fault).latches]


def failed(times, *, breaker=None, at=NOON, fault=CloudFault.SERVER, draw=1.0):
    breaker = breaker or Breaker()
    for _ in range(times):
        breaker = breaker.after(fault, at, draw)
    return breaker


def outcomes(text):
    """F failed, S worked, one a second."""
    breaker = Breaker()
    for second, letter in enumerate(text):
        at = NOON + second
        breaker = breaker.after_success(at) if letter == "S" else failed(1, breaker=breaker, at=at)
    return breaker.state(NOON + len(text) - 1)


# What follows from a fault.


def test_every_fault_has_a_consequence_and_none_both_retries_and_lasts():
    assert set(PASSING) == {
        CloudFault.UNREACHABLE,
        CloudFault.TIMEOUT,
        CloudFault.SERVER,
        CloudFault.BROKEN,
        CloudFault.RATE,
    }
    assert set(LASTING) == {CloudFault.AUTH, CloudFault.MODEL, CloudFault.BILLING}
    for fault in CloudFault:
        assert follow(fault).retry == follow(fault).counts == (fault in PASSING)
        assert follow(fault).latches == (fault in LASTING)


# Opening.


@pytest.mark.parametrize("fault", PASSING)
def test_the_third_failure_in_a_row_opens_it(fault):
    assert failed(2, fault=fault).state(NOON) is CLOSED
    assert failed(3, fault=fault).state(NOON) is OPEN


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("FFSFFSF", OPEN),  # five of the last seven
        ("FFSFFS", CLOSED),
        ("FSFSFSFSF", OPEN),
        ("FSFSFSFS", CLOSED),
        ("FSSSSSFFSFF", CLOSED),  # the first has been forgotten
        ("FFSSSSFSFF", OPEN),
    ],
)
def test_half_of_the_last_ten_opens_it(text, state):
    assert outcomes(text) is state


def test_a_refused_request_neither_counts_nor_closes_the_count():
    breaker = failed(1, breaker=failed(2), fault=CloudFault.REQUEST)
    assert breaker == failed(2)
    assert failed(1, breaker=breaker).state(NOON) is OPEN


def test_failures_of_an_hour_ago_are_forgotten():
    assert failed(1, breaker=failed(2), at=NOON + 3599).state(NOON + 3599) is OPEN
    assert failed(1, breaker=failed(2), at=NOON + 3600).state(NOON + 3600) is CLOSED


def test_failures_that_come_in_late_do_not_keep_it_open_for_longer():
    assert failed(9, breaker=failed(3)) == failed(3)


# Open, half-open and closed again.


def test_open_times_double_from_a_second_to_a_minute():
    breaker, at, lengths = failed(3), NOON, []
    for _ in range(9):
        lengths.append(breaker.open_s)
        at += breaker.open_s
        assert breaker.state(at - 0.001) is OPEN
        assert breaker.state(at) is HALF_OPEN
        breaker = failed(1, breaker=breaker.probing(at), at=at)
    assert lengths == [1, 2, 4, 8, 16, 32, 60, 60, 60]


@given(draw=st.floats(0, 1), times=st.integers(0, 2000))
def test_chance_takes_at_most_half_of_an_open_time(draw, times):
    breaker = Breaker(recent=(True, True), heard_at=NOON, times_opened=times)
    longest = min(60.0, 2.0 ** min(times, 6))
    assert longest / 2 <= failed(1, breaker=breaker, draw=draw).open_s <= longest


def test_one_probe_is_let_through_and_the_others_wait_for_it():
    half_open = failed(3)
    later = NOON + 2
    assert half_open.state(later) is HALF_OPEN
    probing = half_open.probing(later)
    assert probing.state(later) is OPEN
    assert probing.probing(later + 1) == probing
    # Its process died: somebody else may look.
    assert probing.state(later + LONGEST_OPEN_S) is HALF_OPEN


def test_closed_and_open_there_is_no_probe_to_claim():
    assert failed(2).probing(NOON) == failed(2)
    assert failed(3).probing(NOON) == failed(3)


@pytest.mark.parametrize("claim", [True, False])
def test_a_success_closes_it_and_it_opens_for_a_second_again(claim):
    breaker, at = failed(3), NOON + 2
    for _ in range(4):
        breaker = failed(1, breaker=breaker, at=at)
        at += 60
    closed = (breaker.probing(at) if claim else breaker).after_success(at)
    assert closed.state(at) is CLOSED
    assert failed(2, breaker=closed, at=at).state(at) is CLOSED
    assert failed(3, breaker=closed, at=at).open_s == 1


def test_a_probe_that_is_refused_as_a_request_found_somebody_there():
    at = NOON + 2
    probed = failed(1, breaker=failed(3).probing(at), at=at, fault=CloudFault.REQUEST)
    assert probed.state(at) is CLOSED


@pytest.mark.parametrize(("asked_s", "open_s"), [(7.0, 7.0), (600.0, 60.0), (0.1, 1.0)])
def test_a_pause_asked_for_opens_it_at_once_up_to_a_minute(asked_s, open_s):
    assert Breaker().after(CloudFault.RATE, NOON, 1.0, asked_s).open_s == open_s


@pytest.mark.parametrize("asked_s", [None, 0.0, -5.0, math.nan])
def test_a_pause_that_is_none_changes_nothing(asked_s):
    assert Breaker().after(CloudFault.RATE, NOON, 1.0, asked_s) == failed(1)
    assert failed(2).after(CloudFault.RATE, NOON, 1.0, asked_s) == failed(3)


# Latches.


@pytest.mark.parametrize("fault", [CloudFault.AUTH, CloudFault.MODEL])
def test_a_refused_key_keeps_it_open_until_the_settings_change(fault):
    latched = failed(1, breaker=Breaker(settings="one"), fault=fault)
    for breaker in (latched, latched.network_changed(), failed(3, breaker=latched)):
        assert breaker.state(NOON + 10**9) is OPEN
        assert breaker.for_settings("one").state(NOON) is OPEN
        assert breaker.for_settings("two") == Breaker(settings="two")
    assert latched.probing(NOON + 10**9) == latched


def test_an_unpaid_account_is_looked_at_again_after_an_hour():
    unpaid = failed(1, fault=CloudFault.BILLING)
    assert unpaid.state(NOON + UNPAID_S - 1) is OPEN
    later = NOON + UNPAID_S
    assert unpaid.state(later) is HALF_OPEN
    probing = unpaid.probing(later)
    assert probing.state(later) is OPEN
    assert failed(1, breaker=probing, at=later, fault=CloudFault.BILLING).state(later + 60) is OPEN
    assert probing.after_success(later).state(later) is CLOSED


def test_a_probe_of_an_unpaid_account_may_meet_an_outage():
    later = NOON + UNPAID_S
    probing = failed(1, fault=CloudFault.BILLING).probing(later)
    down = failed(1, breaker=probing, at=later)
    assert down.latched is None
    assert down.state(later + LONGEST_OPEN_S) is HALF_OPEN


@pytest.mark.parametrize("fault", LASTING)
def test_a_refused_request_does_not_unlatch_it(fault):
    latched = failed(1, fault=fault)
    assert failed(1, breaker=latched, fault=CloudFault.REQUEST) == latched


def test_a_success_unlatches_it():
    assert failed(1, fault=CloudFault.AUTH).after_success(NOON).state(NOON) is CLOSED


@pytest.mark.parametrize(
    "other",
    [
        (Provider("here", "https://b.example/v1"), ("m",), Secret("k" * 20)),
        (Provider("here", "https://a.example/v1"), ("n",), Secret("k" * 20)),
        (Provider("here", "https://a.example/v1"), ("m",), Secret("j" * 20)),
        (Provider("here", "https://a.example/v1"), ("m",), None),
    ],
)
def test_the_fingerprint_follows_endpoint_model_and_key_and_shows_no_key(other):
    one = (Provider("here", "https://a.example/v1"), ("m",), Secret("k" * 20))
    assert settings_fingerprint(*one) == settings_fingerprint(*one)
    assert settings_fingerprint(*one) != settings_fingerprint(*other)
    assert "kkk" not in settings_fingerprint(*one)


# Networks, clocks and restarts.


def test_another_network_forgets_failures_and_not_knowing_it_forgets_nothing():
    breaker = failed(3, breaker=Breaker(settings="s").for_network("home"))
    assert breaker.for_network("home") == breaker.for_network(None) == breaker
    assert breaker.for_network("office") == Breaker(settings="s", network="office")


def test_learning_which_network_it_is_is_no_change():
    assert failed(3).for_network("home").state(NOON) is OPEN


def test_a_refused_key_is_refused_on_every_network():
    latched = failed(1, breaker=Breaker(network="home"), fault=CloudFault.AUTH)
    assert latched.for_network("office").state(NOON) is OPEN


@pytest.mark.parametrize("jump_s", [-1.0, -86_400.0, -math.inf, 86_400.0, math.nan])
def test_a_clock_that_jumps_leaves_a_probe(jump_s):
    assert failed(3).state(NOON + jump_s) is HALF_OPEN


@pytest.mark.parametrize("open_s", [1e12, math.inf, math.nan, -1.0])
def test_no_stored_length_keeps_it_open_for_more_than_a_minute(open_s):
    breaker = Breaker(opened_at=NOON, open_s=open_s)
    assert breaker.state(NOON + LONGEST_OPEN_S) is HALF_OPEN


FAULTS = st.sampled_from(CloudFault)
STEPS = st.tuples(FAULTS | st.none(), st.floats(-100, 5000), st.floats(0, 1))


@given(steps=st.lists(STEPS))
def test_it_is_the_same_after_a_restart(steps):
    breaker, at = Breaker(settings="s", network="n"), NOON
    for fault, later_s, draw in steps:
        at += later_s
        breaker = breaker.probing(at)
        breaker = breaker.after(fault, at, draw) if fault else breaker.after_success(at)
        assert decode(Breaker, encode(breaker)) == breaker


# All parts together, as a turn uses them.


class Cloud:
    """A simulated cloud and its clock: each send meets the next fault, or works."""

    def __init__(self, faults, *, seed=0, breaks=True):
        self.faults, self.rng, self.breaks = iter(faults), Random(seed), breaks
        self.breaker, self.bucket, self.now, self.sent = Breaker(), RetryBucket(), NOON, 0

    def turn(self):
        """Sends of one turn; the last of them worked, or nothing may be sent any more."""
        for attempt in range(1, 10):
            if self.breaks and self.breaker.state(self.now) is OPEN:
                return attempt - 1
            self.breaker = self.breaker.probing(self.now)
            self.sent += 1
            fault = next(self.faults, None)
            if fault is None:
                self.breaker = self.breaker.after_success(self.now)
                self.bucket = self.bucket.after_success()
                return attempt
            self.breaker = self.breaker.after(fault, self.now, self.rng.random())
            self.bucket = self.bucket.after_failure()
            error = CloudError("", fault=fault)
            pause_s = wait_before(error, attempt, TOTAL_S, self.rng)
            if pause_s is None or not self.bucket.may_retry:
                return attempt
            self.now += pause_s
        raise AssertionError("a turn that never ends")


@pytest.mark.parametrize("fault", PASSING)
def test_an_outage_of_a_thousand_turns_costs_a_tenth_more_sends_at_most(fault):
    cloud = Cloud([fault] * 5000, breaks=False)
    for _ in range(1000):
        cloud.turn()
    assert 1000 < cloud.sent <= 1100


def test_with_the_breaker_an_outage_costs_three_sends_and_the_probes():
    cloud, seconds = Cloud([CloudFault.UNREACHABLE] * 5000), 1000
    for second in range(seconds):
        cloud.now = max(cloud.now, NOON + second)
        cloud.turn()
    # Openings of at least 0.5, 1, 2, 4, 8, 16 and then 30 seconds each.
    assert cloud.sent <= 3 + 6 + (seconds - 31) / 30 + 1


def test_after_the_third_failure_nothing_is_sent_until_it_is_half_open():
    cloud = Cloud([CloudFault.UNREACHABLE] * 3)
    while cloud.sent < 3:
        cloud.turn()
    for _ in range(100):
        assert cloud.turn() == 0
    cloud.now += cloud.breaker.open_s
    assert cloud.turn() == 1
    assert cloud.breaker.state(cloud.now) is CLOSED


@given(
    faults=st.lists(FAULTS | st.none(), max_size=200),
    pauses=st.lists(st.floats(-10, 100), max_size=60),
    seed=st.integers(0, 999),
)
def test_no_turn_sends_more_than_twice_and_an_open_breaker_lets_none_through(faults, pauses, seed):
    cloud = Cloud(faults, seed=seed)
    for pause_s in pauses:
        cloud.now += pause_s
        before = cloud.breaker.state(cloud.now)
        n_sent = cloud.turn()
        assert n_sent == 0 if before is OPEN else n_sent in (1, 2)
        assert n_sent <= 1 or before is CLOSED
