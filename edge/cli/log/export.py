"""Writes a conversation to a file, or to standard output, in the format that was asked for."""

from __future__ import annotations

from pathlib import Path

import typer

from edge.cli.export.file import write_export
from edge.cli.export.formats import Format, exported
from edge.cli.kept import opened_store
from edge.cli.progress import tell
from edge.cli.words import log_change as words
from edge.core.errors import UsageError
from edge.core.units import show_bytes
from edge.settings.folders import Folders
from edge.store.conversations import Conversations


def export(name: str, form: str | None, out: Path | None, *, force: bool) -> None:
    """A conversation as a file, or on standard output."""
    chosen = format_of(form, out)
    with opened_store(Folders.find()) as database:
        kept = Conversations(database)
        talk = kept.get(name)
        text = exported(talk, chosen, kept.every_turn(talk.id))
    if out is None:
        typer.echo(text.encode(), nl=False)  # UTF-8, as the page itself says
        return
    tell(words.written(str(out), show_bytes(write_export(out, text, over=force))))


def format_of(form: str | None, out: Path | None) -> Format:
    """The format named, else that of the file, else Markdown; raises UsageError."""
    if form is None:
        ending = "" if out is None else out.suffix.removeprefix(".").lower()
        return Format(ending) if ending in tuple(Format) else Format.MD
    if form.lower() not in tuple(Format):
        known = ", ".join(Format)
        raise UsageError(words.no_such_format(form, known), hint="edge log export --format md ID")
    return Format(form.lower())
