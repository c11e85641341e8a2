"""What is typed, what waits, and what keys do; on the main thread."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol

from prompt_toolkit.input import Input
from prompt_toolkit.keys import Keys
from prompt_toolkit.output import Output

from edge.cli.page.escape import safe
from edge.cli.stage.board import Board
from edge.cli.stage.bottom import Bottom
from edge.cli.stage.layout import MARK, Around
from edge.cli.stage.line import Line
from edge.cli.stage.waiting import Queue
from edge.cli.talk.interrupt import Presses
from edge.cli.words import stage as words

_LEAVES_AT_PRESS = 3


@dataclass(frozen=True, slots=True)
class Wish:
    """The talk waits for a line: `default` stands in it, else the last of `draft`.

    `draft` is what was typed before, prompt by prompt, and not sent.
    """

    default: str = ""
    draft: Sequence[str] = ()
    standing: Bottom | None = None
    line: Future[str | None] = field(default_factory=Future)


class Scene(Protocol):
    """The stage, as keys can change what goes on there."""

    def next(self) -> None:
        """What is being done may not be what comes first any more."""
        ...

    def leave_to(self, errand: Callable[[], None]) -> None:
        """Let somebody else have the terminal."""
        ...

    def end(self, how: BaseException) -> None:
        """The talk is to be over, and edge to end like this."""
        ...


class Prompting:
    """The prompt line with all that stands around it, and the talk that waits for a line."""

    def __init__(self, terminal: tuple[Input, Output], board: Board, scene: Scene) -> None:
        self._board = board
        self._scene = scene
        around = Around(lambda: board.live_line, lambda: self._queue.shown, self._bottom)
        self.line = Line(terminal, around, self)
        self.line.changed = self.changed
        self.keep_draft: Callable[[Sequence[str]], None] = lambda _: None
        self._queue = Queue()
        self._unsent: list[str] = []  # given back to Up, and kept until another prompt is sent
        self._reading: Wish | None = None
        self._stop: Callable[[], None] | None = None  # ends the reply that is written
        self._presses = Presses()
        self._warned = False  # Ctrl-C was pressed at an empty line
        self._told: list[str] = []  # in the bottom line, until something else is typed
        self._standing: Bottom | None = None
        self._invites = True  # the line is shown before the talk waits for it

    @property
    def is_wanted(self) -> bool:
        """Whether the line is to be seen."""
        return bool(self._invites or self._reading or self.line.typed or self._queue.items)

    def read(self, wish: Wish) -> None:
        """The talk waits for a line."""
        self._invites = False
        self._standing = wish.standing or self._standing
        self._reading = wish
        if wish.default:
            self.line.put(wish.default)
        elif self._queue.items:
            self._deliver(*self._queue.items.popleft())
            self.changed()
        if wish.draft and self._give_back(wish.draft):
            self._told.insert(0, words.draft_back())
        self._board.draw()  # all that was said before the line is wanted
        self.line.redraw()

    def replying(self, stop: Callable[[], None] | None, presses: Presses) -> None:
        """From now on Ctrl-C is counted, and means this."""
        self._stop, self._presses = stop, presses

    def give_up(self) -> None:
        """The talk is to be over: nobody is going to type any more."""
        if self._stop is not None:
            self._call_off()
        if self._reading is not None:
            self._reading.line.set_result(None)
            self._reading = None

    def record(self, said: str) -> None:
        """Show a prompt as it stays on the screen."""
        first, *others = safe(said).split("\n")
        indent = " " * len(MARK)
        self._board.commit_said([f"{MARK}{first}", *(f"{indent}{each}" for each in others)])

    def entered(self) -> None:
        """Enter: what stands in the line is sent, or waits until it can be."""
        whole, typed = self.line.text, self.line.typed
        self.line.clear()
        if not whole.strip():
            self._give_up_editing()
            return
        shown = self.line.folds.in_short(typed)
        self._unsent.clear()
        if self._reading is not None:
            self._deliver(whole, shown)
        else:
            self._queue.items.append((whole, shown))
        self.line.prompts.remember(typed)
        self.changed()

    def pressed(self, key: Keys) -> None:
        """Ctrl-C, Ctrl-D or Ctrl-Z."""
        match key:
            case Keys.ControlC:
                self.interrupt()
            case Keys.ControlD if self._reading is not None:
                self._deliver(None, "")
            case Keys.ControlD:
                self._queue.items.append((None, words.leaves_next()))
            case Keys.ControlZ if hasattr(signal, "SIGTSTP"):
                # As the terminal itself does it: to all processes of the job.
                self._scene.leave_to(lambda: os.kill(0, signal.SIGTSTP))
        self.line.redraw()

    def pasted(self, text: str) -> None:
        """A text came in one piece."""
        self.line.insert(text)

    def changed(self) -> None:
        """What is typed has changed."""
        self._warned = False
        self._told.clear()
        typed = self.line.text
        unsent = [text for text in (*self._unsent, self.line.aside) if text != typed]
        self.keep_draft(list(filter(None, [*unsent, *self._queue.texts, typed])))

    def failed(self, error: Exception) -> None:
        """What a key does failed; all that is typed is as it was."""
        self._told = [words.key_failed(type(error).__name__)]
        self.line.redraw()

    def interrupt(self) -> None:
        """Ctrl-C: ends the reply, else clears the line, else leaves when it is pressed again."""
        if self._stop is not None:
            self._call_off()
            if self._presses.count >= _LEAVES_AT_PRESS:
                self._scene.end(SystemExit(128 + signal.SIGINT))
        elif self.line.typed:
            self._give_up_line()
        elif self._reading is not None and self._warned:
            self._deliver(None, "")
        elif self._reading is not None:
            self._warned = True
        elif self._invites:  # the talk is not open yet
            self._scene.end(KeyboardInterrupt())

    def _give_up_line(self) -> None:
        """What stands in the line is not meant; all else that was not sent stays kept."""
        given_up = self.line.text
        self._set_aside()
        self._unsent = [text for text in self._unsent if text != given_up]
        self.line.put("")
        self._tell_unsent()
        self._give_up_editing()

    def _set_aside(self) -> None:
        """What was typed before Up is kept among what Up brings back."""
        if aside := self.line.aside:
            self._unsent.append(aside)

    def _tell_unsent(self) -> None:
        if self._unsent:
            self._told.append(words.unsent(len(self._unsent)))

    def _give_up_editing(self) -> None:
        """What stood in the line to be changed was emptied: the talk is told so."""
        if self._reading is not None and self._reading.default:
            self._deliver("", "")

    def _call_off(self) -> None:
        """End the reply; what waited to be sent after it can be thought over."""
        assert self._stop is not None
        self._presses.count += 1
        # From a thread of its own: it may wait for whoever is at work.
        threading.Thread(target=self._stop, daemon=True).start()
        if waited := self._queue.taken_back():
            self._give_back(waited)

    def _give_back(self, texts: Sequence[str]) -> bool:
        """Whether the last of them stands in the line: Up brings back the others."""
        self._set_aside()
        stands = self.line.give_back(texts)
        self._unsent += texts[: len(texts) - stands]
        self.changed()
        self._tell_unsent()
        return stands

    def _deliver(self, said: str | None, shown: str) -> None:
        """Give the talk the line it waits for, and show it as said."""
        assert self._reading is not None
        reading, self._reading = self._reading, None
        if said:
            self.record(shown)
        reading.line.set_result(said)
        self._scene.next()

    def _bottom(self) -> str:
        if self._warned:
            return words.once_more()
        if self._standing is None:
            return words.opening()
        queues = [words.enter_queues()] if self._reading is None and self.line.typed else []
        return self._standing.line([*self._told, *queues], self._board.width)
