"""What `edge log` shows: the list, one conversation, what a search finds."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import typer

from edge.cli.export.record import readable_json, record
from edge.cli.kept import opened_store
from edge.cli.log.lists import found, listed, name_of
from edge.cli.log.show import Looks, shown
from edge.cli.page.streams import colourless, is_terminal
from edge.cli.page.theme import theme
from edge.cli.progress import tell
from edge.cli.table import show_row
from edge.cli.words import log as words
from edge.core.errors import NothingFound
from edge.settings.folders import Folders
from edge.store.conversations import Conversations
from edge.store.search import Hit, Search

SCHEMA_VERSION = 1


def show_list(limit: int, *, as_json: bool) -> None:
    """The conversations used last: a table on a terminal, else lines with tabs."""
    with opened_store(Folders.find()) as database:
        rows = Conversations(database).list(limit + 1)
    more, rows = len(rows) > limit, rows[:limit]
    if as_json:
        _print_json({"conversations": [asdict(row) for row in rows]})
    elif not rows:
        typer.echo(words.none_kept())
    elif is_terminal(sys.stdout):
        typer.echo(listed(rows, columns()))
    else:
        show_row(*words.list_headings())
        for row in rows:
            show_row(row.id, row.last_at_utc, str(row.n_turns), row.model, name_of(row))
    if more and not as_json:
        tell(words.more_kept(2 * limit))


def show(name: str, *, as_json: bool, all_branches: bool) -> None:
    """One conversation: on its branch, or every turn of it."""
    with opened_store(Folders.find()) as database:
        kept = Conversations(database)
        talk = kept.get(name)
        branches = kept.branches(talk.id)
        turns = kept.every_turn(talk.id) if all_branches else talk.turns
    if as_json:
        _print_json(record(talk, turns))
        return
    typer.echo(shown(talk, turns, _looks()))
    others = sum(not branch.is_current for branch in branches)
    if others and not all_branches:
        tell(words.other_branches(others, talk.id))


def search(sought: str, limit: int, *, as_json: bool) -> None:
    """The messages that hold all the words, newest first; raises NothingFound, as JSON too."""
    with opened_store(Folders.find()) as database:
        hits = Search(database).find(sought, limit)
    if as_json:
        _print_json({"words": sought, "hits": [asdict(hit) for hit in hits]})
    elif hits:
        _show_hits(hits)
    if not hits:
        raise NothingFound(words.none_found(sought), hint=words.look_otherwise(sought))
    if len(hits) == limit and not as_json:
        tell(words.more_found(2 * limit))


def columns() -> int:
    """The width of the terminal, in cells."""
    return shutil.get_terminal_size().columns


def colours() -> bool:
    """Whether standard output shows colours and they are wanted."""
    return is_terminal(sys.stdout) and not colourless(os.environ)


def _looks() -> Looks:
    return Looks(theme(colours=colours()), columns() - 1 if is_terminal(sys.stdout) else None)


def _show_hits(hits: Sequence[Hit]) -> None:
    if is_terminal(sys.stdout):
        typer.echo(found(hits, columns(), colours()))
        return
    show_row(*words.hit_headings())
    for hit in hits:
        show_row(hit.conversation_id, hit.turn_id, hit.at_utc, hit.role, hit.title, hit.snippet)


def _print_json(document: dict[str, Any]) -> None:
    """One object, its strings readable in every script, as UTF-8."""
    typer.echo(readable_json({"schema_version": SCHEMA_VERSION} | document).encode())
