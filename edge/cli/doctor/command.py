"""`edge doctor`: what works here, and what to type where something does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from edge.core.say import say

if TYPE_CHECKING:
    from edge.cli.doctor.checkup import Check

SCHEMA_VERSION = 1
_MARKS = {"ok": "ok  ", "warn": "warn", "broken": "FAIL"}

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def doctor(
    network: bool = typer.Option(
        False, "--network", help="Also list every host edge may contact, and try each."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object."),
) -> None:
    """Check this installation; exit 1 if something is broken."""
    checks = []
    for check in _checks(network=network):
        checks.append(check)
        if not as_json:
            typer.echo(_line(check))
    healthy = all(check.state != "broken" for check in checks)
    if as_json:
        listed = [asdict(check) for check in checks]
        document = {"schema_version": SCHEMA_VERSION, "healthy": healthy, "checks": listed}
        typer.echo(json.dumps(document, indent=2))
    if not healthy:
        raise typer.Exit(1)


def _checks(*, network: bool) -> Iterator[Check]:
    """Every check, each made when it is asked for, so that its line shows at once."""
    from edge.cli.doctor import checkup
    from edge.cli.doctor.checkup import guarded
    from edge.cli.doctor.engine import check_engine
    from edge.cli.doctor.terminal import check_terminal
    from edge.loading.model import open_library
    from edge.settings.folders import Folders

    folders = Folders.find()
    yield checkup.check_python()
    yield from check_engine()
    yield guarded("memory", checkup.check_machine)
    yield guarded("settings", lambda: checkup.check_settings(folders))
    yield guarded("disk", lambda: checkup.check_disk(folders))
    yield guarded("models", lambda: checkup.check_models(open_library(folders)))
    yield guarded("store", lambda: checkup.check_store(folders))
    yield from check_terminal(folders)
    if network:
        from edge.cli.doctor.network import check_network

        yield from check_network(offline=_offline())


def _offline() -> bool:
    """Whether the settings forbid the network; settings that cannot be read forbid it, too."""
    from edge.core.errors import UsageError
    from edge.settings.chosen import load_settings

    try:
        return load_settings().offline
    except UsageError:
        return True


def _line(check: Check) -> str:
    from edge.cli.table import printable

    advice = say("; ") + say("try: {hint}", hint=check.hint) if check.hint else ""
    return printable(f"{_MARKS[check.state]} {check.name:<9} {check.text}{advice}")
