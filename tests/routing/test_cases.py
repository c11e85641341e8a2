"""Cases: expected decisions in a file, held against a policy."""

from __future__ import annotations

from decimal import Decimal

import pytest

from edge.core.decision import BreakerState, Target
from edge.core.errors import UsageError
from edge.core.message import Label
from edge.core.units import Money
from edge.routing.cases import check, load_cases, signal_of_text, tried
from edge.routing.policy_file import built_in

HEAD = "schema_version = 1\n"
POLICY = built_in("edge-first")


def as_given(text: str, label: Label) -> Label:
    return label


def private_if_asked(text: str, label: Label) -> Label:
    return Label.PRIVATE if "secret" in text else label


def one(body: str):
    """What the only case of a file comes to."""
    (case,) = load_cases(f"{HEAD}[[cases]]\nname = 'c'\n{body}", "c.toml").cases
    return check(case, POLICY, private_if_asked)


def test_a_case_is_met_or_tells_what_came_instead():
    assert (
        one("prompt = 'hi'\nexpect = { target = 'edge', reason = 'default', rule = '' }").missed
        == {}
    )
    found = one("prompt = 'hi'\nexpect = { target = 'cloud', label = 'private', asks = false }")
    assert found.missed == {"target": "edge", "label": "public"}


def test_signals_are_set_after_the_prompt_was_measured():
    found = one("prompt = 'hi'\nsignals = { edge_wait_s = 40 }\nexpect = { target = 'cloud' }")
    assert found.missed == {}
    assert found.decision.rule == "far-too-slow-to-begin"
    assert found.decision.signals.language == ""


def test_a_label_that_is_given_rises_and_never_falls():
    text = "signals = { label = 'public' }\nexpect = { label = 'private', reason = 'private' }"
    assert one(f"prompt = 'my secret'\n{text}").missed == {}
    assert one("signals.label = 'private'\nprompt = 'hi'\nexpect.label = 'private'").missed == {}


def test_what_all_cases_share_is_said_once():
    text = (
        f"{HEAD}policy = 'balanced'\n[signals]\nhot = true\nnew_tokens = 900\n"
        "[[cases]]\nname = 'a'\nexpect = { target = 'cloud' }\n"
        "[[cases]]\nname = 'b'\nsignals = { hot = false }\nexpect = { target = 'edge' }\n"
    )
    found = load_cases(text, "c.toml")
    assert found.policy == "balanced"
    policy = built_in("balanced")
    assert [check(case, policy, as_given).missed for case in found.cases] == [{}, {}]


@pytest.mark.parametrize(
    ("body", "line", "said"),
    [
        ("expect = {}", 2, "a case expects something"),
        ("expect = { target = 'clod' }", 4, "one of edge, cloud"),
        ("expect = { taget = 'cloud' }", 4, "no key 'taget'"),
        ("expect = { target = 'edge' }\nsignals = { edge_wait = 3 }", 5, "no signal 'edge_wait'"),
        ("expect = { target = 'edge' }\nsignals = { hot = 3 }", 5, "true or false"),
        ("expect = { target = 'edge' }\npromt = 'x'", 5, "no key 'promt'"),
    ],
)
def test_a_case_that_cannot_be_read_is_refused_on_its_line(body, line, said):
    with pytest.raises(UsageError) as raised:
        one(body)
    place, _, message = raised.value.message.partition(": ")
    assert said in message
    assert place == f"c.toml:{line}"


def test_a_file_without_cases_is_refused():
    with pytest.raises(UsageError):
        load_cases(HEAD, "c.toml")


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        ("edge_wait_s=0.4", ("edge_wait_s", 0.4)),
        ("edge_wait_s = 4", ("edge_wait_s", 4.0)),
        ("context_free_tokens=-5", ("context_free_tokens", -5)),
        ("hot=yes", ("hot", True)),
        ("hot=unknown", ("hot", None)),
        ("label=private", ("label", Label.PRIVATE)),
        ("wanted=cloud", ("wanted", Target.CLOUD)),
        ("breaker=half_open", ("breaker", BreakerState.HALF_OPEN)),
        ("cloud_cost=0.05 CNY", ("cloud_cost", Money(Decimal("0.05"), "CNY"))),
        ("language=zh", ("language", "zh")),
        ("edge_checks=empty", ("edge_checks", ("empty",))),
    ],
)
def test_a_signal_is_read_from_a_flag(spelling, expected):
    assert signal_of_text(spelling) == expected


@pytest.mark.parametrize(
    "spelling",
    ["", "edge_wait=3", "edge_wait_s=", "edge_wait_s=x", "hot=3", "label=secret", "queue=unknown"],
)
def test_a_flag_that_spells_no_signal_is_refused(spelling):
    with pytest.raises(UsageError):
        signal_of_text(spelling)


def test_a_try_assumes_a_cloud_that_could_be_asked():
    assert tried("hi", {}, as_given).cloud_allowed
    assert tried(None, {"hot": True}, as_given).hot is True
