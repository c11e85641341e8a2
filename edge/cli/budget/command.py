"""`edge budget`: what the cloud may cost, what it did cost, and new limits."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from edge.cli.budget.caps import CapsInForce
    from edge.store.ledger import By, Total

SCHEMA_VERSION = 1

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_LIMIT = 'as "20 CNY", or none for no limit of your own.'


@app.callback(invoke_without_command=True)
def budget(
    ctx: typer.Context,
    by: str | None = typer.Option(
        None, "--by", help="What was spent by day, month, model, reason or provider."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object."),
) -> None:
    """Show what the cloud may cost, and what it did cost; `set` changes a limit."""
    if ctx.invoked_subcommand is not None:
        return
    from edge.cli.budget.caps import caps_in_force
    from edge.cli.kept import opened_store
    from edge.settings.folders import Folders
    from edge.store.ledger import By, Ledger

    folders, sum_by = Folders.find(), _by(by)
    with opened_store(folders) as database:
        ledger = Ledger(database)
        caps, totals = caps_in_force(folders, ledger), ledger.totals(sum_by)
        uncapped = caps.uncapped(ledger.totals(By.MONTH))
    if as_json:
        typer.echo(json.dumps(_document(caps, totals, sum_by), indent=2))
    elif by is None:
        _show_caps(caps, uncapped)
    else:
        _show_totals(totals, sum_by)


@app.command("set")
def set_(
    month: str | None = typer.Option(None, "--month", metavar="AMOUNT", help=f"A month, {_LIMIT}"),
    day: str | None = typer.Option(None, "--day", metavar="AMOUNT", help=f"A day, {_LIMIT}"),
    turn: str | None = typer.Option(None, "--turn", metavar="AMOUNT", help=f"A turn, {_LIMIT}"),
    conversation: str | None = typer.Option(
        None, "--conversation", metavar="AMOUNT", help=f"A conversation, {_LIMIT}"
    ),
) -> None:
    """Limit what the cloud may cost; a limit of yours takes the place of the policy's."""
    from edge.cli.budget.caps import set_limits
    from edge.cli.progress import tell
    from edge.cli.words import ledger as words
    from edge.core.cloud import Scope
    from edge.core.errors import UsageError
    from edge.settings.folders import Folders

    typed = {
        Scope.TURN: turn,
        Scope.CONVERSATION: conversation,
        Scope.DAY: day,
        Scope.MONTH: month,
    }
    wanted = {scope: text for scope, text in typed.items() if text is not None}
    if not wanted:
        raise UsageError(words.set_nothing(), hint=words.how_to_set())
    for line in set_limits(Folders.find(), wanted):
        tell(line)


def _by(name: str | None) -> By:
    from edge.cli.words import ledger as words
    from edge.core.errors import UsageError
    from edge.store.ledger import By

    if name is None:
        return By.DAY
    if name not in tuple(By):
        raise UsageError(words.by_what(name, tuple(By)), hint="edge budget --by month")
    return By(name)


def _show_caps(caps: CapsInForce, uncapped: list[str]) -> None:
    from edge.cli.progress import tell
    from edge.cli.table import show_table
    from edge.cli.words import ledger as words

    if caps.rows:
        show_table(
            words.cap_headings(), [row.cells() for row in caps.rows], right=words.cap_numbers()
        )
    else:
        typer.echo(words.no_caps())
    for currency in uncapped:
        tell(words.not_capped(currency))


def _show_totals(totals: tuple[Total, ...], by: str) -> None:
    from edge.cli.table import show_table
    from edge.cli.words import ledger as words

    if not totals:
        typer.echo(words.nothing_spent())
        return
    rows = [(t.name, f"{t.n_sends:,}", str(t.settled), str(t.reserved)) for t in totals]
    show_table(words.total_headings(by), rows, right=words.total_numbers())


def _document(caps: CapsInForce, totals: tuple[Total, ...], by: str) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "caps": [row.entry() for row in caps.rows],
        "by": str(by),
        "totals": [
            {
                "name": total.name,
                "n_sends": total.n_sends,
                "currency": total.settled.currency,
                "cost": f"{total.settled.amount:f}",
                "reserved": f"{total.reserved.amount:f}",
            }
            for total in totals
        ],
    }
