"""`edge ask`: one prompt, one reply, and standard output is the reply alone."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from edge.cli.flags import Flags, with_flags
from edge.core.errors import Cancelled, UsageError

if TYPE_CHECKING:
    from edge.cli.opening import Wanted

app = typer.Typer(add_completion=False, rich_markup_mode=None)

PromptArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[PROMPT]", help='What to ask; "-" reads it from standard input.'),
]
ModelFlag = Annotated[
    str | None,
    typer.Option("-m", "--model", metavar="NAME", help="The model; see: edge models."),
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON object at the end.")]
RawFlag = Annotated[
    bool, typer.Option("--raw", help="Do not escape control characters; not on a terminal.")
]


@app.command()
@with_flags
def ask(
    prompt: PromptArgument = None,
    *,
    model: ModelFlag = None,
    as_json: JsonFlag = False,
    raw: RawFlag = False,
    flags: Flags,
) -> None:
    """Ask once. Text that is piped in is added to the prompt."""
    from edge.cli import piped

    text = piped.gather(prompt or [], sys.stdin)
    raise typer.Exit(answer(flags.wanted(model), text, as_json=as_json, raw=raw))


def answer(wanted: Wanted, text: str, *, as_json: bool, raw: bool) -> int:
    """Print the reply and return the exit code: 130 when the user stopped it."""
    from edge.cli import words
    from edge.cli.answer_json import answer_json
    from edge.cli.opening import opened
    from edge.cli.turn import take_turn, was_stopped
    from edge.cli.writer import is_terminal, standard_writer

    if raw and is_terminal(sys.stdout):
        raise UsageError(words.raw_needs_a_pipe(), hint="edge ask --raw … > FILE")
    writer = standard_writer(raw=raw, answer=not as_json)
    with opened(wanted) as talk:
        done = take_turn(talk, text, writer)
        if as_json:
            typer.echo(answer_json(talk.session, done))
    return Cancelled.exit_code if was_stopped(done) else 0
