"""Keeps what is typed and not sent, a moment behind the typing, from a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from edge.core.errors import EdgeError

# Two writes in a second are felt by no disk. A draft is forgotten that late too: by then the
# prompt it became is in the store, so a process that dies between them loses neither.
_REST_S = 0.5


class Kept(Protocol):
    """Where drafts are kept, by key."""

    def get(self, key: str) -> str:
        """The draft of that key, empty without one."""
        ...

    def put(self, key: str, text: str) -> None:
        """Keep it; an empty one is none."""
        ...


class Autosave:
    """Drafts of one talk. `key` says what the draft at hand is for; any thread may call."""

    def __init__(self, kept: Kept, key: Callable[[], str]) -> None:
        self._kept = kept
        self._key = key
        self._changed = threading.Condition()
        self._texts: dict[str, str] = {}  # by key, what is not written yet
        self._last: tuple[str, str] = ("", "")
        self._given = ""
        self._closed = False
        self._thread = threading.Thread(target=self._write, name="drafts", daemon=True)
        self._thread.start()

    def keep(self, text: str) -> None:
        """This is typed now; returns at once."""
        key = self._key()
        with self._changed:
            if (key, text) == self._last:
                return
            if key != self._last[0] and self._last[1]:
                self._texts[self._last[0]] = ""  # it went along to another talk
            self._last = key, text
            self._texts[key] = text
            self._changed.notify()

    def given_back(self) -> str:
        """What was typed for the talk at hand and not sent, once for each time it is gone to."""
        key = self._key()
        if key == self._given:
            return ""
        self._given = key
        with suppress(EdgeError):
            return self._kept.get(key)
        return ""

    def close(self) -> None:
        """Write what is not written yet."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _write(self) -> None:
        closed = False
        while not closed:
            with self._changed:
                self._changed.wait_for(lambda: self._texts or self._closed)
                if not any(self._texts.values()):
                    self._changed.wait_for(lambda: self._closed, _REST_S)
                texts, self._texts, closed = self._texts, {}, self._closed
            for key, text in texts.items():
                with suppress(EdgeError):  # a convenience: the next one may be kept again
                    self._kept.put(key, text)
            with self._changed:
                self._changed.wait_for(lambda: self._closed, _REST_S)
