"""The child process: frames in on standard input, frames out on standard output.

It ends when its parent does: the pipe closes, or the parent's process id changes.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import IO, TYPE_CHECKING

from edge.engine.edge.frames import Cancel, Frame, read_frame, write_frame
from edge.engine.edge.isolation import forbid_core_dumps, leave_network

if TYPE_CHECKING:
    from edge.engine.edge.host import Host

_PARENT_POLL_S = 0.5
_LAST_WRITE_S = 0.8  # a worker is gone a second after its parent


def main(before_emit: Callable[[Frame], None] = lambda _: None) -> None:
    """Serve the parent until it closes the pipe. `before_emit` sees each frame first."""
    isolated = leave_network()
    forbid_core_dumps()
    source, sink = sys.stdin.buffer, _private_stdout()

    from edge.engine.edge.host import Host  # the library loads inside the empty network

    def emit(frame: Frame) -> None:
        before_emit(frame)
        write_frame(sink, frame)

    host = Host(emit, isolated=isolated)
    inbox: SimpleQueue[Frame] = SimpleQueue()
    for target in (lambda: _listen(source, host, inbox), _leave_with_parent):
        threading.Thread(target=target, daemon=True).start()
    while True:
        host.run(inbox.get())


def _private_stdout() -> IO[bytes]:
    """A stream only frames use; whatever C code prints to descriptor 1 joins the errors."""
    own = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(own, "wb")


def _listen(source: IO[bytes], host: Host, inbox: SimpleQueue[Frame]) -> None:
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
