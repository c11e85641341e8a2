"""Commands of a chat for what is kept: find a conversation, go on with it, take it along."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from edge.cli.export.file import write_export
from edge.cli.export.formats import Format, exported
from edge.cli.log.export import format_of
from edge.cli.log.lists import found, listed
from edge.cli.talk.chat import Chat
from edge.cli.talk.command import hinting
from edge.cli.talk.slash import unquoted
from edge.cli.words import chat as words
from edge.cli.words import hints
from edge.cli.words import log as log_words
from edge.cli.words import log_change as file_words
from edge.core.errors import UsageError
from edge.core.units import show_bytes

_LISTED_CONVERSATIONS = 9


def list_(chat: Chat, _: str) -> None:
    """Show the conversations used last."""
    kept = chat.talk.runtime.conversations.list(_LISTED_CONVERSATIONS)
    current = chat.talk.session.conversation_id or ""
    text = listed(kept, chat.writer.width, current=current) if kept else words.no_conversation_yet()
    chat.writer.note(text)


def load(chat: Chat, name: str) -> None:
    """Go on with a conversation; without a name, show which there are."""
    if not name:
        list_(chat, "")
        return
    with hinting(hints.load):
        chat.talk.load(unquoted(name))
    chat.writer.note(words.conversation_now(chat.talk.session.conversation_id or ""))
    chat.remind()


def rename(chat: Chat, title: str) -> None:
    """Give this conversation a name of the user's own."""
    session = chat.talk.session
    if session.conversation_id is None:
        raise UsageError(words.no_turn_yet(), hint=words.how_to_name())
    if not title:
        raise UsageError(words.no_title(), hint=words.how_to_name())
    title = unquoted(title)
    session.conversations.set_title(session.conversation_id, title, by_user=True)
    chat.writer.note(words.named(title))


def search(chat: Chat, sought: str) -> None:
    """Find words in all that was ever said."""
    with hinting(hints.search):
        hits = chat.talk.runtime.search(sought)
    text = found(hits, chat.writer.width, colours=False) if hits else log_words.none_found(sought)
    chat.writer.note(text)


def export(chat: Chat, rest: str) -> None:
    """Write this conversation into a file; its form is the one named, else that of the file."""
    session = chat.talk.session
    if session.conversation_id is None:
        raise UsageError(words.no_turn_yet(), hint="/export md notes.md")
    path, form = _path_and_form(rest, session.conversation_id)
    talk = session.conversations.get(session.conversation_id)
    text = exported(talk, form, session.conversations.every_turn(talk.id))
    with hinting(hints.export):
        n_bytes = write_export(path, text)
    chat.writer.note(file_words.written(str(path), show_bytes(n_bytes)))


def _path_and_form(rest: str, conversation_id: str) -> tuple[Path, Format]:
    first, _, path = rest.partition(" ")
    form = first if first in tuple(Format) else None
    name = unquoted(path.strip() if form else rest)
    file = Path(name).expanduser() if name else None
    chosen = format_of(form, file)
    return file or _free_name(conversation_id, chosen), chosen


def _free_name(stem: str, ending: str) -> Path:
    """Of a file that is not there yet: a talk may be written out again as it grows."""
    names = (f"{stem}-{n}.{ending}" if n > 1 else f"{stem}.{ending}" for n in count(1))
    return next(path for path in map(Path, names) if not path.exists())
