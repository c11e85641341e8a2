"""The flags `ask` and `chat` share, as Typer reads them."""

from __future__ import annotations

from typing import Annotated

import typer

ModelFlag = Annotated[
    str | None,
    typer.Option("-m", "--model", metavar="NAME", help="The model; see: edge models."),
]
SystemFlag = Annotated[
    str | None, typer.Option("--system", metavar="TEXT", help="The system prompt.")
]
ThinkFlag = Annotated[
    bool | None,
    typer.Option(
        "--think/--no-think",
        help="Whether to think first, where the model can.",
        show_default=False,
    ),
]
ContinueFlag = Annotated[
    bool, typer.Option("-c", "--continue", help="Go on with the latest conversation.")
]
ConversationFlag = Annotated[
    str | None,
    typer.Option("--conversation", metavar="ID", help="Go on with this conversation."),
]
MaxTokensFlag = Annotated[
    int | None, typer.Option("--max-tokens", metavar="N", help="The longest reply.")
]
TemperatureFlag = Annotated[
    float | None,
    typer.Option("--temperature", metavar="T", help="0 takes the likeliest word each time."),
]
SeedFlag = Annotated[
    int | None, typer.Option("--seed", metavar="N", help="The same reply each time.")
]
CtxFlag = Annotated[
    int | None, typer.Option("--ctx", metavar="N", help="Tokens the context holds.")
]
ThreadsFlag = Annotated[
    int | None, typer.Option("--threads", metavar="N", help="How many threads to use.")
]
CpuFlag = Annotated[bool, typer.Option("--cpu", help="Leave a graphics processor alone.")]
YesFlag = Annotated[
    bool, typer.Option("--yes", "-y", help="Fetch a model that is missing without asking.")
]
