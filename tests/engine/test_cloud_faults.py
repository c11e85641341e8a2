"""What providers say instead of an answer is read by code, then by status, and never repeated."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from edge.core.cloud import Dialect, Provider, Secret
from edge.core.errors import CloudAuth, CloudFault
from edge.engine.cloud_codes import is_filter, meaning_of
from edge.engine.cloud_faults import Asked, Refusal, error_of, refusal_in, refusal_of, retry_after_s
from edge.engine.cloud_stream import read_event, same_model

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
KEY = "sk-canary-0123456789abcdef"
ASKED = Asked(Provider("bailian", "https://cloud.example/v1"), "qwen-plus", Secret(KEY))


# The provider's page of error messages, code by code, with the status it gives.
@pytest.mark.parametrize(
    ("status", "code", "fault"),
    [
        (400, "InvalidParameter", "request"),
        (400, "InvalidParameter.NotSupportEnableThinking", "request"),
        (400, "Arrearage", "billing"),
        (401, "InvalidApiKey", "auth"),
        (401, "invalid_api_key", "auth"),
        (401, "NOT AUTHORIZED", "auth"),
        (403, "AccessDenied", "auth"),
        (403, "AccessDenied.Unpurchased", "auth"),
        (403, "Model.AccessDenied", "model"),
        (403, "App.AccessDenied", "auth"),
        (403, "Workspace.AccessDenied", "auth"),
        (403, "AllocationQuota.FreeTierOnly", "billing"),
        (404, "ModelNotFound", "model"),
        (404, "model_not_found", "model"),
        (404, "model_not_supported", "model"),
        (404, "WorkSpaceNotFound", "model"),
        (429, "Throttling", "rate"),
        (429, "Throttling.RateQuota", "rate"),
        (429, "LimitRequests", "rate"),
        (429, "limit_requests", "rate"),
        (429, "Throttling.BurstRate", "rate"),
        (429, "limit_burst_rate", "rate"),
        (429, "Throttling.AllocationQuota", "rate"),
        (429, "insufficient_quota", "rate"),
        (400, "insufficient_quota", "rate"),
        (429, "CommodityNotPurchased", "billing"),
        (429, "PrepaidBillOverdue", "billing"),
        (429, "PostpaidBillOverdue", "billing"),
        (500, "InternalError", "server"),
        (500, "internal_error", "server"),
        (500, "SystemError", "server"),
        (500, "ModelServiceFailed", "server"),
        (500, "RequestTimeOut", "server"),
        (500, "ModelServingError", "server"),
        (503, "ModelServingError", "server"),
        (503, "ModelUnavailable", "server"),
        # By the status, where the code says nothing to us.
        (400, "", "request"),
        (401, "", "auth"),
        (402, "", "billing"),
        (403, "Whatever", "auth"),
        (404, "", "model"),
        (413, "", "request"),
        (429, "Whatever.Else", "rate"),
        (500, "", "server"),
        (503, "", "server"),
        (529, "", "server"),
        (511, "", "unreachable"),
        (302, "", "request"),
        (200, "Whatever", "server"),
    ],
)
def test_a_code_means_its_fault_and_every_fault_has_a_next_step(status, code, fault):
    error = error_of(refusal_of(status, body(code), {}, NOW), ASKED_DASHSCOPE)
    assert error.fault is CloudFault(fault)
    assert error.hint
    assert "{" not in error.line()


ASKED_DASHSCOPE = Asked(
    Provider("bailian", "https://cloud.example/v1", Dialect.DASHSCOPE), "qwen-plus", Secret(KEY)
)


def body(code: object, **more: object) -> bytes:
    return json.dumps({"error": {"message": "secret words", "code": code, **more}}).encode()


def test_a_used_up_quota_is_money_outside_dashscope():
    assert meaning_of("insufficient_quota", 429, Dialect.OPENAI).fault is CloudFault.BILLING


@pytest.mark.parametrize(
    "code",
    [
        "DataInspectionFailed",
        "data_inspection_failed",
        "InternalError.Algo.DataInspectionFailed",
        "content_filter",
    ],
)
def test_a_refused_content_is_no_fault(code):
    assert is_filter(code)


def test_a_kind_that_is_known_stands_in_for_a_missing_code():
    assert refusal_of(429, body(None, type="insufficient_quota"), {}, NOW).code == (
        "insufficient_quota"
    )
    assert refusal_of(429, body(None, type="secret"), {}, NOW).code == ""


def test_the_id_of_the_request_is_told():
    own = {"code": "Throttling", "message": "secret words", "request_id": "7574ee8f-38a3"}
    told = error_of(refusal_of(429, json.dumps(own).encode(), {}, NOW), ASKED)
    assert told.message == (
        "bailian (cloud.example) asks to slow down (Throttling, HTTP 429, request 7574ee8f-38a3)"
    )
    there = refusal_of(500, b"", {"x-request-id": "abc-1"}, NOW)
    assert there.request_id == "abc-1"


@pytest.mark.parametrize(
    "code", ["my diary of monday", f"bad-{KEY}", KEY, "x" * 65, "a\x1b[2J", "é", {"a": 1}, ["b"]]
)
def test_a_code_that_is_no_word_or_our_key_is_not_shown(code):
    for telling in (body(code), json.dumps({"code": code, "request_id": code}).encode()):
        error = error_of(refusal_of(401, telling, {"x-request-id": str(code)}, NOW), ASKED)
        assert type(error) is CloudAuth
        assert error.provider_code == ""
        assert error.message == "bailian (cloud.example) does not accept <key …cdef> (HTTP 401)"


@pytest.mark.parametrize(
    "telling",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"[" * 100_000,
        b'{"error": 5}',
        b'{"error": ""}',
        b"1" * 5000,
    ],
)
def test_a_body_that_says_nothing_leaves_the_status(telling):
    assert refusal_of(503, telling, {}, NOW) == Refusal(503)


def test_an_event_may_be_an_error_of_either_form():
    assert refusal_in({"error": {"code": 429, "message": "m"}}) == Refusal(429)
    assert refusal_in({"error": "overloaded"}) == Refusal(200)
    assert refusal_in({"choices": [], "error": {"code": "Throttling"}}) == Refusal(
        200, "Throttling"
    )
    assert refusal_in({"code": "Throttling", "message": "m"}) == Refusal(200, "Throttling")
    assert refusal_in({"choices": [], "error": None, "code": None}) is None
    assert refusal_in({"usage": {}}) is None


# Retry-After.


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 1.5 ", 1.5),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 13:00:30 +0100", 1830.0 - 1800.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        ("Sat, 21 Nov 2126 12:00:00 GMT", 86_400.0),
        ("99999999999", 86_400.0),
        ("9" * 299, 86_400.0),
        ("9" * 5000, None),
        ("1e9", None),
        ("-5", None),
        ("", None),
        ("soon", None),
        ("NaN", None),
        ("inf", None),
        ("٣", None),
        ("Sat, 99 Nov 2026 12:00:30 GMT", None),
    ],
)
def test_the_wait_asked_for_is_read(text, seconds):
    assert retry_after_s(text, NOW) == seconds


# Events.


@pytest.mark.parametrize(
    "data",
    [
        "{",
        "[]",
        "7",
        '"text"',
        "[" * 100_000,
        '{"choices": {}}',
        '{"choices": [7]}',
        '{"choices": [{"delta": []}, 7]}',
        '{"choices": [{"delta": "text"}]}',
        '{"choices": [{"delta": {"content": 7}}]}',
        '{"choices": [{"delta": {"content": ["a"]}}]}',
        '{"choices": [{"delta": {}, "finish_reason": 7}]}',
    ],
)
def test_an_event_of_another_shape_is_malformed(data):
    told = read_event(data)
    assert told is None or told == read_event("{}")
    assert (told is None) == (data != '{"choices": [{"delta": []}, 7]}')


@pytest.mark.parametrize(
    ("told", "same"),
    [
        ("qwen-plus", True),
        ("qwen-plus-2025-07-28", True),
        ("qwen-plus-0919", True),
        ("qwen-plus-latest", False),
        ("qwen-plus2", False),
        ("qwen-plus-2", False),
        ("qwen", False),
    ],
)
def test_a_dated_snapshot_is_the_model_asked_for(told, same):
    assert same_model("qwen-plus", told) is same
