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
from edge.cli.completion.names import completed
from edge.cli.help.page import with_examples, write_first_examples, write_groups
from edge.cli.help.spoken import spoken
from edge.cli.help.wrong_words import told
from edge.cli.page.escape import safe
from edge.cli.talk.interrupt import leave_in_order
from edge.cli.words.help import more
from edge.core.errors import Cancelled, DiskFull, EdgeError, UnknownName
from edge.core.say import say
from edge.settings.language import FLAG, speak_chosen

# Name -> module that holds it as `app = typer.Typer(add_completion=False,
# rich_markup_mode=None)`; shown in this order. A module imports at its top what
# its signature needs and no more: --help reads them all.
COMMANDS: dict[str, str] = {
    "chat": "edge.cli.chat",
    "ask": "edge.cli.ask.command",
    "log": "edge.cli.log.command",
    "prompt": "edge.cli.prompt.command",
    "pull": "edge.cli.models.pull",
    "models": "edge.cli.models.command",
    "import": "edge.cli.models.import_",
    "verify": "edge.cli.models.verify",
    "rm": "edge.cli.models.rm",
    "cloud": "edge.cli.cloud.command",
    "policy": "edge.cli.policy.command",
    "budget": "edge.cli.budget.command",
    "sent": "edge.cli.sent",
    "why": "edge.cli.why.command",
    "demo": "edge.cli.demo.command",
    "doctor": "edge.cli.doctor.command",
    "bench": "edge.cli.bench.command",
    "completion": "edge.cli.completion.command",
    "help": "edge.cli.help.command",
}

_WHOLE = 200  # letters of a help line, which is wrapped and not cut
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
            command = completed(spoken(typer.main.get_command(app)), cmd_name)
            self.commands[cmd_name] = with_examples(command, cmd_name)
        return self.commands.get(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command the words begin with; raises UnknownName that says the nearest one."""
        if args[0] not in COMMANDS and not ctx.resilient_parsing:
            near = get_close_matches(args[0], COMMANDS, n=1) or ["--help"]
            said = say("there is no command {name!r}", name=args[0])
            raise UnknownName(said, hint=f"edge {near[0]}")
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """What is asked for most stands first: the commands in groups, then lines to try."""
        found = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        write_groups(formatter, [(name, each.get_short_help_str(_WHOLE)) for name, each in found])
        write_first_examples(formatter)
        super().format_options(ctx, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Nothing more: they stand before the options."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Where to read on."""
        formatter.write_paragraph()
        formatter.write_text(more())


# Plain help: it pipes, and rich alone would double the time to show it.
app = typer.Typer(
    cls=Commands, rich_markup_mode=None, context_settings={"help_option_names": ["-h", "--help"]}
)


@app.callback(invoke_without_command=True)
def top(
    ctx: typer.Context,
    version: bool = typer.Option(False, "--version", help="Show the version."),
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of a failure."),
    # Taken out of the words before they come here: see run.
    _lang: str | None = typer.Option(
        None, FLAG, metavar="en|zh_CN", help="The language to speak, anywhere on the line."
    ),
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
        words = speak_chosen(args)  # before the help of a command is said
        top_command = spoken(typer.main.get_command(app))
        code = top_command(words, prog_name="edge", standalone_mode=False)
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
            return say("cancelled"), Cancelled.exit_code
        case OSError(errno=errno.ENOSPC):
            return say("no room on the disk for what is written there"), DiskFull.exit_code
        case _:
            said = " ".join(f"{type(fault).__name__}: {fault}".split())
            return say("a bug: {said}; see: edge --debug …", said=said), BUG


def usage_line(fault: typer.TyperException) -> str:
    """What was wrong with the words typed, and where to read which are right."""
    context = getattr(fault, "ctx", None)
    words = told(" ".join(fault.format_message().split()).rstrip("."))
    command = context.command_path if context else "edge"
    return say("{wrong}; try: {command} --help", wrong=words, command=command)


def after_leaving(left: SystemExit | BrokenPipeError) -> int:
    """The exit code when the reader of standard output left, or shell completion ended.

    Typer answers a broken pipe by leaving; the pipe is then its context.
    """
    if isinstance(left, SystemExit) and not isinstance(left.__context__, BrokenPipeError):
        return left.code if isinstance(left.code, int) else 0
    # What is still buffered would fail again at exit, and say so.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return BROKEN_PIPE
