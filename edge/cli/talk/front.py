"""What stands between a talk and its person, beside the lines and what is shown."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Protocol, TypeVar

from edge.cli.page.writer import Writer
from edge.cli.progress import can_ask
from edge.cli.talk.interrupt import Presses, stopping

T = TypeVar("T")


class Front(Protocol):
    """Asks a person, hears their Ctrl-C, and steps aside for another program."""

    @property
    def attended(self) -> bool:
        """Whether somebody is there to answer a question."""
        ...

    def answer(self, question: str) -> str:
        """What is typed next; nothing at Ctrl-C and Ctrl-D."""
        ...

    def aside(self, work: Callable[[], T]) -> T:
        """Do this with a terminal that is as any program expects to find it."""
        ...

    def stopping(self, stop: Callable[[], None]) -> AbstractContextManager[Presses]:
        """Within, Ctrl-C calls `stop`."""
        ...


class Ordinary:
    """A terminal that nobody holds, or none: standard input, and the signals of this process."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    @property
    def attended(self) -> bool:
        """Whether standard input and error are a person's."""
        return can_ask()

    def answer(self, question: str) -> str:
        """What is typed next, or nothing."""
        _forget_what_was_typed()
        try:
            with _interrupted_at_once():  # from the moment the question can be read
                self._writer.ask(question)
                line = sys.stdin.buffer.readline().decode(errors="replace")
        except KeyboardInterrupt:
            line = ""
        if not line.endswith("\n"):
            self._writer.ask("\n")
        return line

    def aside(self, work: Callable[[], T]) -> T:
        """Do this: the terminal is ordinary already."""
        return work()

    def stopping(self, stop: Callable[[], None]) -> AbstractContextManager[Presses]:
        """Within, the signal that Ctrl-C is calls `stop`."""
        return stopping(stop)


def _forget_what_was_typed() -> None:
    """Keys pressed before the question was seen, as of a text pasted in lines, answer nothing."""
    with suppress(ImportError, OSError, ValueError):
        import termios

        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


@contextmanager
def _interrupted_at_once() -> Iterator[None]:
    """Within, Ctrl-C raises, also in a reply, where else it would stop what is written."""
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
