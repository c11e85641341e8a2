"""One chat: who talks, where its lines come from, and where what is said goes."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

from edge.cli.export.telling import ending_of
from edge.cli.page.streams import is_terminal
from edge.cli.page.writer import Writer
from edge.cli.talk.attach import Attached, with_files
from edge.cli.talk.consent import Consent
from edge.cli.talk.front import Front, Ordinary
from edge.cli.talk.turn import AS_USUAL, Asking, take_turn, tell_who, was_stopped
from edge.core.errors import EdgeError

if TYPE_CHECKING:
    from edge.cli.talk.opening import Talk
    from edge.cli.talk.prompt_line import Lines

_REMINDED_TURNS = 2
_NAMED_WITHIN_TURNS = 3


class Chat:
    """One chat at one terminal, or over a pipe; what every command of it can reach.

    `attended`: a person reads along. `over` ends it once the line at hand is done with.
    """

    def __init__(
        self, talk: Talk, lines: Lines, writer: Writer, front: Front | None = None
    ) -> None:
        self.talk = talk
        self.lines = lines
        self.writer = writer
        self.front = front or Ordinary(writer)
        self.attended = is_terminal(sys.stdin)
        self.over = False
        self.files: list[Attached] = []  # go along with the next prompt

    def say(self, said: str, asking: Asking = AS_USUAL) -> None:
        """Send what was said, with the files that wait for it; see `send`."""
        if not (said.strip() and self.files):
            self.send(said, asking)
            return
        files, self.files = self.files, []
        try:
            self.send(with_files(files, said), asking)
        except EdgeError:  # they are not lost with it
            self.files = files
            raise

    def send(self, said: str, asking: Asking = AS_USUAL) -> None:
        """Send a text and show the reply; nothing for a blank one.

        Raises what a turn raises, and KeyboardInterrupt for a reply that was stopped
        where nobody is there to say what comes next.
        """
        if not said.strip():
            return
        done = take_turn(self.talk, said, self.writer, asking, self.front.stopping)
        tell_who(self.talk, done, self.writer)
        if was_stopped(done) and not self.attended:
            raise KeyboardInterrupt
        if self.attended and len(self.talk.session.turns) <= _NAMED_WITHIN_TURNS:
            # While the reply is read; the next prompt ends it.
            threading.Thread(target=self.talk.session.name_it, daemon=True).start()

    def consent(self, *, in_full: bool = False) -> Consent:
        """Asks the person of this chat before something is sent."""
        return Consent(self.writer, self.front, in_full=in_full)

    def remind(self) -> None:
        """Show how the conversation stands: its last turns."""
        for turn in self.talk.session.turns[-_REMINDED_TURNS:]:
            self.writer.said(turn.prompt.text, turn.reply.text, ending_of(turn))
