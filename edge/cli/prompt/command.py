"""`edge prompt`: prompts kept for later, to be used with `edge ask -t NAME`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from edge.settings.folders import Folders

SCHEMA_VERSION = 1

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def prompt(ctx: typer.Context) -> None:
    """Keep prompts for later, with places to fill in; alone it lists them."""
    if ctx.invoked_subcommand is None:
        list_(as_json=False)


@app.command("list")
def list_(as_json: bool = typer.Option(False, "--json", help="Print one JSON object.")) -> None:
    """List the prompts: yours, and those that come with edge."""
    from edge.cli.prompt.list import entry, show_list
    from edge.settings.prompts import list_templates

    found = list_templates(_folders())
    if as_json:
        listed = [entry(each) for each in found]
        typer.echo(json.dumps({"schema_version": SCHEMA_VERSION, "prompts": listed}, indent=2))
    else:
        show_list(found)


@app.command()
def show(name: str = typer.Argument(metavar="NAME", help="A prompt of the list.")) -> None:
    """Print the text of a prompt, as it can be edited."""
    from edge.cli.page.escape import safe
    from edge.settings.prompts import template_text

    typer.echo(safe(template_text(name, _folders())), nl=False)


@app.command()
def edit(
    name: str = typer.Argument(metavar="NAME", help="A prompt of the list, or a new name."),
) -> None:
    """Edit a prompt in your editor; a built-in one becomes one of your own."""
    from edge.cli.progress import tell
    from edge.cli.prompt.edit import edit_prompt

    tell(edit_prompt(name, _folders()))


@app.command()
def rm(
    names: list[str] = typer.Argument(metavar="NAME...", help="Prompts of your own."),
    yes: bool = typer.Option(False, "--yes", "-y", help="Do not ask."),
) -> None:
    """Remove prompts of your own; the built-in ones stay."""
    from edge.cli.progress import tell
    from edge.cli.prompt.edit import ask_whether, remove_prompt

    if not yes:
        ask_whether(names)
    for name in names:
        tell(remove_prompt(name, _folders()))


def _folders() -> Folders:
    from edge.settings.folders import Folders

    return Folders.find()
