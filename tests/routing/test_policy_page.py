"""The page about policies says what there is."""

from __future__ import annotations

import re
from pathlib import Path

from edge.routing.cases import load_cases
from edge.routing.facts import FACTS
from edge.routing.policy_file import load_policy
from edge.routing.policy_parts import RULE_SIGNALS, SCORE_SIGNALS

PAGE = (Path(__file__).parents[2] / "docs" / "policy.md").read_text("utf-8")


def test_the_page_lists_every_signal_a_policy_may_use_and_no_other():
    table = PAGE.split("## Signals")[1].split("## Cases")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    listed = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    assert listed == set(RULE_SIGNALS) | set(SCORE_SIGNALS)
    assert listed <= set(FACTS)


def test_the_example_of_the_page_can_be_used():
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (case,) = load_cases(example, "policy.md").cases
    assert case.expected == {"target": "edge", "reason": "private"}


def test_every_key_of_the_page_is_one_of_the_file():
    table = PAGE.split("## What it may say")[1].split("A number is")[0]
    keys = re.findall(r"^\| `([a-z_]+)`", table, re.MULTILINE)
    text = 'schema_version = 1\nname = "p"\ndefault = "edge"\n'
    others = {"escalate": '"ask"', "handoff": '"keep"', "hedge": "true", "cloud": "true"}
    others["cloud_model"] = '"long"'
    assert set(keys) == {"schema_version", "name", *others}
    load_policy(text + "".join(f"{key} = {value}\n" for key, value in others.items()), "p")
