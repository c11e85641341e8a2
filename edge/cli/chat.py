"""`edge chat`: a conversation at the terminal, kept and continued."""

from __future__ import annotations

from typing import Annotated

import typer

from edge.cli.talk.flags import Flags, with_flags

app = typer.Typer(add_completion=False, rich_markup_mode=None)

ModelArgument = Annotated[
    str | None, typer.Argument(metavar="[MODEL]", help="The model; see: edge models.")
]


@app.command()
@with_flags
def chat(model: ModelArgument = None, *, flags: Flags) -> None:
    """Talk with a model; /help in the chat shows more."""
    from edge.cli.page.writer import standard_writer
    from edge.cli.talk.consent import Consent
    from edge.cli.talk.loop import Chat
    from edge.cli.talk.opening import opened
    from edge.cli.talk.prompt_line import standard_lines

    writer = standard_writer()
    with opened(flags.wanted(model), Consent(writer)) as talk:
        code = Chat(talk, standard_lines(), writer).run()
    raise typer.Exit(code)
