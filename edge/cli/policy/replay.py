"""`edge policy replay`: stored decisions made again, by their own policy or by another."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

import typer

from edge.cli.progress import tell
from edge.cli.table import show_table
from edge.cli.words import policy_command as words
from edge.cli.words import tables
from edge.core.decision import Decision
from edge.routing.policy import OFFLINE, Policy, decide
from edge.routing.policy_file import load_policy
from edge.store.codec import encode
from edge.store.conversations import Conversations
from edge.store.database import Database, open_database
from edge.store.policies import Policies


class Past(Protocol):
    """A stored decision: the turn it is of, and the number of the attempt."""

    @property
    def turn_id(self) -> str:
        """The turn."""
        ...

    @property
    def n(self) -> int:
        """Which attempt of it."""
        ...

    @property
    def decision(self) -> Decision:
        """What was decided, with its signals."""
        ...


@dataclass(frozen=True, slots=True)
class Again:
    """A decision made again; `now` None: its policy is not kept."""

    turn_id: str
    n: int
    was: Decision
    now: Decision | None

    @property
    def is_same(self) -> bool:
        """Whether every bit is: the texts of both are compared."""
        return self.now is not None and encode(self.now) == encode(self.was)

    @property
    def moves(self) -> bool:
        """Whether another engine would have answered."""
        return self.now is not None and self.now.target is not self.was.target


def replay_all(store: Path, limit: int | None, *, as_json: bool) -> bool:
    """Every decision by the policy it was made by; says whether all are reproduced."""
    with _opened(store) as database:
        policies = Policies(database)

        @cache
        def policy_of(text_hash: str) -> Policy | None:
            # Nothing is kept while the cloud is off: that policy comes with edge.
            if text_hash == OFFLINE.text_hash:
                return OFFLINE
            text = policies.text(text_hash)
            return None if text is None else load_policy(text, text_hash[:12])

        done, n_old = again(Conversations(database).decisions(limit), policy_of)
    wrong = [each for each in done if not each.is_same]
    _show(wrong, as_json=as_json, n_all=len(done), n_old=n_old)
    if not as_json:
        tell(words.replayed(len(done) - len(wrong), len(done), n_old))
    return not wrong


def replay_under(policy: Policy, store: Path, limit: int | None, *, as_json: bool) -> None:
    """What would have gone elsewhere under another policy."""
    with _opened(store) as database:
        done, n_old = again(Conversations(database).decisions(limit), lambda _: policy)
    moved = [each for each in done if each.moves]
    _show(moved, as_json=as_json, n_all=len(done), n_old=n_old)
    if not as_json:
        tell(words.compared(len(moved), len(done), policy.name, n_old))


def again(
    past: Iterable[Past], policy_of: Callable[[str], Policy | None]
) -> tuple[list[Again], int]:
    """Decisions made again, and how many are older than policies and were passed over."""
    done, n_old = [], 0
    for each in past:
        was = each.decision
        if not was.policy_hash:
            n_old += 1
            continue
        policy = policy_of(was.policy_hash)
        now = None if policy is None else decide(was.signals, policy)
        done.append(Again(each.turn_id, each.n, was, now))
    return done, n_old


@contextmanager
def _opened(store: Path) -> Iterator[Database]:
    database = open_database(store)
    try:
        yield database
    finally:
        database.close()


def _show(found: list[Again], *, as_json: bool, n_all: int, n_old: int) -> None:
    if as_json:
        rows = [
            {
                "turn_id": each.turn_id,
                "n": each.n,
                "was": {"target": each.was.target.value, "by": _by(each.was)},
                "now": each.now and {"target": each.now.target.value, "by": _by(each.now)},
            }
            for each in found
        ]
        document = {"schema_version": 1, "decisions": n_all, "older": n_old, "changed": rows}
        typer.echo(json.dumps(document, indent=2))
    elif found:
        show_table(tables.decisions(), [_row(each) for each in found])


def _row(each: Again) -> tuple[str, ...]:
    now = each.now
    after = (now.target.value, _by(now)) if now else ("-", words.policy_is_gone())
    return (each.turn_id, str(each.n), each.was.target.value, _by(each.was), *after)


def _by(decision: Decision) -> str:
    return decision.rule or decision.reason.value
