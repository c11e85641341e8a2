"""What `edge policy` says beside its tables; of decisions edge.cli.words.policy tells.

Each text is a small function, so that another language can stand here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge.cli.words.policy import value
from edge.routing.policy import Policy

# Files.


def in_force(name: str, origin: str, text_hash: str) -> str:
    """Which policy decides now, and where it is written."""
    return f"policy {name} ({origin}), {text_hash[:12]}"


def is_sound(policy: Policy, source: str) -> str:
    """A file that can be used."""
    return (
        f"{source}: policy {policy.name}, {len(policy.rules)} rules, {len(policy.scores)} scores, "
        f"default {policy.default}, {policy.text_hash[:12]}"
    )


def written(path: str) -> str:
    """A policy was written to a file."""
    return f"written: {path}; to change it: edge policy edit"


def is_there_already(path: str) -> str:
    """A policy file would be overwritten."""
    return f"{path} is there already"


def no_editor() -> str:
    """No editor can be started."""
    return "no editor is named"


def editor_failed(editor: str) -> str:
    """The editor did not end well."""
    return f"{editor!r} could not be run, or ended with a failure"


def edit_is_kept(path: str) -> str:
    """Where an edit that cannot be used lies."""
    return f"the policy in force is unchanged, and your text is in {path}"


def unchanged() -> str:
    """Nothing was edited."""
    return "nothing was changed"


def assumed() -> str:
    """What a try takes for granted."""
    return (
        "nothing was sent; assumed: a public first turn and a cloud that is on and up; "
        "set others with --signal NAME=VALUE"
    )


# Cases.


def case_missed(expected: Mapping[str, Any], got: Mapping[str, Any]) -> str:
    """What was expected and what came."""
    return "; ".join(
        f"{name} is {value(each, '')}, not {value(expected[name], '')}"
        for name, each in got.items()
    )


def cases_done(n_cases: int, n_missed: int, name: str) -> str:
    """How a run of cases ended."""
    return f"{n_cases - n_missed} of {n_cases} cases hold under policy {name}; nothing was sent"


# Decided again.


def replayed(n_same: int, n_all: int, n_old: int) -> str:
    """How many decisions came out as they were."""
    old = f"; {n_old} are from before policies were kept" if n_old else ""
    return f"{n_same} of {n_all} decisions are reproduced bit for bit{old}"


def compared(n_changed: int, n_all: int, name: str, n_old: int) -> str:
    """How many decisions another policy would have made otherwise."""
    old = f"; {n_old} are from before policies were kept" if n_old else ""
    return f"{n_changed} of {n_all} turns would have gone elsewhere under policy {name}{old}"


def not_reproduced(n_wrong: int) -> str:
    """Decisions that do not come out as they were, or whose policy is gone."""
    return f"{n_wrong} decisions are not reproduced"


def policy_is_gone() -> str:
    """The text of a policy is not in the store."""
    return "its policy is not kept"
