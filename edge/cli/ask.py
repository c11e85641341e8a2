"""`edge ask`: one prompt, one reply, and standard output is the reply alone."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from edge.cli.talk.flags import Flags, with_flags
from edge.core.decision import Target
from edge.core.errors import Cancelled, UsageError

if TYPE_CHECKING:
    from edge.cli.talk.opening import Wanted

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
CloudFlag = Annotated[
    bool | None,
    typer.Option(
        "--cloud/--edge",
        help="Who answers, where it may be: the cloud, or this device.",
        show_default=False,
    ),
]
StatsFlag = Annotated[
    bool, typer.Option("--stats", help="Say on standard error who answered, and what it took.")
]
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
    stats: StatsFlag = False,
    cloud: CloudFlag = None,
    flags: Flags,
) -> None:
    """Ask once. Text that is piped in is added to the prompt."""
    from edge.cli.talk import piped

    text = piped.gather(prompt or [], sys.stdin)
    how = How(as_json, raw, stats, cloud)
    raise typer.Exit(answer(flags.wanted(model), text, how))


@dataclass(frozen=True, slots=True)
class How:
    """What the flags of `ask` alone said; `cloud` None: nobody in particular is to answer."""

    as_json: bool
    raw: bool
    stats: bool
    cloud: bool | None


def answer(wanted: Wanted, text: str, how: How) -> int:
    """Print the reply and return the exit code: 130 when the user stopped it."""
    from edge.cli.answer_json import answer_json
    from edge.cli.page.writer import is_terminal, standard_writer
    from edge.cli.talk.consent import Consent
    from edge.cli.talk.opening import opened
    from edge.cli.talk.turn import Asking, take_turn, tell_who, was_stopped
    from edge.cli.words import cloud_chat as cloud_words
    from edge.cli.words import turn as words

    if how.raw and is_terminal(sys.stdout):
        raise UsageError(words.raw_needs_a_pipe(), hint="edge ask --raw … > FILE")
    target = None if how.cloud is None else Target.CLOUD if how.cloud else Target.EDGE
    writer = standard_writer(raw=how.raw, answer=not how.as_json)
    with opened(wanted, Consent(writer)) as talk:
        if how.cloud and talk.cloud is None:
            raise UsageError(cloud_words.cloud_is_off(), hint="edge cloud login")
        done = take_turn(talk, text, writer, Asking(target))
        if how.as_json:
            typer.echo(answer_json(talk.session, done))
        if how.stats:
            writer.note(cloud_words.stats(done.attempts), dim=True)
        elif not how.as_json:
            tell_who(talk, done, writer)
    return Cancelled.exit_code if was_stopped(done) else 0
