"""`edge ask`: one prompt, one reply, and standard output is the reply alone."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge.cli.talk.flags import Flags, with_flags
from edge.core.decision import Target
from edge.core.errors import Cancelled, EdgeError, UsageError

if TYPE_CHECKING:
    from edge.chat.session import Session
    from edge.cli.page.writer import Writer
    from edge.cli.prompt.use import Asked
    from edge.cli.talk.attach import Attached
    from edge.cli.talk.opening import Talk
    from edge.cli.talk.wanted import Wanted
    from edge.core.event import Done
    from edge.engine.schema import Schema

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
TemplateFlag = Annotated[
    str | None,
    typer.Option("-t", "--template", metavar="NAME", help="A prompt that is kept: edge prompt."),
]
VarFlag = Annotated[
    list[str] | None,
    typer.Option("--var", metavar="NAME=VALUE", help="A variable of it; again for more."),
]
FileFlag = Annotated[
    list[Path] | None,
    typer.Option(
        "--file",
        metavar="PATH",
        help="A text file that goes along, - for a pipe; again for more. "
        "Without words it is the text of -t.",
    ),
]
SchemaFlag = Annotated[
    Path | None,
    typer.Option(
        "--schema",
        metavar="FILE",
        help="A JSON schema (no if, no not): the reply is JSON that follows it.",
    ),
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
    template: TemplateFlag = None,
    var: VarFlag = None,
    file: FileFlag = None,
    schema: SchemaFlag = None,
    flags: Flags,
) -> None:
    """Ask once. Text that is piped in is added to the prompt."""
    from edge.cli.prompt.use import gathered

    def run() -> int:
        held = None if schema is None else held_to(schema)
        asked = gathered(template, var or [], prompt or [], sys.stdin, read_files(file or []))
        system = asked.system if flags.system is None else flags.system
        how = How(as_json, raw, stats, cloud, held)
        return answer(replace(flags, system=system).wanted(model), asked, how)

    raise typer.Exit(telling_errors(run) if as_json else run())


@dataclass(frozen=True, slots=True)
class How:
    """What the flags of `ask` alone said.

    `cloud` None: nobody in particular is to answer. `schema` is what the reply is held to.
    """

    as_json: bool
    raw: bool
    stats: bool
    cloud: bool | None
    schema: Schema | None = None


def telling_errors(run: Callable[[], int]) -> int:
    """Print what ends a run as one JSON object too; its line goes to standard error as ever."""
    from edge.cli.export.answer import error_json

    try:
        return run()
    except BrokenPipeError:
        raise
    except (Exception, KeyboardInterrupt) as fault:
        typer.echo(error_json(fault))
        raise


def read_files(paths: list[Path]) -> list[Attached]:
    """Read what goes along, before anything is opened; raises UsageError for what is no text."""
    from edge.cli.talk.attach import attach_or_read

    return [attach_or_read(path, sys.stdin) for path in paths]


def held_to(schema: Path) -> Schema:
    """The schema of a file; raises UsageError."""
    from edge.cli.ask.schema import schema_in

    return schema_in(schema)


def answer(wanted: Wanted, asked: Asked, how: How) -> int:
    """Print the reply and return the exit code: 130 when the user stopped it."""
    from edge.cli.page.streams import is_terminal
    from edge.cli.page.writer import standard_writer
    from edge.cli.talk.consent import Consent
    from edge.cli.talk.opening import opened
    from edge.cli.talk.turn import Asking, take_turn, was_stopped
    from edge.cli.words import cloud_chat as cloud_words
    from edge.cli.words import files as files_words
    from edge.cli.words import turn as words

    if how.raw and is_terminal(sys.stdout):
        raise UsageError(words.raw_needs_a_pipe(), hint="edge ask --raw … > FILE")
    if how.cloud and how.schema:
        raise files_words.schema_needs_the_device()
    target = None if how.cloud is None else Target.CLOUD if how.cloud else Target.EDGE
    writer = standard_writer(raw=how.raw, answer=not (how.as_json or how.schema))
    with opened(wanted, Consent(writer)) as talk:
        if how.cloud and talk.cloud is None:
            raise UsageError(cloud_words.cloud_is_off(), hint="edge cloud login")
        text = prompt_of(talk, asked, how, writer)
        done = take_turn(talk, text, writer, Asking(target, tells_end=how.schema is None))
        if asked.files:
            name_after(talk.session, asked.title)
        report(talk, done, writer, how)
    return Cancelled.exit_code if was_stopped(done) else 0


def name_after(session: Session, title: str) -> None:
    """Call a new talk by what was asked of its files: it begins with their text."""
    if session.conversation_id and len(session.turns) == 1:
        with suppress(EdgeError):  # a convenience
            session.conversations.set_title(session.conversation_id, title, by_user=False)


def prompt_of(talk: Talk, asked: Asked, how: How, writer: Writer) -> str:
    """The prompt with its schema; the size of the files in it is told before it is sent."""
    from edge.cli.talk.attach import measured, refuse_what_is_far_too_long

    text = asked.prompt
    if how.schema is not None:
        from edge.cli.ask.schema import hold

        hold(talk.session, how.schema)
        text = how.schema.asked(text)
    if asked.files:
        for line in measured(talk, asked.files, text, writer, counted=not how.cloud):
            writer.note(line, dim=True)
    refuse_what_is_far_too_long(talk, text)
    return text


def report(talk: Talk, done: Done, writer: Writer, how: How) -> None:
    """What stands below a reply, and what of it was held back until it was whole."""
    from edge.cli.export.answer import answer_json
    from edge.cli.talk.turn import tell_who
    from edge.cli.words import cloud_chat as words

    if how.schema is not None:
        from edge.cli.ask.schema import whole

        reply = whole(talk, how.schema, done)
        if not how.as_json:
            typer.echo(reply)
    if how.as_json:
        typer.echo(answer_json(talk.session, done, saved=talk.saved))
    if how.stats:
        writer.note(words.stats(done.attempts), dim=True)
    elif not how.as_json:
        tell_who(talk, done, writer)
