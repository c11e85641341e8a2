"""Commands of a chat for a mind that changed: asked again, said otherwise, taken back, kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from edge.chat.session import Session
from edge.cli.editor import NoEditor
from edge.cli.talk.chat import Chat
from edge.cli.talk.command import hinting
from edge.cli.talk.turn import Asking
from edge.cli.words import chat as words
from edge.cli.words import hints
from edge.cli.words import mind as mind_words
from edge.core.conversation import Turn
from edge.core.errors import EdgeError, UnknownName, UsageError
from edge.store.tree import Branch


def retry(chat: Chat, model: str) -> None:
    """Ask the last prompt again: other words, or with a name another model."""
    last = _turn(chat, "")
    if model:
        with hinting(hints.retry):
            is_new = chat.talk.switch(model)
        if is_new:
            chat.writer.note(words.model_now(chat.talk.model.name))
    _ask_instead(chat, last, last.prompt.text)


def edit(chat: Chat, number: str) -> None:
    """Say a prompt otherwise; what followed the old one is kept as a branch."""
    turn = _turn(chat, number)
    old = turn.prompt.text
    new = _edited(chat, old)
    if new is None or not new.strip() or new == old:
        chat.writer.note(mind_words.nothing_changed())
    else:
        _ask_instead(chat, turn, new)


def _edited(chat: Chat, old: str) -> str | None:
    """What the person makes of a text: in their editor, where there is none in the line."""
    try:
        with hinting(hints.edit):
            return chat.lines.edit(old)
    except NoEditor as missing:
        chat.writer.note(mind_words.changed_here(missing.message))
        return chat.lines.read(old)


def undo(chat: Chat, _: str) -> None:
    """Take the last turn back; it is kept as a branch."""
    last = _turn(chat, "")
    chat.talk.session.go_to(last.parent_id)
    chat.writer.note(mind_words.undone(last.prompt.text, len(chat.talk.session.turns)))


def branch(chat: Chat, number: str) -> None:
    """Go on behind an earlier turn; without a number, show which there are."""
    if not number:
        chat.writer.note(mind_words.numbered(chat.talk.session.turns))
        return
    session, turn = chat.talk.session, _turn(chat, number)
    was_followed = turn is not session.turns[-1]
    session.go_to(turn.id)
    n, text = len(session.turns), turn.prompt.text
    chat.writer.note(mind_words.goes_on_behind(n, text, was_followed=was_followed))


def branches(chat: Chat, number: str) -> None:
    """Show the branches of the talk, or go to one of them."""
    session = chat.talk.session
    talk_id = session.conversation_id
    here = session.conversations.branches(talk_id) if talk_id else ()
    if not number:
        chat.writer.note(mind_words.branches(here, _replies(session, here)))
        return
    if not here:
        raise _nothing_said()
    chosen = here[_number(number, len(here), "/branches") - 1]
    session.go_to(chosen.turn_id)
    chat.writer.note(mind_words.branch_now(len(session.turns)))
    chat.remind()


def _replies(session: Session, here: Sequence[Branch]) -> dict[str, str]:
    """What was answered where branches begin alike, as after /retry; by turn."""
    openings = Counter(each.opening for each in here)
    alike = [each.departs_id for each in here if openings[each.opening] > 1]
    return {turn_id: session.conversations.find_turn(turn_id).reply.text for turn_id in alike}


def pin(chat: Chat, number: str) -> None:
    """Never leave a turn out of the context."""
    _pin(chat, number, pinned=True)


def unpin(chat: Chat, number: str) -> None:
    """Leave it out when it is its turn."""
    _pin(chat, number, pinned=False)


def _pin(chat: Chat, number: str, *, pinned: bool) -> None:
    turn = _turn(chat, number)
    chat.talk.session.pin(turn.id, pinned=pinned)
    chat.writer.note(mind_words.pinned(turn.prompt.text, pinned=pinned))


def _ask_instead(chat: Chat, turn: Turn, text: str) -> None:
    """Send a text in a turn's place; it is at least as private as what it was made from.

    Where it fails before a word, the talk is where it was.
    """
    session = chat.talk.session
    tip = session.turns[-1].id
    session.go_to(turn.parent_id)
    try:
        chat.send(text, Asking(at_least=turn.prompt.label, fresh=text == turn.prompt.text))
    except EdgeError:
        begun = session.turns[-1:]
        if not begun or begun[0].id == turn.parent_id or not begun[0].reply.text:
            session.go_to(tip)
        raise


def _turn(chat: Chat, number: str) -> Turn:
    """The turn of a number, counted from 1 on this branch; the last one without."""
    turns = chat.talk.session.turns
    if not turns:
        raise _nothing_said()
    return turns[_number(number, len(turns), "/branch") - 1] if number else turns[-1]


def _number(typed: str, n: int, list_: str) -> int:
    """The number typed, of the `n` things that `list_` shows."""
    if not typed.isdecimal() or not 1 <= int(typed) <= n:
        raise UnknownName(mind_words.no_such_number(typed, n), hint=list_)
    return int(typed)


def _nothing_said() -> UsageError:
    return UsageError(words.no_turn_yet(), hint=mind_words.ask_first())
