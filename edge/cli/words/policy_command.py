"""What `edge policy` says beside its tables; of decisions edge.cli.words.policy tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge.cli.words.policy import value
from edge.core.say import say
from edge.routing.policy import Policy

# Files.


def in_force(name: str, origin: str, text_hash: str) -> str:
    """Which policy decides now, and where it is written."""
    return say("policy {name} ({origin}), {hash}", name=name, origin=origin, hash=text_hash[:12])


def is_sound(policy: Policy, source: str) -> str:
    """A file that can be used."""
    return say(
        "{source}: policy {name}, {n_rules} rules, {n_scores} scores, default {default}, {hash}",
        source=source,
        name=policy.name,
        n_rules=len(policy.rules),
        n_scores=len(policy.scores),
        default=policy.default,
        hash=policy.text_hash[:12],
    )


def written(path: str) -> str:
    """A policy was written to a file."""
    return say("written: {path}; to change it: edge policy edit", path=path)


def is_there_already(path: str) -> str:
    """A policy file would be overwritten."""
    return say("{path} is there already", path=path)


def edit_is_kept(path: str) -> str:
    """Where an edit that cannot be used lies."""
    return say("the policy in force is unchanged, and your text is in {path}", path=path)


def unchanged() -> str:
    """Nothing was edited."""
    return say("nothing was changed")


def assumed() -> str:
    """What a try takes for granted."""
    return say(
        "nothing was sent; assumed: a public first turn and a cloud that is on and up; "
        "set others with --signal NAME=VALUE"
    )


# Cases.


def case_missed(expected: Mapping[str, Any], got: Mapping[str, Any]) -> str:
    """What was expected and what came."""
    return "; ".join(
        say(
            "{name} is {got}, not {expected}",
            name=name,
            got=value(each, ""),
            expected=value(expected[name], ""),
        )
        for name, each in got.items()
    )


def cases_done(n_cases: int, n_missed: int, name: str) -> str:
    """How a run of cases ended."""
    return say(
        "{n_held} of {n_cases} cases hold under policy {name}; nothing was sent",
        n_held=n_cases - n_missed,
        n_cases=n_cases,
        name=name,
    )


# Decided again.


def replayed(n_same: int, n_all: int, n_old: int) -> str:
    """How many decisions came out as they were."""
    found = say(
        "{n_same} of {n_all} decisions are reproduced bit for bit", n_same=n_same, n_all=n_all
    )
    return _with_old(found, n_old)


def compared(n_changed: int, n_all: int, name: str, n_old: int) -> str:
    """How many decisions another policy would have made otherwise."""
    found = say(
        "{n_changed} of {n_all} turns would have gone elsewhere under policy {name}",
        n_changed=n_changed,
        n_all=n_all,
        name=name,
    )
    return _with_old(found, n_old)


def _with_old(found: str, n_old: int) -> str:
    if not n_old:
        return found
    return say("{found}; {n_old} are from before policies were kept", found=found, n_old=n_old)


def policy_is_gone() -> str:
    """The text of a policy is not in the store."""
    return say("its policy is not kept")
