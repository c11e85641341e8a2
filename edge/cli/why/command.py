"""`edge why`: why a stored turn went where it went, and what left the machine for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from edge.cli.why.reasons import Account, Because
    from edge.settings.folders import Folders
    from edge.store.sent import Send

SCHEMA_VERSION = 1

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def why(
    turn: str | None = typer.Argument(None, help="The turn's id, or how it begins; else the last."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object."),
) -> None:
    """Say why a turn went where it went, what left this machine, and what it cost."""
    from edge.cli.page.escape import safe
    from edge.cli.words import why as words
    from edge.settings.folders import Folders

    account = _account(turn, Folders.find())
    typer.echo(json.dumps(document(account)) if as_json else safe(words.told(account)))


def _account(name: str | None, folders: Folders) -> Account:
    from edge.cli.kept import opened_store
    from edge.cli.talk.piped import text
    from edge.cli.why.reasons import account_of
    from edge.cli.words import why as words
    from edge.cli.words.piped import the_id
    from edge.core.errors import UnknownName
    from edge.store.conversations import Conversations

    with opened_store(folders) as database:
        kept = Conversations(database)
        turn = kept.latest_turn() if name is None else kept.find_turn(text(name, the_id()))
        if turn is None:
            raise UnknownName(words.no_turn(), hint="edge chat")
        return account_of(turn, database)


def document(account: Account) -> dict[str, Any]:
    """An account as plain values, for JSON; amounts are exact."""
    turn = account.turn
    return {
        "turn_id": turn.id,
        "started_at_utc": turn.started_at_utc,
        "outcome": turn.outcome,
        "label": turn.prompt.label.name.lower(),
        "attempts": [_attempt(share) for share in account.shares],
        "sends": [_send(send) for send in account.sends],
        "sends_of_later_turns": [_send(send) for send in account.retold],
        "schema_version": SCHEMA_VERSION,
    }


def _attempt(share: Because) -> dict[str, Any]:
    from edge.cli.export.answer import plain
    from edge.cli.why.otherwise import Otherwise, expected_wait_s
    from edge.routing.explain import document

    attempt = share.attempt
    return {
        "n": attempt.n,
        "model": attempt.model,
        "target": attempt.decision.target,
        "reason": attempt.decision.reason,
        "shown": attempt.shown,
        "stop_reason": attempt.stop_reason,
        "usage": plain(attempt.usage),
        "context": plain(attempt.context),
        "expected_wait_s": expected_wait_s(attempt.decision),
        "otherwise": plain(Otherwise.of(attempt)),
        "signals": plain(attempt.decision.signals),
        "policy": attempt.decision.policy,
        "policy_hash": attempt.decision.policy_hash,
        "explanation": None if share.explanation is None else document(share.explanation),
    }


def _send(send: Send) -> dict[str, Any]:
    from edge.cli.export.answer import plain

    return {"at_utc": send.at_utc, **plain(send.sent), "cost": plain(send.cost)}
