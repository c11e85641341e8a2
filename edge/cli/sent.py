"""`edge sent`: what left this machine, and when, and where to; no text is kept of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from edge.store.database import Database
    from edge.store.sent import Send

SCHEMA_VERSION = 1

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def sent(
    turn: str | None = typer.Argument(None, help="Only what held this turn: the start of its id."),
    limit: int = typer.Option(20, "--limit", min=1, max=1_000_000, help="The newest so many."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object."),
) -> None:
    """Show what left this machine: when, where to, which turns, how much, for how much."""
    from edge.cli.kept import opened_store
    from edge.cli.table import printable, show_table
    from edge.cli.words import ledger as words
    from edge.settings.folders import Folders

    with opened_store(Folders.find()) as database:
        turn_id, found = _found(database, turn, limit)
    if as_json:
        document = {"schema_version": SCHEMA_VERSION, "sends": [_entry(send) for send in found]}
        typer.echo(json.dumps(document, indent=2))
    elif found:
        show_table(words.sent_headings(), map(_row, found), right=words.sent_numbers())
    else:
        typer.echo(printable(words.nothing_sent(turn_id)))


def _found(database: Database, turn: str | None, limit: int) -> tuple[str | None, tuple[Send, ...]]:
    """The turn that was meant, and what was sent with it; or everything."""
    from edge.core.errors import UnknownName
    from edge.store.conversations import Conversations
    from edge.store.sent import SendBook

    book = SendBook(database)
    if turn is None:
        return None, book.sends(limit)
    try:
        turn_id = Conversations(database).find_turn(turn).id
    except UnknownName:
        # The words of a turn may be deleted; that they were sent stays known.
        if found := book.sends(limit, turn):
            return turn, found
        raise
    return turn_id, book.sends(limit, turn_id)


def _row(send: Send) -> tuple[str, ...]:
    from edge.cli.words import ledger as words

    sent = send.sent
    return (
        send.at_utc,
        sent.host,
        sent.model,
        words.turns(sent.turn_ids),
        f"{sent.n_bytes:,}",
        words.cost(send.cost, sent.most),
    )


def _entry(send: Send) -> dict[str, Any]:
    sent = send.sent
    return {
        "at_utc": send.at_utc,
        "host": sent.host,
        "provider": sent.provider,
        "model": sent.model,
        "turn_ids": list(sent.turn_ids),
        "n_bytes": sent.n_bytes,
        "sha256": sent.sha256,
        "currency": sent.most.currency,
        "reserved": f"{sent.most.amount:f}",
        "cost": None if send.cost is None else f"{send.cost.amount:f}",
    }
