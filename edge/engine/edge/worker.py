"""The child process: frames in on standard input, frames out on standard output.

It ends when its parent does: the pipe closes, or the parent's process id changes.
It leaves by itself, its memory given back and the timeline on disk, when it had
nothing to do for long or the system runs short of memory; the parent starts
another with the next prompt.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import IO, TYPE_CHECKING

from edge.core.say import speak
from edge.device.probe import memory_now
from edge.engine.edge.frames import Cancel, Frame, read_frame, write_frame
from edge.engine.edge.isolation import forbid_core_dumps, leave_network
from edge.engine.edge.shortage import call_when_short
from edge.settings.catalogs import VARIABLE, Later

if TYPE_CHECKING:
    from edge.device.profile import Memory
    from edge.engine.edge.host import Host

_PARENT_POLL_S = 0.5
_LAST_WRITE_S = 0.8  # a worker is gone a second after its parent
_UNHURRIED_S = 10.0


def main(
    before_emit: Callable[[Frame], None] = lambda _: None,
    memory: Callable[[], Memory | None] = memory_now,
) -> None:
    """Serve the parent until it closes the pipe, or there is a reason to leave.

    `before_emit` sees each frame first; `memory` tells what the system has free.
    """
    isolated = leave_network()
    forbid_core_dumps()
    source, sink = sys.stdin.buffer, _private_stdout()
    speak(Later(os.environ.get(VARIABLE, "en")))

    from edge.engine.edge.host import Host  # the library loads inside the empty network

    def emit(frame: Frame) -> None:
        before_emit(frame)
        write_frame(sink, frame)

    host = Host(emit, isolated=isolated)
    inbox: SimpleQueue[Frame | None] = SimpleQueue()

    def make_room() -> None:
        host.make_room()
        inbox.put(None)

    watches = (
        lambda: _listen(source, host, inbox),
        _leave_with_parent,
        lambda: call_when_short(make_room, memory),
    )
    for watch in watches:
        threading.Thread(target=watch, daemon=True).start()
    _serve(host, inbox)
    host.finish_writing(_UNHURRIED_S)
    os._exit(0)


def _serve(host: Host, inbox: SimpleQueue[Frame | None]) -> None:
    """Do what comes, until nothing comes for too long or a None says to leave."""
    with contextlib.suppress(Empty):
        while (frame := inbox.get(timeout=host.idle_s)) is not None:
            host.run(frame)


def _private_stdout() -> IO[bytes]:
    """A stream only frames use; whatever C code prints to descriptor 1 joins the errors."""
    own = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(own, "wb")


def _listen(source: IO[bytes], host: Host, inbox: SimpleQueue[Frame | None]) -> None:
    while (frame := read_frame(source)) is not None:
        # A cancel must not wait behind the job it is meant for.
        if isinstance(frame, Cancel):
            host.cancel(frame.job)
        else:
            inbox.put(frame)
    host.finish_writing(_LAST_WRITE_S)
    os._exit(0)


def _leave_with_parent() -> None:
    # The pipe stays open when a grandchild of the parent inherited it.
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(_PARENT_POLL_S)
    os._exit(0)


if __name__ == "__main__":
    main()
