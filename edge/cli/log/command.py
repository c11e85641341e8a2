"""`edge log`: looks after the conversations that are kept."""

from __future__ import annotations

from pathlib import Path

import typer

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_LIMIT = typer.Option(20, "--limit", min=1, max=1_000_000, help="The newest so many.")
_JSON = typer.Option(False, "--json", help="Print one JSON object.")
_TALK = typer.Argument(metavar="ID|NAME", help="Its id or title, or how one of them begins.")


@app.callback(invoke_without_command=True)
def log(ctx: typer.Context, limit: int = _LIMIT, as_json: bool = _JSON) -> None:
    """Look after the conversations that are kept; alone it lists them."""
    if ctx.invoked_subcommand is None:
        _list(limit, as_json=as_json)


@app.command("list")
def list_(limit: int = _LIMIT, as_json: bool = _JSON) -> None:
    """List the conversations used last, newest first."""
    _list(limit, as_json=as_json)


@app.command()
def show(
    name: str = _TALK,
    as_json: bool = _JSON,
    all_branches: bool = typer.Option(
        False, "--all-branches", help="Every turn, also those of branches left."
    ),
) -> None:
    """Show a conversation, on the branch it is at."""
    from edge.cli.log import read as log_read

    log_read.show(_text(name), as_json=as_json, all_branches=all_branches)


@app.command()
def search(
    words: list[str] = typer.Argument(
        metavar="WORDS", help="Words that all stand in one prompt or reply."
    ),
    limit: int = _LIMIT,
    as_json: bool = _JSON,
) -> None:
    """Find words in everything that was said, newest first; exit 3 where they are nowhere."""
    from edge.cli.log import read as log_read

    log_read.search(_text(" ".join(words)), limit, as_json=as_json)


@app.command()
def export(
    name: str = _TALK,
    form: str | None = typer.Option(
        None, "--format", metavar="md|json|html", help="Left out: as the file's name ends, or md."
    ),
    out: Path | None = typer.Option(
        None, "-o", "--output", metavar="FILE", help="Left out: standard output."
    ),
    force: bool = typer.Option(False, "--force", help="Overwrite a file that is there."),
) -> None:
    """Write a conversation as Markdown, JSON or a page of HTML."""
    from edge.cli.log import export as log_export

    log_export.export(_text(name), form, out, force=force)


@app.command()
def rm(
    names: list[str] = typer.Argument(metavar="ID|NAME", help="The conversations to delete."),
    yes: bool = typer.Option(False, "--yes", "-y", help="Do not ask."),
) -> None:
    """Delete conversations for good, with all that was kept of them."""
    from edge.cli.log import change as log_change

    log_change.rm([_text(name) for name in names], yes=yes)


@app.command()
def rename(
    name: str = _TALK,
    title: list[str] = typer.Argument(
        metavar="TITLE", help='What to call it; "" takes its title away.'
    ),
) -> None:
    """Give a conversation a title; the model will not change it."""
    from edge.cli.log import change as log_change

    log_change.rename(_text(name), _text(" ".join(title)))


@app.command()
def repair(
    yes: bool = typer.Option(False, "--yes", "-y", help="Use what was saved without asking."),
) -> None:
    """Save what can be read of a damaged store into a new file."""
    from edge.cli.log import repair as log_repair

    log_repair.repair(yes=yes)


def _list(limit: int, *, as_json: bool) -> None:
    from edge.cli.log import read as log_read

    log_read.show_list(limit, as_json=as_json)


def _text(said: str) -> str:
    """Words of the command line; raises UsageError when they hold what is not Unicode text."""
    from edge.cli.talk import piped
    from edge.cli.words.piped import the_name

    return piped.text(said, the_name())
