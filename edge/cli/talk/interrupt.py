"""Signals: Ctrl-C stops a reply, then edge; a closed terminal or `kill` is an ordinary end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from types import FrameType


class Presses:
    """How often Ctrl-C was pressed."""

    def __init__(self) -> None:
        self.count = 0


def leave_in_order() -> None:
    """Let a closed terminal (SIGHUP) or `kill` (SIGTERM) end edge as if it had left by itself.

    What was shown of a reply is kept and the engine's process is closed; the
    exit code is the shell's own for a signal.
    """

    def leave(number: int, _: FrameType | None) -> None:
        raise SystemExit(128 + number)

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows knows no SIGHUP
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, leave)


@contextmanager
def stopping(stop: Callable[[], None]) -> Iterator[Presses]:
    """Within, Ctrl-C calls `stop` from a thread of its own; pressed again it interrupts.

    A signal handler may find this thread holding any lock, so the handler itself
    does nothing but put a word in a queue, whose `put` is safe there.
    """
    presses, asked = Presses(), SimpleQueue[bool]()

    def pressed(_: int, __: FrameType | None) -> None:
        presses.count += 1
        if presses.count > 1:
            raise KeyboardInterrupt
        asked.put(True)

    def wait() -> None:
        if asked.get():
            stop()

    threading.Thread(target=wait, daemon=True).start()
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_IGN:  # started in the background by a shell: not ours to hear
        signal.signal(signal.SIGINT, pressed)
    try:
        yield presses
    finally:
        if before is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, before)
        asked.put(False)
