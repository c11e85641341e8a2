"""The command line: finds a command by name, and turns every end into an exit code.

A command lives in a module of its own and is imported when it is asked for, so
`edge --help` and a typing error cost no engine. Whatever goes wrong is one line
on standard error; the traceback of a bug is shown under --debug alone.
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import typer

import edge
from edge.cli.page.escape import safe
from edge.cli.talk.interrupt import leave_in_order
from edge.core.errors import Cancelled, DiskFull, EdgeError, UnknownName

# Name -> module that holds it as `app = typer.Typer(add_completion=False,
# rich_markup_mode=None)`; shown in this order. A module imports at its top what
# its signature needs and no more: --help reads them all.
COMMANDS: dict[str, str] = {
    "chat": "edge.cli.chat",
    "ask": "edge.cli.ask",
    "pull": "edge.cli.pull",
    "models": "edge.cli.models",
    "import": "edge.cli.import_",
    "verify": "edge.cli.verify",
    "rm": "edge.cli.rm",
    "cloud": "edge.cli.cloud",
    "policy": "edge.cli.policy",
    "budget": "edge.cli.budget",
    "sent": "edge.cli.sent",
    "why": "edge.cli.why",
    "demo": "edge.cli.demo",
    "doctor": "edge.cli.doctor",
    "bench": "edge.cli.bench",
}

_OFF = ("", "0", "false", "no", "off")

BUG = EdgeError.exit_code
BROKEN_PIPE = 141  # 128 + SIGPIPE: what a shell reports of any program whose reader left


class Commands(typer.core.TyperGroup):
    """The commands by name, each imported when first looked at."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name, or None."""
        if cmd_name not in self.commands and cmd_name in COMMANDS:
            app: typer.Typer = import_module(COMMANDS[cmd_name]).app
            self.commands[cmd_name] = typer.main.get_command(app)
        return self.commands.get(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command the words begin with; raises UnknownName that says the nearest one."""
        if args[0] not in COMMANDS and not ctx.resilient_parsing:
            near = get_close_matches(args[0], COMMANDS, n=1) or ["--help"]
            raise UnknownName(f"there is no command {args[0]!r}", hint=f"edge {near[0]}")
        return super().resolve_command(ctx, args)


# Plain help: it pipes, and rich alone would double the time to show it.
app = typer.Typer(cls=Commands, rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def top(
    ctx: typer.Context,
    version: bool = typer.Option(False, "--version", help="Show the version."),
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of a failure."),
) -> None:
    """Small Qwen models on this machine, and a cloud where you allow it."""
    if debug:
        # The environment, because processes that are started from here should know too.
        os.environ["EDGE_DEBUG"] = "1"
    if version:
        typer.echo(f"edge {edge.__version__}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())
        raise typer.Exit(2)


def main() -> None:
    """Run `edge` on this process's arguments and leave with its exit code."""
    leave_in_order()
    sys.exit(run(sys.argv[1:]))


def run(args: Sequence[str]) -> int:
    """Run one command line and return its exit code; errors are shown, never raised."""
    try:
        code = app(args, prog_name="edge", standalone_mode=False)
        typer.echo(nl=False)  # flushes, while a reader who left can still be told from a bug
        return int(code or 0)
    except (SystemExit, BrokenPipeError) as left:
        return after_leaving(left)
    except (Exception, KeyboardInterrupt) as fault:
        line, code = ending(fault)
        if os.environ.get("EDGE_DEBUG", "").lower() not in _OFF:
            typer.echo(safe("".join(traceback.format_exception(fault))), err=True, nl=False)
        typer.echo(f"edge: {safe(line)}", err=True)
        return code


def ending(fault: BaseException) -> tuple[str, int]:
    """What to say of a failure, on one line, and the exit code it has."""
    match fault:
        case EdgeError():
            return fault.line(), fault.exit_code
        case typer.TyperException():
            return usage_line(fault), fault.exit_code
        case KeyboardInterrupt() | typer.Abort():
            return "cancelled", Cancelled.exit_code
        case OSError(errno=errno.ENOSPC):
            return "no room on the disk for what is written there", DiskFull.exit_code
        case _:
            said = " ".join(f"{type(fault).__name__}: {fault}".split())
            return f"a bug: {said}; see: edge --debug …", BUG


def usage_line(fault: typer.TyperException) -> str:
    """What was wrong with the words typed, and where to read which are right."""
    context = getattr(fault, "ctx", None)
    words = " ".join(fault.format_message().split()).rstrip(".")
    return f"{words}; try: {context.command_path if context else 'edge'} --help"


def after_leaving(left: SystemExit | BrokenPipeError) -> int:
    """The exit code when the reader of standard output left, or shell completion ended.

    Typer answers a broken pipe by leaving; the pipe is then its context.
    """
    if isinstance(left, SystemExit) and not isinstance(left.__context__, BrokenPipeError):
        return left.code if isinstance(left.code, int) else 0
    # What is still buffered would fail again at exit, and say so.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return BROKEN_PIPE
