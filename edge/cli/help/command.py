"""`edge help`: of edge, of a command, or of the exit codes."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import typer

EXIT_CODES = "exit-codes"

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command("help")
def help_(
    ctx: typer.Context,
    topic: list[str] | None = typer.Argument(
        None, metavar="[COMMAND|exit-codes]", help="What to tell of; nothing means edge itself."
    ),
) -> None:
    """Show the help of edge, of a command, or what the exit codes mean."""
    if topic == [EXIT_CODES]:
        for line in _exit_codes():
            typer.echo(line)
        return
    typer.echo(_context(ctx.find_root(), topic or []).get_help())


def _exit_codes() -> list[str]:
    from edge.cli.words.help import exit_codes

    return [f"{code:>3}  {said}" for code, said in exit_codes()]


def _context(root: Any, names: list[str]) -> Any:
    """The command that is meant, as its own --help would find it; raises UnknownName."""
    context = root
    for n, name in enumerate(names):
        command = _subcommands(context).get(name)
        if command is None:
            known = [*_subcommands(context), *([] if n else [EXIT_CODES])]
            raise _no_topic(names[:n], name, known)
        context = command.make_context(name, [], parent=context, resilient_parsing=True)
    return context


def _subcommands(context: Any) -> dict[str, Any]:
    group = context.command
    names = group.list_commands(context) if hasattr(group, "list_commands") else []
    return {name: group.get_command(context, name) for name in names}


def _no_topic(path: list[str], name: str, known: list[str]) -> Exception:
    from edge.cli.words.help import no_topic
    from edge.core.errors import UnknownName

    near = get_close_matches(name, known, n=1)
    return UnknownName(
        no_topic(" ".join([*path, name])), hint=" ".join(["edge help", *path, *near])
    )
