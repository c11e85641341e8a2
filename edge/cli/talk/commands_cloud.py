"""Commands of a chat that say what may leave the machine, and who is to answer."""

from __future__ import annotations

from edge.cli.talk.chat import Chat
from edge.cli.talk.command import hinting
from edge.cli.talk.consent import asked_by
from edge.cli.talk.turn import Asking
from edge.cli.words import chat as words
from edge.cli.words import cloud_chat as cloud_words
from edge.cli.words import hints
from edge.core.conversation import Turn
from edge.core.decision import Target
from edge.core.errors import PrivacyRefused, UsageError
from edge.core.message import Label


def private(chat: Chat, _: str) -> None:
    """Lock the conversation: nothing of it ever leaves."""
    chat.talk.session.make_private()
    chat.writer.note(cloud_words.locked())


def public(chat: Chat, said: str) -> None:
    """Send one text out of a private talk, once it was seen and agreed to."""
    if chat.talk.cloud is None:
        chat.writer.note(cloud_words.turn_it_on())
        return
    if not said:
        raise UsageError(cloud_words.nothing_to_lift(), hint=cloud_words.how_to_lift())
    if not chat.front.attended:
        raise PrivacyRefused(
            cloud_words.cannot_lift(),
            kept=cloud_words.nothing_sent(),
            hint=cloud_words.at_a_terminal(),
        )
    consent = chat.consent(in_full=True)
    with hinting(hints.cloud), asked_by(chat.talk.session, consent):
        chat.send(said, Asking(Target.CLOUD, public=True))


def edge(chat: Chat, said: str) -> None:
    """Ask the device, for this turn."""
    if chat.talk.cloud is None:
        chat.writer.note(cloud_words.device_anyway())
    _ask(chat, said, Target.EDGE)


def cloud(chat: Chat, said: str) -> None:
    """Ask the cloud, for this turn, where it may be."""
    if chat.talk.cloud is None:
        chat.writer.note(cloud_words.turn_it_on())
    else:
        with hinting(hints.cloud):
            _ask(chat, said, Target.CLOUD)


def _ask(chat: Chat, said: str, target: Target) -> None:
    """Ask one engine, for this turn; without a text what was asked last."""
    turns = chat.talk.session.turns
    if not said and turns and target is Target.CLOUD:
        _insist_on_public(turns[-1])
    if said:
        chat.say(said, Asking(target))
    elif turns:  # as private as it was
        last = turns[-1].prompt
        chat.send(last.text, Asking(target, at_least=last.label))
    else:
        chat.writer.note(words.no_turn_yet())


def _insist_on_public(turn: Turn) -> None:
    """Raise PrivacyRefused for a prompt that was private when it was said, however it is now."""
    if turn.prompt.label is Label.PRIVATE:
        raise PrivacyRefused(
            cloud_words.was_private(),
            kept=cloud_words.nothing_sent(),
            hint=cloud_words.how_to_lift(),
        )
