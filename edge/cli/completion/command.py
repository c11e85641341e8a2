"""`edge completion`: the lines that make a shell complete what is typed after edge."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import typer

SHELLS = ("bash", "zsh", "fish", "powershell")

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def completion(
    shell: str | None = typer.Argument(
        None, metavar="[bash|zsh|fish|powershell]", help="Left out: the one you log in with."
    ),
) -> None:
    """Print what makes your shell complete commands, models, talks and prompts.

    Put it where your shell reads it when it starts, or try it at once with eval.
    """
    typer.echo(script(shell or _running()), nl=False)


def script(shell: str) -> str:
    """The lines for a shell; raises UsageError for one there are none for."""
    from edge.cli.words.help import cannot_complete
    from edge.core.errors import UsageError
    from edge.settings.table import near

    known = "powershell" if shell == "pwsh" else shell
    if known not in SHELLS:
        raise UsageError(cannot_complete(shell), hint=f"edge completion {near(shell, SHELLS)}")
    return (Path(__file__).parent / "shells" / f"edge.{known}").read_text("utf-8")


def _running(environ: Mapping[str, str] = os.environ) -> str:
    """The user's shell, as far as the environment tells."""
    from edge.cli.words.help import which_shell
    from edge.core.errors import UsageError

    if os.name == "nt":
        return "powershell"
    if not environ.get("SHELL"):
        raise UsageError(which_shell(), hint="edge completion bash")
    return Path(environ["SHELL"]).name
