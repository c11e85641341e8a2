"""Keeps what is typed and not sent, a moment behind the typing, from a thread of its own."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from edge.core.errors import EdgeError

# Two writes in a second are felt by no disk. A draft is forgotten that late too: by then the
# prompt it became is in the store, so a process that dies between them loses neither.
_REST_S = 0.5
# Opens each of several texts that are kept as one, as in JSON text sequences (RFC 7464).
_APART = "\x1e"


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
        self._wanted: dict[str, str] = {}  # by key, what is or will be written from here
        self._last: tuple[str, str] = ("", "")
        self._given = ""
        self._closed = False
        self._thread = threading.Thread(target=self._write, name="drafts", daemon=True)
        self._thread.start()

    def keep(self, texts: Sequence[str]) -> None:
        """These wait to be sent, what is typed now the last of them; returns at once."""
        key, text = self._key(), as_one(texts)
        with self._changed:
            if (key, text) == self._last:
                return
            if key != self._last[0] and self._last[1]:
                self._want(self._last[0], "")  # it went along to another talk
            self._last = key, text
            self._want(key, text)
            self._changed.notify()

    def given_back(self) -> Sequence[str]:
        """What was typed for the talk at hand and not sent, once for each time it is gone to."""
        key = self._key()
        ours = key in (self._given, self._last[0])  # typed here, and not left since
        self._given = key
        if ours:
            return ()
        # The store is a moment behind: what was sent since is still a draft there.
        if key in self._wanted:
            return apart(self._wanted[key])
        with suppress(EdgeError):
            return apart(self._kept.get(key))
        return ()

    def close(self) -> None:
        """Write what is not written yet."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _want(self, key: str, text: str) -> None:
        self._wanted[key] = self._texts[key] = text

    def _put(self, key: str, text: str) -> None:
        try:
            self._kept.put(key, text)
        except EdgeError:
            # Another model brings another store, and closes this one. What is lost here
            # would be given back as a draft long after it was sent: so once more.
            with self._changed:
                self._texts.setdefault(key, text)

    def _write(self) -> None:
        closed = False
        while not closed:
            with self._changed:
                self._changed.wait_for(lambda: self._texts or self._closed)
                if not any(self._texts.values()):
                    self._changed.wait_for(lambda: self._closed, _REST_S)
                texts, self._texts, closed = self._texts, {}, self._closed
            for key, text in texts.items():
                self._put(key, text)
            with self._changed:
                self._changed.wait_for(lambda: self._closed, _REST_S)


def as_one(texts: Sequence[str]) -> str:
    """Texts as one that `apart` takes apart; one alone is itself, none is empty.

    >>> apart(as_one(["one", "two\\nlines"])), as_one(["alone"]), as_one([])
    (('one', 'two\\nlines'), 'alone', '')
    """
    if len(texts) == 1 and not texts[0].startswith(_APART):
        return texts[0]
    return "".join(f"{_APART}{json.dumps(text)}" for text in texts)


def apart(kept: str) -> tuple[str, ...]:
    """What `as_one` made one."""
    if kept.startswith(_APART):
        return tuple(json.loads(text) for text in kept.split(_APART)[1:])
    return (kept,) if kept else ()
