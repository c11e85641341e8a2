"""How far a long wait has come: a bar on a terminal, elsewhere a line now and then."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import typer

from edge.cli.page.streams import is_terminal
from edge.cli.table import printable
from edge.cli.words import models as words
from edge.core.units import show_duration

# A log should show that something goes on and not be made of it.
_LEAST_WAIT_S = 3.0
_MOST_WAIT_S = 60.0
_LEAST_SHARE = 0.1


class Progress(Protocol):
    """Shows bytes as they come, and notes between them."""

    def advance(self, done_bytes: int, total_bytes: int, source: str) -> None:
        """So many bytes are here now."""
        ...

    def say(self, text: str) -> None:
        """Show one line."""
        ...

    def close(self) -> None:
        """Leave the screen to others; the next `advance` comes back."""
        ...


def show_progress(what: str) -> Progress:
    """Progress of `what`, as this standard error can show it."""
    if not on_terminal():
        return Lines(what)
    from edge.cli.bar import Bar

    return Bar(what)


def on_terminal() -> bool:
    """Whether standard error is a screen that can be drawn on."""
    return is_terminal(sys.stderr) and os.environ.get("TERM") != "dumb"


def can_ask() -> bool:
    """Whether somebody is there to answer a question."""
    return is_terminal(sys.stdin) and is_terminal(sys.stderr)


def confirm(question: str, *, default: bool = False) -> bool:
    """Whether a person says yes; only where `can_ask`."""
    return typer.confirm(printable(question), default=default, err=True)


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show on a terminal that `what` takes a moment."""
    if not on_terminal():
        yield
        return
    from edge.cli.bar import pulse

    with pulse(what):
        yield


def tell(line: str) -> None:
    """One line on standard error."""
    typer.echo(printable(line), err=True)


@dataclass(frozen=True, slots=True)
class _Mark:
    at_s: float
    done_bytes: int


class Lines:
    """Progress where nothing can be drawn."""

    def __init__(
        self,
        what: str,
        say: Callable[[str], None] = tell,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.say = say
        self._what = what
        self._clock_s = clock_s
        self._begun: _Mark | None = None
        self._told: _Mark | None = None

    def advance(self, done_bytes: int, total_bytes: int, source: str) -> None:
        """Say so where enough happened since the last line."""
        now = _Mark(self._clock_s(), done_bytes)
        if self._begun is None or done_bytes < self._begun.done_bytes:
            self._begun = self._told = now
        elif self._told is None or not _worth_a_line(self._told, now, total_bytes):
            return
        self._told = now
        far = _how_far(self._begun, now, total_bytes)
        self.say(words.coming(self._what, far, source))

    def close(self) -> None:
        """Nothing to take away."""


def _worth_a_line(told: _Mark, now: _Mark, total_bytes: int) -> bool:
    waited_s = now.at_s - told.at_s
    further = now.done_bytes - told.done_bytes >= _LEAST_SHARE * total_bytes
    return waited_s >= _MOST_WAIT_S or (waited_s >= _LEAST_WAIT_S and further)


def _how_far(begun: _Mark, now: _Mark, total_bytes: int) -> str:
    far = words.so_far(now.done_bytes, total_bytes)
    came, took_s = now.done_bytes - begun.done_bytes, now.at_s - begun.at_s
    if came <= 0 or took_s <= 0:
        return far
    left_s = (total_bytes - now.done_bytes) * took_s / came
    return words.left(far, round(came / took_s), show_duration(left_s))
