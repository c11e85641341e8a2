"""`edge chat`: a conversation at the terminal, kept and continued."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from edge.cli.talk.flags import Flags, with_flags
from edge.core.errors import UsageError
from edge.core.say import say

if TYPE_CHECKING:
    from edge.cli.talk.wanted import Wanted

app = typer.Typer(add_completion=False, rich_markup_mode=None)

ModelArgument = Annotated[
    str | None, typer.Argument(metavar="[MODEL]", help="The model; see: edge models.")
]
ModelFlag = Annotated[
    str | None,
    typer.Option("-m", "--model", metavar="NAME", help="The same, as edge ask has it."),
]
PlainFlag = Annotated[
    bool, typer.Option("--plain", help="Plain lines, with nothing drawn around them.")
]


@app.command()
@with_flags
def chat(
    model: ModelArgument = None,
    *,
    named: ModelFlag = None,
    plain: PlainFlag = False,
    flags: Flags,
) -> None:
    """Talk with a model; /help in the chat shows more."""
    from edge.cli.talk.prompt_line import has_stage

    wanted = flags.wanted(_one_of(model, named))
    if plain or not has_stage():
        raise typer.Exit(_in_lines(wanted))
    from edge.cli.stage.play import play

    raise typer.Exit(play(wanted))


def _one_of(model: str | None, named: str | None) -> str | None:
    """The model, named as a word or by the flag; raises UsageError for two of them."""
    if model is None or named in (None, model):
        return named if model is None else model
    raise UsageError(
        say("{model} and --model {named} are two models", model=model, named=named),
        hint=f"edge chat {model}",
    )


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
        chat = Chat(talk, Stream(sys.stdin, sys.stderr), writer)
        if chat.attended:
            talk.prepare()
        return run(chat)
