"""`edge policy test`: cases decided as turns would be, with every way to the network shut."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from edge.cli.progress import tell
from edge.cli.table import show_table
from edge.cli.words import policy_command as words
from edge.cli.words import tables
from edge.core.message import Label
from edge.routing.cases import Case, Checked, Labelled, check
from edge.routing.facts import spelled

if TYPE_CHECKING:
    from edge.routing.policy import Policy
    from edge.settings.folders import Folders

_SOCKETS = ("socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.sendmsg")


def run_cases(cases: Sequence[Case], policy: Policy, folders: Folders, *, as_json: bool) -> bool:
    """Check and show them; says whether all of them hold."""
    label_of = labels(folders)
    with no_network():
        found = [check(case, policy, label_of) for case in cases]
    n_missed = sum(bool(each.missed) for each in found)
    if as_json:
        typer.echo(json.dumps(_document(found, policy), indent=2, ensure_ascii=False))
    else:
        show_table(tables.cases(), [_row(each) for each in found])
        tell(words.cases_done(len(found), n_missed, policy.name))
    return not n_missed


def labels(folders: Folders) -> Labelled:
    """How a prompt is labelled here: by the detectors, and the user's own words."""
    from edge.routing.detect.finding import OwnWords
    from edge.routing.privacy import examine
    from edge.settings.cloud import load_cloud

    settings = load_cloud(folders)
    own = OwnWords(settings.words, settings.patterns)

    def label_of(text: str, label: Label) -> Label:
        return examine(text, label, None, own).label

    return label_of


class Shut:
    """An audit hook that refuses sockets while it is closed; it stays for the process's life."""

    def __init__(self) -> None:
        self.closed = True

    def __call__(self, event: str, args: tuple[object, ...]) -> None:
        """What Python calls before it acts; raising stops it."""
        if self.closed and event in _SOCKETS:
            raise PermissionError(f"{event}: deciding needs no network")


@contextmanager
def no_network() -> Iterator[None]:
    """Any use of the network within is an error."""
    shut = Shut()
    sys.addaudithook(shut)
    try:
        yield
    finally:
        shut.closed = False


def _row(checked: Checked) -> tuple[str, ...]:
    decision = checked.decision
    return (
        checked.case.name,
        tables.holds(missed=bool(checked.missed)),
        decision.target.value,
        decision.rule or decision.reason.value,
        words.case_missed(checked.case.expected, checked.missed),
    )


def _document(found: Sequence[Checked], policy: Policy) -> dict[str, object]:
    return {
        "schema_version": 1,
        "policy": policy.name,
        "policy_hash": policy.text_hash,
        "holds": not any(each.missed for each in found),
        "cases": [
            {
                "name": each.case.name,
                "holds": not each.missed,
                "target": each.decision.target.value,
                "reason": each.decision.reason.value,
                "rule": each.decision.rule,
                "label": spelled(each.decision.signals.label),
                "expected": dict(each.case.expected),
                "missed": dict(each.missed),
            }
            for each in found
        ],
    }
