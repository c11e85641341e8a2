"""How long the cloud is waited for, and when it is asked again."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.chat.waits import (
    RetryBucket,
    backoff_s,
    deadlines,
    hedge_delay_s,
    left_s,
    wait_before,
)
from edge.core.cloud import Deadlines
from edge.core.errors import CloudError, CloudFault

SAMPLES = st.lists(st.floats(0, 1000), max_size=60)


def error(fault=CloudFault.SERVER, asked_s=None):
    return CloudError("", fault=fault, retry_after_s=asked_s)


# From measured waits.


@pytest.mark.parametrize("n_samples", [0, 1, 19])
def test_with_few_samples_the_defaults_hold(n_samples):
    assert deadlines([9.0] * n_samples, [9.0] * n_samples) == Deadlines(3.0, 15.0, 10.0, 120.0)
    assert hedge_delay_s([9.0] * n_samples) == 2.0


@pytest.mark.parametrize(
    ("sample_s", "first_byte_s", "gap_s", "hedge_s"),
    [(0.01, 5.0, 5.0, 0.3), (1.0, 5.0, 5.0, 1.0), (4.0, 8.0, 8.0, 4.0), (90.0, 30.0, 20.0, 10.0)],
)
def test_waits_follow_what_was_measured_within_their_bounds(sample_s, first_byte_s, gap_s, hedge_s):
    samples = [sample_s] * 20
    assert deadlines(samples, samples, 60.0) == Deadlines(3.0, first_byte_s, gap_s, 60.0)
    assert hedge_delay_s(samples) == hedge_s


def test_the_device_begins_at_the_ninetieth_percentile():
    assert hedge_delay_s([0.1 * n for n in range(1, 21)]) == pytest.approx(1.8)


def test_a_cloud_that_becomes_slow_is_waited_for_again_after_a_few_turns():
    # What was given up counts as waited: without it, 12 s would never be seen by anyone.
    samples = [1.0] * 50
    for _ in range(4):
        samples = [*samples[1:], min(deadlines(samples).first_byte_s, 12.0)]
    assert max(samples) == 12.0


@given(ttfts_s=SAMPLES, gaps_s=SAMPLES)
def test_no_measurement_leads_out_of_the_bounds(ttfts_s, gaps_s):
    waits = deadlines(ttfts_s, gaps_s)
    assert waits.connect_s == 3.0
    assert 5.0 <= waits.first_byte_s <= 30.0
    assert 5.0 <= waits.gap_s <= 20.0
    assert 0.3 <= hedge_delay_s(ttfts_s) <= 10.0


# Before the next try.


@given(attempt=st.integers(1, 5000), seed=st.integers())
def test_a_backoff_is_drawn_from_the_whole_of_a_capped_time(attempt, seed):
    assert 0 <= backoff_s(attempt, Random(seed)) <= min(8.0, 0.5 * 2 ** min(attempt - 1, 9))


def test_backoffs_use_all_of_their_time():
    drawn = [backoff_s(3, Random(seed)) for seed in range(500)]
    assert min(drawn) < 0.1
    assert max(drawn) > 1.9


@pytest.mark.parametrize("asked_s", [1.0, 7.5, 10.0])
def test_a_retry_after_that_fits_is_obeyed_to_the_second(asked_s):
    for seed in range(50):
        assert wait_before(error(CloudFault.RATE, asked_s), 1, 60.0, Random(seed)) == asked_s


@pytest.mark.parametrize(("asked_s", "left"), [(10.1, 60.0), (3600, 9e9), (math.inf, 60.0)])
def test_a_retry_after_beyond_ten_seconds_is_no_retry(asked_s, left):
    assert wait_before(error(CloudFault.RATE, asked_s), 1, left, Random(0)) is None


def test_a_wait_that_leaves_no_time_for_the_try_is_no_retry():
    assert wait_before(error(asked_s=5.0), 1, 5.5, Random(0)) == 5.0
    assert wait_before(error(asked_s=5.0), 1, 5.4, Random(0)) is None
    assert wait_before(error(), 1, 0.0, Random(0)) is None


@pytest.mark.parametrize("asked_s", [None, 0.0, -3.0])
def test_without_a_retry_after_chance_decides(asked_s):
    waits = {wait_before(error(asked_s=asked_s), 1, 60.0, Random(seed)) for seed in range(9)}
    assert len(waits) == 9
    assert all(wait is not None and 0 <= wait <= 0.5 for wait in waits)


def test_a_turn_has_one_retry():
    assert wait_before(error(), 1, 60.0, Random(0)) is not None
    assert wait_before(error(), 2, 60.0, Random(0)) is None


@pytest.mark.parametrize(
    "fault", [CloudFault.AUTH, CloudFault.MODEL, CloudFault.BILLING, CloudFault.REQUEST]
)
def test_what_will_fail_again_is_not_tried_again(fault):
    assert wait_before(error(fault, asked_s=1.0), 1, 60.0, Random(0)) is None


def test_a_network_that_swallows_everything_is_waited_for_once():
    waits = Deadlines()
    for seed in range(50):
        left = left_s(waits, CloudFault.UNREACHABLE, spent_s=3.0)
        assert wait_before(error(CloudFault.UNREACHABLE), 1, left, Random(seed)) is None
    refused = left_s(waits, CloudFault.UNREACHABLE, spent_s=0.1)
    assert refused == pytest.approx(2.9)
    assert wait_before(error(CloudFault.UNREACHABLE), 1, refused, Random(0)) is not None


def test_other_faults_leave_what_is_left_of_the_whole():
    assert left_s(Deadlines(), CloudFault.SERVER, spent_s=20.0) == 100.0
    assert left_s(Deadlines(), CloudFault.TIMEOUT, spent_s=200.0) == 0.0


# The bucket.


def test_five_failures_empty_half_the_bucket_and_end_retries():
    bucket = RetryBucket()
    allowed = []
    for _ in range(6):
        bucket = bucket.after_failure()
        allowed.append(bucket.may_retry)
    assert allowed == [True, True, True, True, False, False]


def test_ten_successes_pay_for_one_failure():
    bucket = RetryBucket(50)
    assert not bucket.may_retry
    assert bucket.after_success().may_retry
    for _ in range(10):
        bucket = bucket.after_success()
    assert bucket.after_failure() == RetryBucket(50)


def test_a_long_outage_is_paid_back_no_more_slowly_than_a_short_one():
    bucket = RetryBucket()
    for _ in range(1000):
        bucket = bucket.after_failure()
    assert bucket == RetryBucket(0)


@given(st.lists(st.booleans()))
def test_the_bucket_neither_overflows_nor_runs_below_nothing(works):
    bucket = RetryBucket()
    for worked in works:
        bucket = bucket.after_success() if worked else bucket.after_failure()
        assert 0 <= bucket.tenths <= 100
