"""`edge chat`: a conversation at the terminal, kept and continued."""

from __future__ import annotations

from typing import Annotated

import typer

from edge.cli.flags import (
    ContinueFlag,
    ConversationFlag,
    CpuFlag,
    CtxFlag,
    MaxTokensFlag,
    SeedFlag,
    SystemFlag,
    TemperatureFlag,
    ThinkFlag,
    ThreadsFlag,
    YesFlag,
)

app = typer.Typer(add_completion=False, rich_markup_mode=None)

ModelArgument = Annotated[
    str | None, typer.Argument(metavar="[MODEL]", help="The model; see: edge models.")
]


@app.command()
def chat(
    model: ModelArgument = None,
    *,
    resume: ContinueFlag = False,
    conversation: ConversationFlag = None,
    system: SystemFlag = None,
    thinking: ThinkFlag = None,
    max_tokens: MaxTokensFlag = None,
    temperature: TemperatureFlag = None,
    seed: SeedFlag = None,
    n_ctx: CtxFlag = None,
    n_threads: ThreadsFlag = None,
    cpu_only: CpuFlag = False,
    yes: YesFlag = False,
) -> None:
    """Talk with a model, offline; /help in the chat shows more."""
    from edge.cli.loop import Chat
    from edge.cli.opening import Wanted, opened
    from edge.cli.prompt_line import standard_lines
    from edge.cli.writer import standard_writer

    flags = {
        "model": model,
        "system": system,
        "thinking": thinking,
        "max_tokens": max_tokens,
        "temperature": temperature,
        "seed": seed,
        "n_ctx": n_ctx,
        "n_threads": n_threads,
        "cpu_only": cpu_only or None,
    }
    with opened(Wanted(flags, conversation, resume, yes)) as talk:
        code = Chat(talk, standard_lines(), standard_writer()).run()
    raise typer.Exit(code)
