"""`edge chat`: a conversation at the terminal, kept and continued."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from edge.cli.talk.flags import Flags, with_flags

if TYPE_CHECKING:
    from edge.cli.talk.wanted import Wanted

app = typer.Typer(add_completion=False, rich_markup_mode=None)

ModelArgument = Annotated[
    str | None, typer.Argument(metavar="[MODEL]", help="The model; see: edge models.")
]


PlainFlag = Annotated[
    bool, typer.Option("--plain", help="Plain lines, with nothing drawn around them.")
]


@app.command()
@with_flags
def chat(model: ModelArgument = None, *, plain: PlainFlag = False, flags: Flags) -> None:
    """Talk with a model; /help in the chat shows more."""
    from edge.cli.talk.prompt_line import has_stage

    wanted = flags.wanted(model)
    if plain or not has_stage():
        raise typer.Exit(_in_lines(wanted))
    from edge.cli.stage.play import play

    raise typer.Exit(play(wanted))


def _in_lines(wanted: Wanted) -> int:
    """A chat over pipes, and where nothing can be redrawn."""
    from edge.cli.page.writer import standard_writer
    from edge.cli.talk.chat import Chat
    from edge.cli.talk.consent import Consent
    from edge.cli.talk.loop import run
    from edge.cli.talk.opening import opened
    from edge.cli.talk.prompt_line import Stream

    writer = standard_writer()
    with opened(wanted, Consent(writer)) as talk:
        return run(Chat(talk, Stream(sys.stdin, sys.stderr), writer))
