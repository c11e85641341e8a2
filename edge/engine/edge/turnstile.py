"""One reply at a time: whoever comes second waits, and may stop waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from edge.core.errors import Busy
from edge.core.say import say

_POLL_S = 0.05


class Turnstile:
    """A lock for replies. A thread that would wait for itself is told so instead of hanging."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holder: int | None = None
        self._counting = threading.Lock()
        self._n_inside = 0

    @property
    def n_inside(self) -> int:
        """How many hold the turn or wait for it."""
        return self._n_inside

    @contextmanager
    def turn(self, gave_up: Callable[[], bool] = lambda: False) -> Iterator[bool]:
        """Wait for the turn; yields False when `gave_up` became true before it came.

        Raises Busy when this very thread holds it: a stream that was begun and
        neither ended nor closed.
        """
        with self._counted():
            if not self._wait(gave_up):
                yield False
                return
            self._holder = threading.get_ident()
            try:
                yield True
            finally:
                self._holder = None
                self._lock.release()

    def _wait(self, gave_up: Callable[[], bool]) -> bool:
        while not self._lock.acquire(timeout=_POLL_S):
            if self._holder == threading.get_ident():
                raise Busy(
                    say("another reply of this program is still being written"),
                    hint=say("read its stream to the end, or close it, before the next"),
                )
            if gave_up():
                return False
        return True

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._counting:
            self._n_inside += 1
        try:
            yield
        finally:
            with self._counting:
                self._n_inside -= 1
