"""The device begins when the cloud is later than usual; who says the first word, answers."""

from __future__ import annotations

import time
from typing import Final

from edge.chat.asked import Asked
from edge.chat.on_device import OnDevice
from edge.chat.pump import Events, Pump
from edge.core.errors import EdgeError
from edge.core.event import Delta
from edge.engine.protocol import Cancel, EngineEvent


class Hedge:
    """A reply of the device in waiting: begun after `delay_s`, None: never.

    Nothing counts of what the device leaves out of it until all it said was read.
    """

    def __init__(self, device: OnDevice, asked: Asked, delay_s: float | None) -> None:
        self._device: Final = device
        self._in_waiting: Final = device.in_waiting()
        self._asked: Final = asked
        self._delay_s = delay_s
        self._began = time.monotonic()
        self._pump: Pump | None = None
        self._came: list[EngineEvent] = []

    @property
    def begun(self) -> bool:
        """Whether the device has begun, and has not failed."""
        return self._pump is not None and self._delay_s is not None

    @property
    def waited_s(self) -> float:
        """How long the cloud has been waited for."""
        return time.monotonic() - self._began

    def has_spoken(self) -> bool:
        """Whether the device has said its first word; begins it when it is due."""
        if self._delay_s is None:
            return False
        if self._pump is None:
            if time.monotonic() - self._began >= self._delay_s:
                self._pump = Pump(self._start, self._asked.wish.cancel)
            return False
        try:
            while (event := self._pump.poll()) is not None:
                self._came.append(event)
                if isinstance(event, Delta):
                    return True
        except EdgeError:  # then the cloud is waited for
            self.close()
        return False

    def events(self) -> Events:
        """All the device says, from its first word on; closing the iterator cancels."""
        assert self._pump is not None
        try:
            yield from self._came
            yield from self._pump.rest()
            self._device.adopt(self._in_waiting)
        finally:  # also where the reader left before the pump was asked for more
            self._pump.close()

    def close(self) -> None:
        """The cloud was faster, or nobody waits any longer."""
        self._delay_s = None
        if self._pump is not None:
            self._pump.close()

    def _start(self, cancel: Cancel) -> Events:
        return self._in_waiting.stream(self._asked, cancel)
