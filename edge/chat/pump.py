"""An engine's events read in a thread of their own, so that their reader can look away."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing

from edge.engine.protocol import Cancel, EngineEvent

Events = Generator[EngineEvent, None, None]


class _End:
    """The engine has said all; `error` is what it raised, if it did."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


class Pump:
    """Reads events as they come. `close` cancels; the thread then ends by itself."""

    def __init__(self, start: Callable[[Cancel], Events], user: Cancel) -> None:
        self._cancel = Cancel()
        user.on_set(self._cancel.set)
        self._over = False
        self._came: queue.SimpleQueue[EngineEvent | _End] = queue.SimpleQueue()
        # Daemon: an app that leaves in the middle of a reply does not wait for it.
        threading.Thread(target=self._read, args=[start], daemon=True, name="pump").start()

    def poll(self) -> EngineEvent | None:
        """The next event, None when there is none yet; raises what the engine raised."""
        try:
            return self._event(self._came.get_nowait())
        except queue.Empty:
            return None

    def rest(self) -> Iterator[EngineEvent]:
        """All events to come; closing the iterator cancels."""
        try:
            while not self._over and (event := self._event(self._came.get())) is not None:
                yield event
        finally:
            self.close()

    def close(self) -> None:
        """Stop reading; what still comes is thrown away."""
        self._cancel.set()

    def _event(self, came: EngineEvent | _End) -> EngineEvent | None:
        if not isinstance(came, _End):
            return came
        self._over = True
        if came.error is not None:
            raise came.error
        return None

    def _read(self, start: Callable[[Cancel], Events]) -> None:
        error: BaseException | None = None
        try:
            with closing(start(self._cancel)) as events:
                for event in events:
                    self._came.put(event)
        except BaseException as raised:  # whoever reads the pump is told
            error = raised
        self._came.put(_End(error))
