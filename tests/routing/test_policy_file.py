"""Policy files: read exactly, and refused with line and advice where they cannot be meant."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal
from pathlib import Path

import pytest

from edge.core.cloud import Cap, Scope
from edge.core.decision import Signals, Target
from edge.core.errors import UnknownName, UsageError
from edge.core.units import Money
from edge.routing.conditions import Among, Within
from edge.routing.facts import MEASURED
from edge.routing.policy import CloudModel, Escalate, Handoff, Policy, Rule, Score
from edge.routing.policy_file import (
    BUILT_IN,
    built_in,
    choose_policy,
    load_policy,
    policy_text,
    read_policy,
)
from edge.routing.toml_text import places

HEAD = 'schema_version = 1\nname = "p"\ndefault = "edge"\n'  # three lines
RULE = '[[rules]]\nname = "r"\ntarget = "cloud"\n'  # its when is on line 7


def refused(body: str, head: str = HEAD) -> tuple[int, str, str]:
    """The line, the message and the advice a text is refused with."""
    with pytest.raises(UsageError) as raised:
        load_policy(head + body, "p.toml")
    source, line, message = raised.value.message.split(":", 2)
    assert source == "p.toml"
    return int(line), message.strip(), raised.value.hint


def test_a_file_with_everything_in_it_is_read_exactly():
    policy = load_policy(
        """
        schema_version = 1
        name = "mine"
        default = "cloud"
        cloud_model = "long"
        escalate = "hold"
        handoff = "keep"
        hedge = true
        stay = { bonus_s = 1.5 }
        [budget.CNY]
        turn = 0.1
        day = 2
        [budget.USD]
        month = 3.000000001
        [[rules]]
        name = "chinese-and-short"
        target = "edge"
        when = { language = ["zh", "ja"], new_tokens = { at_least = 2, below = 200 }, hot = false }
        [[rules]]
        name = "dear"
        target = "edge"
        cloud_model = "usual"
        when.cloud_cost.above = "0.05 CNY"
        [[scores]]
        name = "unsure"
        target = "cloud"
        weights = { edge_margin = -0.5, edge_confidence = -1 }
        threshold = 1.2
        """,
        "mine.toml",
    )
    expected = Policy(
        "mine",
        policy.text_hash,
        (
            Rule(
                "chinese-and-short",
                Target.EDGE,
                (
                    Among("language", ("zh", "ja")),
                    Within("new_tokens", at_least=2, below=200),
                    Among("hot", (False,)),
                ),
            ),
            Rule(
                "dear",
                Target.EDGE,
                (Within("cloud_cost", above=Decimal("0.05"), currency="CNY"),),
                CloudModel.USUAL,
            ),
        ),
        (Score("unsure", Target.CLOUD, (("edge_confidence", -1.0), ("edge_margin", -0.5)), 1.2),),
        Target.CLOUD,
        True,
        Escalate.HOLD,
        Handoff.KEEP,
        True,
        1.5,
        CloudModel.LONG,
        (
            Cap(Scope.TURN, Money(Decimal("0.1"), "CNY")),
            Cap(Scope.DAY, Money(Decimal(2), "CNY")),
            Cap(Scope.MONTH, Money(Decimal("3.000000001"), "USD")),
        ),
    )
    assert policy == expected


def test_every_signal_is_known_to_policies():
    assert [field.name for field in fields(Signals)] == list(MEASURED)


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_policy_is_sound_and_named_as_its_file(name):
    assert built_in(name).name == name
    assert built_in(name).text == policy_text(name)


@pytest.mark.parametrize("name", [name for name in BUILT_IN if name != "offline"])
def test_a_built_in_policy_that_sends_is_capped_in_both_currencies(name):
    limits = {(cap.scope, str(cap.limit)) for cap in built_in(name).caps}
    assert limits == {
        (Scope.DAY, "2 CNY"),
        (Scope.MONTH, "20 CNY"),
        (Scope.DAY, "0.3 USD"),
        (Scope.MONTH, "3 USD"),
    }


# The hash.


def test_comments_spaces_and_the_order_of_keys_leave_the_hash_alone():
    other = '# mine\ndefault   = "edge"\nname = "p"\nschema_version = 1\n\nstay = {bonus_s = 2.50}'
    one = load_policy(HEAD + "[stay]\nbonus_s = 2.5\n", "a").text_hash
    assert load_policy(other, "b").text_hash == one
    assert load_policy(HEAD + "[stay]\nbonus_s = 2.51\n", "a").text_hash != one


def test_the_order_of_rules_changes_the_hash():
    one = RULE + "when = { hot = true }\n"
    two = RULE.replace('"r"', '"s"') + "when = { queue = { above = 2 } }\n"
    assert (
        load_policy(HEAD + one + two, "a").text_hash != load_policy(HEAD + two + one, "a").text_hash
    )


# What is refused.


@pytest.mark.parametrize(
    ("body", "line", "said", "advice"),
    [
        ("escalete = 1\n", 4, "no key 'escalete'", "escalate"),
        ('escalate = "aks"\n', 4, "escalate is 'aks'", 'escalate = "ask"'),
        ("hedge = 1\n", 4, "must be true or false", "hedge = true"),
        ("[stay]\nbonus = 1\n", 5, "no key 'bonus' in stay", "bonus_s"),
        ("[stay]\nbonus_s = -1\n", 5, "from 0 to 3600 seconds", "bonus_s"),
        ("rules = 3\n", 4, "must be tables", "[[rules]]"),
        ("hedge = \n", 4, "this is not TOML", "one key"),
        (RULE, 4, "when is missing", "when ="),
        (RULE + "when = {}\n", 4, "no condition", "default"),
        (RULE + "wen = {}\nwhen = { hot = true }\n", 7, "no key 'wen'", "when"),
    ],
)
def test_what_is_no_policy_is_refused_where_it_stands(body, line, said, advice):
    found = refused(body)
    assert found[0] == line
    assert said in found[1]
    assert advice in found[2]


@pytest.mark.parametrize(
    ("when", "said", "advice"),
    [
        ("edge_wait = { above = 3 }", "no signal 'edge_wait'", "edge_wait_s"),
        ("edge_wait_s = 3", "edge_wait_s is 3 and must be a table", "above"),
        ("edge_wait_s = {}", "must be bounded", "above"),
        ("edge_wait_s = { over = 3 }", "no bound 'over'", "above"),
        ('edge_wait_s = { above = "3" }', "must be a number", "above = 2.5"),
        ("prompt_tokens = { above = 2.5 }", "must be a whole number", "above = 8"),
        ("edge_wait_s = { above = nan }", "of a size one can measure", "2.5"),
        ("edge_wait_s = { above = 3, at_least = 4 }", "both above and at_least", "one of"),
        ("edge_wait_s = { above = 30, below = 20 }", "can never hold", "turn the bounds"),
        ("edge_wait_s = { above = 30, at_most = 30 }", "can never hold", "turn"),
        ("prompt_tokens = { above = 7, below = 8 }", "can never hold", "turn"),
        ("prompt_tokens = { above = -5 }", "never below 0, and above is -5", "correct"),
        ("context_free_tokens = { below = -1 }", "never below 0", "correct"),
        ("battery_percent = { above = 150 }", "never above 100", "correct"),
        ("battery_percent = { above = 100 }", "can never hold", "turn"),
        ("prompt_tokens = { at_least = 0 }", "every prompt_tokens lies within", "leave it out"),
        ('hot = "yes"', "must be true or false", "hot = true"),
        ("language = 3", "must be a text, or a list", "zh"),
        ("language = []", "must be a text, or a list", "zh"),
        ('previous = "clod"', "never 'clod'", "cloud"),
        ('capability = ["text", "json"]', "every capability lies within", "leave"),
        ('label = "public"', "private has decided", "leave it out"),
        ("cloud_key = true", "no_key has decided", "leave it out"),
        ('wanted = "cloud"', "asked has decided", "leave it out"),
        ('cloud_link = "down"', "unreachable has decided", "unknown, up"),
        ('breaker = ["closed", "open"]', "breaker_open has decided", "half_open"),
        ("edge_confidence = { below = -1 }", "known after an answer", "a score"),
        ("cloud_cost = { below = 0.05 }", "an amount with its currency", "0.05 CNY"),
        ('cloud_cost = { below = "5 yuan" }', "an amount with its currency", "CNY"),
        ('cloud_cost = { below = "-5 CNY" }', "an amount from 0", "2.50"),
        ('cloud_cost = { above = "1 CNY", below = "2 USD" }', "CNY and USD", "use one"),
    ],
)
def test_a_condition_that_cannot_be_meant_is_refused_on_its_line(when, said, advice):
    line, message, hint = refused(RULE + f"when = {{ {when} }}\n")
    assert line == 7
    assert said in message
    assert advice in hint


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("edge_wait_s = { above = 10 }", "edge_wait_s = { above = 20 }"),
        ("edge_wait_s = { at_least = 20 }", "edge_wait_s = { above = 20 }"),
        ("prompt_tokens = { above = 9 }", "prompt_tokens = { at_least = 10 }"),
        ('language = ["zh", "ja"]', 'language = "zh"'),
        ("hot = true", "hot = true, queue = { above = 1 }"),
    ],
)
def test_a_rule_that_is_never_reached_is_refused(earlier, later):
    second = RULE.replace('"r"', '"s"')
    line, message, hint = refused(f"{RULE}when = {{ {earlier} }}\n{second}when = {{ {later} }}\n")
    assert line == 9
    assert "rule 's' is never reached: rule 'r'" in message
    assert "move it above 'r'" in hint


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("edge_wait_s = { above = 20 }", "edge_wait_s = { above = 10 }"),
        ("edge_wait_s = { above = 20 }", "edge_wait_s = { at_least = 20 }"),
        ("hot = true, queue = { above = 1 }", "hot = true"),
        ('language = "zh"', 'language = ["zh", "ja"]'),
    ],
)
def test_a_rule_that_can_be_reached_is_taken(earlier, later):
    second = RULE.replace('"r"', '"s"')
    text = f"{RULE}when = {{ {earlier} }}\n{second}when = {{ {later} }}\n"
    assert len(load_policy(HEAD + text, "p").rules) == 2


def test_two_rules_of_one_name_are_refused():
    second = RULE + "when = { queue = { above = 1 } }\n"
    assert refused(RULE + "when = { hot = true }\n" + second)[:2] == (9, "two are named 'r'")


@pytest.mark.parametrize(
    ("body", "line", "said"),
    [
        ("[budget.CNY]\nday = -1\n", 5, "an amount from 0"),
        ('[budget.CNY]\nday = "2"\n', 5, "must be a number"),
        ("[budget.CNY]\nday = 0.0000000001\n", 5, "at most 9 decimals"),
        ("[budget.CNY]\nday = inf\n", 5, "of a size one can measure"),
        ("[budget.CNY]\ndaily = 2\n", 5, "no scope 'daily'"),
        ("[budget.cny]\nday = 2\n", 4, "'cny' is no currency code"),
        ("[budget.CNY]\nday = 20\nmonth = 2\n", 5, "the cap of a day exceeds that of a month"),
        ("[budget.CNY]\nmonth = 2\nday = 20\n", 6, "the cap of a day exceeds that of a month"),
    ],
)
def test_bad_money_is_refused(body, line, said):
    found = refused(body)
    assert found[0] == line
    assert said in found[1]


SCORE = '[[scores]]\nname = "s"\ntarget = "cloud"\n'


@pytest.mark.parametrize(
    ("body", "line", "said"),
    [
        ("weights = { difficulty = 1 }\nthreshold = 1.5\n", 8, "never reaches 1.5: at most 1"),
        ("weights = { difficulty = 1 }\nthreshold = 0\n", 8, "always reaches 0"),
        ("weights = { difficulty = 0 }\nthreshold = 1\n", 7, "a weight of 0"),
        ("weights = { langauge = 1 }\nthreshold = 1\n", 7, "named 'langauge'"),
        ("weights = {}\nthreshold = 1\n", 4, "weighs nothing"),
        ("weights = { edge_confidence = -1 }\nthreshold = 1\n", 4, 'escalate is "never"'),
        ("weights = { difficulty = 1 }\n", 4, "threshold is missing"),
    ],
)
def test_a_score_that_cannot_be_meant_is_refused(body, line, said):
    found = refused(SCORE + body)
    assert found[0] == line
    assert said in found[1]


def test_a_policy_without_cloud_leads_nowhere_else():
    found = refused('cloud = false\nescalate = "ask"\n')
    assert found[:2] == (5, "cloud is false, and escalate leads there")
    assert refused("cloud = false\n" + RULE + "when = { hot = true }\n")[0] == 7


def test_another_schema_is_refused():
    assert refused("", HEAD.replace("1", "2"))[0] == 1


def test_the_line_is_right_behind_long_strings_and_other_tables():
    text = 'a = """\nb = 1\n[c]\n"""\nb = 2\n[[d]]\n# e = 0\n[[d]]\ne.f = 3\n[d.g]\nh = 4\n'
    assert places(text) == {
        ("a",): 1,
        ("b",): 5,
        ("d",): 6,
        ("d", 0): 6,
        ("d", 1): 8,
        ("d", 1, "e"): 9,
        ("d", 1, "e", "f"): 9,
        ("d", 1, "g"): 10,
        ("d", 1, "g", "h"): 11,
    }


# Which one is in force.


def test_the_usual_policy_is_in_force_until_there_is_a_file(tmp_path: Path):
    own = tmp_path / "policy.toml"
    assert choose_policy(None, own).name == "edge-first"
    own.write_text(HEAD)
    assert choose_policy(None, own).name == "p"
    assert choose_policy("balanced", own).name == "balanced"
    (tmp_path / "other.toml").write_text(HEAD.replace('"p"', '"other"'))
    assert choose_policy("other.toml", own).name == "other"
    assert choose_policy(str(tmp_path / "other.toml"), own).name == "other"


def test_a_policy_nobody_knows_is_refused_with_a_near_one(tmp_path: Path):
    with pytest.raises(UnknownName) as raised:
        choose_policy("balancd", tmp_path / "policy.toml")
    assert raised.value.hint.startswith("balanced")


def test_what_is_no_readable_file_is_refused(tmp_path: Path):
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe")
    (tmp_path / "b.toml").write_bytes(b"# " + b"x" * 300_000)
    (tmp_path / "d").mkdir()
    for name in ("a.toml", "b.toml", "d", "missing.toml"):
        with pytest.raises(UsageError):
            read_policy(tmp_path / name)


def test_a_byte_order_mark_is_forgiven(tmp_path: Path):
    (tmp_path / "a.toml").write_bytes(b"\xef\xbb\xbf" + HEAD.encode())
    assert read_policy(tmp_path / "a.toml").name == "p"
