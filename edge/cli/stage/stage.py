"""The stage: a terminal that takes every key at any time, whatever is shown on it.

The main thread holds the terminal, and alone reads and writes it; the talk runs in one
other thread and posts what it has to say. There are four things the stage may be doing:
listening for keys without drawing, showing the prompt line, asking a question, and
leaving the terminal to somebody else. What each of them needs is a field; after each the
next is chosen anew.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import TextIO, TypeVar

from prompt_toolkit.input import create_input
from prompt_toolkit.input.typeahead import get_typeahead
from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.keys import Keys
from prompt_toolkit.output import create_output

from edge.cli.page.streams import theme_of
from edge.cli.page.surface import TerminalSurface
from edge.cli.stage.board import Above, Board
from edge.cli.stage.ear import Ear, typed_ahead
from edge.cli.stage.keys import tell_shift_enter
from edge.cli.stage.modes import Modes
from edge.cli.stage.prompting import Prompting, Wish
from edge.cli.stage.question import Question
from edge.cli.talk.interrupt import Presses

T = TypeVar("T")

# What a talk may take to keep its turn and close its engine once it was told to end.
_FAREWELL_S = 8.0
_LOOK_AGAIN_S = 0.01
_HUNG_UP = 129  # 128 + SIGHUP, which not every system has


class Stage:
    """Plays one talk; see `run`. What the talk's thread may call is in `Person`."""

    def __init__(self, stdin: TextIO, stdout: TextIO) -> None:
        # Asking the terminal where its cursor is earns nothing here, and a warning where
        # the terminal does not answer.
        os.environ.setdefault("PROMPT_TOOLKIT_NO_CPR", "1")
        tell_shift_enter()
        self._io = create_input(stdin), create_output(stdout)
        self._ear = Ear(self._io[0])
        self._board = Board(TerminalSurface(stdout), theme_of(stdout, os.environ))
        self.above = Above(self._board, self.post)
        self.prompting = Prompting(self._io, self._board, self)
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(self._failed)
        self._keys: list[KeyPress] = []  # pressed, and not yet looked at
        self._question: Question | None = None
        self._errands: deque[Callable[[], None]] = deque()
        self._over = False
        self._ends: BaseException | None = None

    def run(self, talk: Callable[[], T]) -> T:
        """Play a talk, in a thread of its own; returns and raises what it does.

        Raises SystemExit for a signal that ends edge, once the talk has kept its turn.
        """
        outcome: Future[T] = Future()

        def act() -> None:
            try:
                outcome.set_result(talk())
            except BaseException as error:
                outcome.set_exception(error)
            self.post(self._finish)

        try:
            self._loop.run_until_complete(self._play(threading.Thread(target=act, daemon=True)))
        finally:
            self._loop.close()
        if self._ends is not None:
            raise self._ends
        return outcome.result()

    def post(self, act: Callable[..., None], *args: object) -> None:
        """Let the main thread do this, in the order of the calls; from any thread."""
        with suppress(RuntimeError):  # the loop is closed: nobody looks any more
            self._loop.call_soon_threadsafe(act, *args)

    def read(self, wish: Wish) -> None:
        """The talk waits for a line; on the main thread, as all below."""
        if self._over:
            wish.line.set_result(None)
        else:
            self.prompting.read(wish)
            self._ear.leave()

    def ask(self, question: Question) -> None:
        """The talk waits for an answer."""
        self._question = question
        if self._over:
            question.withdraw()
        self.next()

    def leave_to(self, errand: Callable[[], None]) -> None:
        """Let somebody else have the terminal, as any program expects to find it."""
        self._errands.append(errand)
        self.next()

    def replying(self, stop: Callable[[], None] | None, presses: Presses) -> None:
        """From now on Ctrl-C is counted, and means this."""
        self.prompting.replying(stop, presses)
        if self._over:
            self.prompting.give_up()

    def next(self) -> None:
        """What is being done may not be what comes first any more."""
        self._ear.leave()
        self.prompting.line.close()

    def end(self, how: BaseException) -> None:
        """The talk is to be over, and edge to end like this; the first reason counts."""
        self._ends = self._ends or how
        self._over = True
        self.prompting.give_up()
        if self._question is not None:
            self._question.withdraw()
        self.next()

    async def _play(self, talk: threading.Thread) -> None:
        heard: dict[int, Callable[[], None]] = {signal.SIGINT: self.prompting.interrupt}
        for name in ("SIGTERM", "SIGHUP"):
            if (number := getattr(signal, name, None)) is not None:
                heard[number] = partial(self.end, SystemExit(128 + number))
        with Modes(self._io, heard) as modes:
            self._keys += typed_ahead(self._io[0])
            # Once the line is drawn: what a talk begins with keeps a core busy for a second.
            self._loop.call_soon(talk.start)
            while not self._over:
                await self._act(modes)
            await self._part(talk)

    async def _act(self, modes: Modes) -> None:
        """Do what is to be done first, until something else is."""
        if self._errands:
            self._board.hide()
            with modes.ordinary():
                self._errands.popleft()()
            self._keys += typed_ahead(self._io[0])
            self._board.show()
        elif self._question is not None:
            await self._put(self._question)
            modes.bracket_pastes()
        elif self._keys or self.prompting.is_wanted:
            await self._edit()
            modes.bracket_pastes()
        else:
            await self._listen()

    async def _edit(self) -> None:
        keys, self._keys = self._keys, []
        self._board.lend(self.prompting.line)
        try:
            await self.prompting.line.edit(keys)
        except (EOFError, OSError):
            self.end(SystemExit(_HUNG_UP))
        finally:
            self._board.take_back()
        self._keys += get_typeahead(self._io[0])

    async def _listen(self) -> None:
        try:
            keys = await self._ear.listen()
        except EOFError:
            self.end(SystemExit(_HUNG_UP))
            return
        while keys and keys[0].key in (Keys.ControlC, Keys.ControlZ):
            self.prompting.pressed(Keys(keys.pop(0).key))
        self._keys += keys

    async def _put(self, question: Question) -> None:
        self._board.hide()
        await question.put(*self._io)
        self._question = None
        self._board.show()

    def _finish(self) -> None:
        """The talk is over."""
        self._over = True
        self.next()

    async def _part(self, talk: threading.Thread) -> None:
        """Show what the talk says at last."""
        until = self._loop.time() + _FAREWELL_S
        while talk.is_alive() and self._loop.time() < until:
            while self._errands:
                self._errands.popleft()()
            await asyncio.sleep(_LOOK_AGAIN_S)
        await asyncio.sleep(0)  # what was posted last

    def _failed(self, _: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        """The terminal is gone, or something of ours failed: edge ends, the turn is kept."""
        error = context.get("exception")
        if isinstance(error, OSError):
            error = SystemExit(_HUNG_UP)
        self.end(error if isinstance(error, BaseException) else RuntimeError(context["message"]))
