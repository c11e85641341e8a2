"""Hears keys without drawing anything, while a reply streams and nobody types."""

from __future__ import annotations

import asyncio

from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.keys import Keys

# Escape alone begins what other keys send, so it counts once nothing followed it.
_ESCAPE_S = 0.1


def typed_ahead(keyboard: Input) -> list[KeyPress]:
    """The keys pressed while the terminal was an ordinary one, where Enter sends a newline."""
    pressed = []
    while keys := keyboard.read_keys():
        pressed += keys
    enter = KeyPress(Keys.ControlM, "\r")
    return [enter if press.key == Keys.ControlJ else press for press in pressed]


class Ear:
    """Listens until a key is pressed, or until it is told that something else comes first."""

    def __init__(self, keyboard: Input) -> None:
        self._keyboard = keyboard
        self._heard: asyncio.Future[list[KeyPress]] | None = None
        self._flushing: asyncio.TimerHandle | None = None

    async def listen(self) -> list[KeyPress]:
        """The keys that were pressed, none when it was told to leave.

        Raises EOFError when the keyboard is gone.
        """
        loop = asyncio.get_running_loop()
        self._heard = loop.create_future()
        try:
            with self._keyboard.attach(self._read):
                return await self._heard
        finally:
            self._heard = None
            self._wait_no_more()

    def leave(self) -> None:
        """Hear no more."""
        self._tell([])

    def _read(self) -> None:
        if self._heard is None or self._heard.done():
            return  # what is pressed now is for whoever reads next
        self._wait_no_more()
        keys = self._keyboard.read_keys()
        if self._keyboard.closed:
            self._heard.set_exception(EOFError())
        elif keys:
            self._tell(keys)
        else:
            loop = asyncio.get_running_loop()
            self._flushing = loop.call_later(_ESCAPE_S, self._flush)

    def _flush(self) -> None:
        """Nothing followed what may have been the begin of a key."""
        if self._heard is None or self._heard.done():
            return
        if keys := self._keyboard.flush_keys():
            self._tell(keys)

    def _wait_no_more(self) -> None:
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None

    def _tell(self, keys: list[KeyPress]) -> None:
        if self._heard is not None and not self._heard.done():
            self._heard.set_result(keys)
