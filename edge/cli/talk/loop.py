"""The loop of a chat: a line is read, sent or obeyed, and whatever fails is one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.cli.talk import slash
from edge.cli.talk.command import hinting
from edge.cli.talk.commands import BY_NAME
from edge.cli.talk.piped import text
from edge.cli.words import chat as words
from edge.cli.words import cloud_chat as cloud_words
from edge.cli.words import hints
from edge.cli.words import piped as piped_words
from edge.cli.words import stage as stage_words
from edge.core.errors import EdgeError

if TYPE_CHECKING:
    from edge.cli.talk.chat import Chat
    from edge.cli.talk.opening import Talk


def run(chat: Chat) -> int:
    """Talk until the lines end.

    Returns the exit code: 0, or where nobody watched that of the last failure.
    """
    if chat.attended:
        _greet(chat)
    code = 0
    while not chat.over:
        try:
            with hinting(hints.in_chat):
                _next(chat)
        except EdgeError as error:
            chat.writer.note(f"edge: {error.line()}")
            code = error.exit_code
        except KeyboardInterrupt:
            if not chat.attended:
                raise
            chat.writer.note(words.how_to_leave())
    if chat.attended:
        _part(chat)
    return 0 if chat.attended else code


def _next(chat: Chat) -> None:
    """Read a line and do what it says."""
    line = _line(chat)
    if line is None:
        chat.over = True
        return
    match slash.parse(text(line, piped_words.the_line()), BY_NAME):
        case slash.Said(said):
            chat.say(said)
        case slash.Called(name, rest):
            BY_NAME[name].obey(chat, rest)


def _line(chat: Chat) -> str | None:
    """The next line; None where the person leaves, as with Ctrl-C at two prompts in a row."""
    try:
        return chat.lines.read()
    except KeyboardInterrupt:
        if not chat.attended:
            raise
        chat.writer.note(stage_words.once_more())
    try:
        return chat.lines.read()
    except KeyboardInterrupt:
        return None


def _greet(chat: Chat) -> None:
    talk, model = chat.talk, chat.talk.model
    quant, n_ctx = model.quant.name, talk.runtime.n_ctx
    chat.writer.note(words.header(model.spec.name, quant, n_ctx, _behind(talk)))
    if talk.cloud:
        chat.writer.note(cloud_words.begins(talk.session.label))
    chat.writer.note(words.going_on(talk.session.conversation_id, saved=talk.saved))
    chat.remind()


def _behind(talk: Talk) -> str:
    """What stands behind the device."""
    if (cloud := talk.cloud) is None:
        return ""
    policy = talk.session.routes.policy.name
    return cloud_words.header(cloud.models[0].name, cloud.provider.host, cloud.mode, policy)


def _part(chat: Chat) -> None:
    if conversation_id := chat.talk.session.conversation_id:
        chat.writer.note(words.farewell(conversation_id, saved=chat.talk.saved))
