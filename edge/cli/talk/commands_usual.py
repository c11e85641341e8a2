"""Commands of a chat: another talk, another model, another way to answer."""

from __future__ import annotations

from edge.cli.page.thinking import Thinking as Shown
from edge.cli.talk.chat import Chat
from edge.cli.talk.command import hinting
from edge.cli.talk.slash import unquoted
from edge.cli.words import chat as words
from edge.cli.words import hints
from edge.core.errors import UsageError

_THINKS = {"on": True, "off": False}


def new(chat: Chat, _: str) -> None:
    """Begin another conversation."""
    old_id = chat.talk.session.conversation_id
    chat.talk.begin_anew()
    chat.writer.note(words.new_conversation(old_id, saved=chat.talk.saved))


def model(chat: Chat, name: str) -> None:
    """Show the models that are here, or go on with another one."""
    if not name:
        here = [model.name for model in chat.talk.desk.library.here()]
        chat.writer.note(words.models_here(here, chat.talk.model.name))
        return
    try:
        with hinting(hints.model):
            is_new = chat.talk.switch(name)
    finally:  # also where it failed: to make room for it this one was unloaded
        if chat.attended:
            chat.talk.prepare()
    told = words.model_now if is_new else words.already_answering
    chat.writer.note(told(chat.talk.model.name))


def think(chat: Chat, rest: str) -> None:
    """Whether replies are thought over first, and how that is shown."""
    if rest in _THINKS:
        chat.talk.session.set_thinking(_THINKS[rest])
    elif rest in tuple(Shown):
        chat.writer.thinking = Shown(rest)
    elif rest:
        raise UsageError(words.no_way_to_think(rest), hint="/think on")
    answering = chat.talk.session.answering
    chat.writer.note(words.thinking_now(answering.spec.thinking, answering.thinks))
    if answering.thinks:
        chat.writer.note(words.thoughts_now(chat.writer.thinking))


def system(chat: Chat, rest: str) -> None:
    """Show or change the system prompt."""
    if rest:
        chat.talk.session.set_system(unquoted(rest))
    chat.writer.note(words.system_now(chat.talk.session.system))


def quit_(chat: Chat, _: str) -> None:
    """Leave."""
    chat.over = True
