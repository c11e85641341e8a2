"""The loop of a chat: a line is read, sent or obeyed, and whatever fails is one line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from edge.cli.page.writer import Writer, is_terminal
from edge.cli.progress import can_ask
from edge.cli.reasons import account_of
from edge.cli.talk import slash
from edge.cli.talk.consent import Consent, asked_by
from edge.cli.talk.piped import text
from edge.cli.talk.turn import AS_USUAL, Asking, take_turn, tell_who, was_stopped
from edge.cli.words import chat as words
from edge.cli.words import cloud_chat as cloud_words
from edge.cli.words import why as why_words
from edge.core.decision import Target
from edge.core.errors import EdgeError, PrivacyRefused, UsageError
from edge.core.event import Attempt
from edge.core.message import Label

if TYPE_CHECKING:
    from edge.cli.talk.opening import Talk
    from edge.cli.talk.prompt_line import Lines
    from edge.core.conversation import Turn

_REMINDED_TURNS = 2
_LISTED_CONVERSATIONS = 9


class Chat:
    """One chat at one terminal, or over a pipe."""

    def __init__(self, talk: Talk, lines: Lines, writer: Writer) -> None:
        self._talk = talk
        self._lines = lines
        self._writer = writer
        self._attended = is_terminal(sys.stdin)
        self._commands: dict[str, Callable[[str], None]] = {
            "help": self._help,
            "new": self._new,
            "load": self._load,
            "model": self._model,
            "think": self._think,
            "system": self._system,
            "private": self._private,
            "public": self._public,
            "edge": self._ask_device,
            "cloud": self._ask_cloud,
            "stats": self._stats,
            "why": self._why,
        }

    def run(self) -> int:
        """Talk until the lines end.

        Returns the exit code: 0, or where nobody watched that of the last failure.
        """
        if self._attended:
            self._greet()
        code, going = 0, True
        while going:
            try:
                going = self._next()
            except EdgeError as error:
                self._writer.note(f"edge: {error.line()}")
                code = error.exit_code
            except KeyboardInterrupt:
                if not self._attended:
                    raise
                self._writer.note(words.how_to_leave())
        if self._attended:
            self._part()
        return 0 if self._attended else code

    def _next(self) -> bool:
        """Read a line and do what it says; False when the chat is over."""
        line = self._lines.read()
        if line is None:
            return False
        match slash.parse(text(line, "the line")):
            case slash.Said(said):
                self._send(said)
            case slash.Command("quit", _):
                return False
            case slash.Command(name, rest):
                self._commands[name](rest)
        return True

    def _send(self, said: str, asking: Asking = AS_USUAL) -> None:
        if not said.strip():
            return
        done = take_turn(self._talk, said, self._writer, asking)
        tell_who(self._talk, done, self._writer)
        if was_stopped(done) and not self._attended:
            raise KeyboardInterrupt

    def _greet(self) -> None:
        talk, model = self._talk, self._talk.model
        quant, n_ctx = model.quant.name, talk.runtime.n_ctx
        self._writer.note(words.header(model.spec.name, quant, n_ctx, self._behind()))
        if talk.cloud:
            self._writer.note(cloud_words.begins(talk.session.label))
        self._writer.note(words.going_on(talk.session.conversation_id, saved=talk.saved))
        self._remind()

    def _behind(self) -> str:
        """What stands behind the device."""
        if (cloud := self._talk.cloud) is None:
            return ""
        policy = self._talk.session.routes.policy.name
        return cloud_words.header(cloud.models[0].name, cloud.provider.host, cloud.mode, policy)

    def _remind(self) -> None:
        for turn in self._talk.session.turns[-_REMINDED_TURNS:]:
            self._writer.said(turn.prompt.text, turn.reply.text)

    def _part(self) -> None:
        if conversation_id := self._talk.session.conversation_id:
            self._writer.note(words.farewell(conversation_id, saved=self._talk.saved))

    def _help(self, _: str) -> None:
        self._writer.note(words.HELP)

    def _new(self, _: str) -> None:
        old_id = self._talk.session.conversation_id
        self._talk.begin_anew()
        self._writer.note(words.new_conversation(old_id, saved=self._talk.saved))

    def _load(self, name: str) -> None:
        if name:
            self._talk.load(name)
            self._writer.note(words.conversation_now(self._talk.session.conversation_id or ""))
            self._remind()
        else:
            kept = self._talk.runtime.conversations.list(_LISTED_CONVERSATIONS)
            openings = {each.id: each.opening for each in kept}
            current = self._talk.session.conversation_id
            self._writer.note(words.conversations_here(openings, current))

    def _model(self, name: str) -> None:
        if not name:
            here = [model.name for model in self._talk.desk.library.here()]
            self._writer.note(words.models_here(here, self._talk.model.name))
        elif name == self._talk.model.name:
            self._writer.note(words.already_answering(name))
        else:
            self._talk.switch(name)
            self._writer.note(words.model_now(self._talk.model.name))

    def _think(self, rest: str) -> None:
        wanted = slash.on_or_off(rest)
        if wanted is not None:
            self._talk.session.set_thinking(wanted)
        answering = self._talk.session.answering
        self._writer.note(words.thinking_now(answering.spec.thinking, answering.thinks))

    def _system(self, rest: str) -> None:
        if rest:
            self._talk.session.set_system(slash.unquoted(rest))
        self._writer.note(words.system_now(self._talk.session.system))

    def _private(self, _: str) -> None:
        self._talk.session.make_private()
        self._writer.note(cloud_words.locked())

    def _public(self, said: str) -> None:
        """Send one text out of a private talk, once it was seen and agreed to."""
        if self._talk.cloud is None:
            self._writer.note(cloud_words.turn_it_on())
            return
        if not said:
            raise UsageError(cloud_words.nothing_to_lift(), hint=cloud_words.how_to_lift())
        if not can_ask():
            raise PrivacyRefused(
                cloud_words.cannot_lift(),
                kept=cloud_words.nothing_sent(),
                hint=cloud_words.at_a_terminal(),
            )
        with asked_by(self._talk.session, Consent(self._writer, in_full=True)):
            self._send(said, Asking(Target.CLOUD, public=True))

    def _ask_device(self, said: str) -> None:
        if self._talk.cloud is None:
            self._writer.note(cloud_words.device_anyway())
        self._ask(said, Target.EDGE)

    def _ask_cloud(self, said: str) -> None:
        if self._talk.cloud is None:
            self._writer.note(cloud_words.turn_it_on())
        else:
            self._ask(said, Target.CLOUD)

    def _ask(self, said: str, target: Target) -> None:
        """Ask one engine, for this turn; without a text what was asked last."""
        turns = self._talk.session.turns
        if not said and turns and target is Target.CLOUD:
            _insist_on_public(turns[-1])
        if said or turns:
            self._send(said or turns[-1].prompt.text, Asking(target))
        else:
            self._writer.note(words.no_turn_yet())

    def _stats(self, _: str) -> None:
        session = self._talk.session
        attempts = session.turns[-1].attempts if session.turns else ()
        if not attempts:
            self._writer.note(words.no_turn_yet())
            return
        self._writer.note(cloud_words.stats(attempts))
        held, n_ctx = _held_tokens(attempts[-1]), self._talk.runtime.n_ctx
        self._writer.note(words.room(held, n_ctx, session.conversation_id or ""))

    def _why(self, _: str) -> None:
        """Why the last turn went where it went."""
        if not self._talk.session.turns:
            self._writer.note(words.no_turn_yet())
            return
        with self._talk.books() as books:
            account = account_of(self._talk.session.turns[-1], books)
        self._writer.note(why_words.told(account))


def _held_tokens(attempt: Attempt) -> int:
    """What the device's context holds after it; nothing where the cloud answered."""
    by_cloud, usage = attempt.decision.target is Target.CLOUD, attempt.usage
    return 0 if by_cloud else usage.prompt_tokens + usage.completion_tokens


def _insist_on_public(turn: Turn) -> None:
    """Raise PrivacyRefused for a prompt that was private when it was said, however it is now."""
    if turn.prompt.label is Label.PRIVATE:
        raise PrivacyRefused(
            cloud_words.was_private(),
            kept=cloud_words.nothing_sent(),
            hint=cloud_words.how_to_lift(),
        )
