"""A chat on the stage: the prompt line first, then what answers, behind it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from edge.cli.garbage import look_briefly
from edge.cli.stage.bottom import Bottom
from edge.cli.stage.completing import Names
from edge.cli.stage.drafts import Autosave
from edge.cli.stage.person import Person
from edge.cli.stage.stage import Stage

if TYPE_CHECKING:
    from edge.cli.talk.opening import Talk
    from edge.cli.talk.wanted import Wanted
    from edge.store.drafts import Drafts

# As many as somebody may go back to.
_RECALLED_PROMPTS = 500
_OFFERED_CONVERSATIONS = 50


def play(wanted: Wanted) -> int:
    """Chat at this terminal; returns the exit code, raises what opening a talk raises."""
    stage = Stage(sys.stdin, sys.stdout)
    return stage.run(lambda: _talk(stage, wanted))


def _talk(stage: Stage, wanted: Wanted) -> int:
    # The engine's modules take longer to read than a person to begin typing.
    from edge.cli.page.writer import Writer
    from edge.cli.talk.chat import Chat
    from edge.cli.talk.consent import Consent
    from edge.cli.talk.loop import run
    from edge.cli.talk.opening import opened

    person = Person(stage)
    writer = Writer(sys.stdout, sys.stderr, surface=stage.above)
    with (
        opened(wanted, Consent(writer, person), person.aside) as talk,
        _dressed(stage, person, talk),
    ):
        return run(Chat(talk, person, writer, person))


@contextmanager
def _dressed(stage: Stage, person: Person, talk: Talk) -> Iterator[None]:
    """Within, the stage knows what there is to complete, to recall, to keep and to show."""
    look_briefly()  # all modules are read
    talk.prepare()
    stage.prompting.line.names = _names(talk)
    stage.post(stage.prompting.line.recall, talk.runtime.conversations.prompts(_RECALLED_PROMPTS))
    autosave = Autosave(_Drafts(talk), lambda: talk.session.conversation_id or _new())
    person.draft = autosave.given_back
    person.standing = lambda: _bottom(talk)
    stage.prompting.keep_draft = autosave.keep
    try:
        yield
    finally:
        autosave.close()


def _bottom(talk: Talk) -> Bottom:
    from edge.cli.talk.standing import Standing
    from edge.cli.words.standing import parts, parts_in_short

    now = Standing.of(talk)
    return Bottom(tuple(parts(now)), tuple(parts_in_short(now)))


def _names(talk: Talk) -> Names:
    from edge.cli.talk.commands import COMMANDS
    from edge.settings.prompts import names_of

    def conversations() -> list[tuple[str, str]]:
        listed = talk.runtime.conversations.list(_OFFERED_CONVERSATIONS)
        return [(each.id, each.title) for each in listed]

    return Names(
        COMMANDS,
        models=lambda: [model.name for model in talk.desk.library.here()],
        conversations=conversations,
        prompts=lambda: names_of(talk.desk.folders),
    )


class _Drafts:
    """The drafts of the store a talk has now: another model may have brought another one."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._drafts = talk.runtime.drafts

    def get(self, key: str) -> str:
        """The draft of that key."""
        return self._now().get(key)

    def put(self, key: str, text: str) -> None:
        """Keep it."""
        self._now().put(key, text)

    def _now(self) -> Drafts:
        if (drafts := self._talk.runtime.drafts) is not self._drafts:
            drafts.follow(self._drafts)
            self._drafts = drafts
        return drafts


def _new() -> str:
    from edge.store.drafts import NEW

    return NEW
