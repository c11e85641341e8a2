"""The person at the stage, as the talk's thread meets them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TypeVar

from edge.cli.stage.bottom import Bottom
from edge.cli.stage.folding import is_huge
from edge.cli.stage.prompting import Wish
from edge.cli.stage.question import Question
from edge.cli.stage.stage import Stage
from edge.cli.talk.interrupt import Presses

T = TypeVar("T")


class Person:
    """Reads lines and answers, and hears when a reply is to stop.

    `draft` gives back what was typed before and not sent, `standing` says how the talk
    stands; both are asked before each line.
    """

    attended = True

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.draft: Callable[[], Sequence[str]] = tuple
        self.standing: Callable[[], Bottom | None] = lambda: None

    def read(self, default: str = "") -> str | None:
        """The next line, None when the person leaves; `default` stands there to be changed."""
        wish = Wish(default, self.draft(), self.standing())
        self._stage.post(self._stage.read, wish)
        return wish.line.result()

    def edit(self, text: str) -> str | None:
        """In the editor the person chose, else in the prompt line; None where it stays.

        A huge text in whatever editor there is: the line shows it as a few words.
        """
        if is_huge(text) or any(os.environ.get(name) for name in ("VISUAL", "EDITOR")):
            from edge.cli.editor import edit

            edited = self.aside(lambda: edit(text, ".md", os.environ))
            if edited:
                prompting = self._stage.prompting
                self._stage.post(prompting.record, prompting.line.in_short(edited))
            return edited
        return self.read(text)

    def answer(self, question: str) -> str:
        """What is typed next; nothing at Ctrl-C and Ctrl-D."""
        asked = Question(question)
        self._stage.post(self._stage.ask, asked)
        return asked.answered.result()

    def aside(self, work: Callable[[], T]) -> T:
        """Do this in the main thread, the terminal an ordinary one meanwhile.

        Raises what it raises: KeyboardInterrupt for Ctrl-C, as anywhere else.
        """
        done: Future[T] = Future()

        def errand() -> None:
            try:
                done.set_result(work())
            except BaseException as error:
                done.set_exception(error)

        self._stage.post(self._stage.leave_to, errand)
        return done.result()

    @contextmanager
    def stopping(self, stop: Callable[[], None]) -> Iterator[Presses]:
        """Within, Ctrl-C calls `stop`."""
        presses = Presses()
        self._stage.post(self._stage.replying, stop, presses)
        try:
            yield presses
        finally:
            self._stage.post(self._stage.replying, None, presses)
