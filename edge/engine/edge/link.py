"""The way from the parent to a host: a child process, or a thread of this one."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Protocol

from edge.core.errors import DoesNotFit, EdgeError, EngineDied
from edge.core.say import say, spoken
from edge.engine.edge.frames import Cancel, Frame, read_frame, write_frame
from edge.engine.edge.shortage import left_for_want_of_memory
from edge.settings.catalogs import VARIABLE

_PACKAGE_ROOT = str(Path(__file__).parents[3])
# `-P` keeps the current folder off the import path: nothing beside the user's files is run.
WORKER_COMMAND = (sys.executable, "-P", "-m", "edge.engine.edge.worker")
_FAREWELL_S = 1.0
# What a child needs to start and to speak the user's language; no key, token or proxy passes.
_ENVIRONMENT = (
    "PATH", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "VIRTUAL_ENV",
    "SYSTEMROOT", "TEMP", "TMP", "TMPDIR",
)  # fmt: skip


class LinkLost(Exception):
    """The host is gone or silent; the message says how it ended.

    `in_order` when it left by itself, having nothing to do or no memory to do it in.
    """

    def __init__(self, message: str, *, in_order: bool = False) -> None:
        super().__init__(message)
        self.in_order = in_order

    def as_error(self) -> EdgeError:
        """What to say of a host that cannot be replaced once more."""
        if self.in_order:  # for one reason alone does a worker leave that has just begun
            return left_for_want_of_memory()
        return EngineDied(
            say("the engine's process ended ({how})", how=self),
            kept=say("the conversation and what was shown of the reply are kept"),
            hint=say("edge verify, a smaller --ctx, or a smaller model from: edge models"),
        )


class Link(Protocol):
    """Frames to a host and back; one receiver, any number of senders."""

    @property
    def alive(self) -> bool:
        """Whether the host has not ended, as far as one can see without waiting."""
        ...

    def send(self, frame: Frame) -> None:
        """Pass a frame on, without waiting; whether the host is gone is for `receive` to say."""
        ...

    def receive(self, patience_s: float) -> Frame:
        """The next frame; raises LinkLost when the host is gone or silent for `patience_s`."""
        ...

    def heard(self) -> Iterator[Frame]:
        """The frames that are here already, without waiting."""
        ...

    def kill(self) -> None:
        """End the host at once."""
        ...

    def close(self) -> None:
        """Let the host end, and see that it does."""
        ...


class ProcessLink:
    """A worker process of its own: its abort, its memory and its end are not ours."""

    def __init__(self, command: Sequence[str] = WORKER_COMMAND) -> None:
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        path = [_PACKAGE_ROOT, os.environ.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(entry for entry in path if entry)
        environment[VARIABLE] = spoken()
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
                # Ctrl-C in a terminal reaches the whole group; the worker hears it from us.
                start_new_session=True,
            )
        except OSError as cause:  # no memory, or no process to be had
            raise DoesNotFit(
                say("the engine's process cannot be started: {why}", why=cause.strerror),
                kept=say("the prompt is kept"),
                hint=say("close other programs, then send the prompt again"),
            ) from cause
        self._inbox: SimpleQueue[Frame | None] = SimpleQueue()
        self._last_words: deque[bytes] = deque(maxlen=5)
        self._outbox: SimpleQueue[Frame | None] = SimpleQueue()
        for target in (self._listen, self._overhear, self._speak):
            threading.Thread(target=target, daemon=True).start()

    @property
    def alive(self) -> bool:
        """Whether the worker runs."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """The worker's process id."""
        return self._process.pid

    def send(self, frame: Frame) -> None:
        """Pass a frame on; a worker that does not read its pipe keeps nobody waiting here."""
        self._outbox.put(frame)

    def receive(self, patience_s: float) -> Frame:
        """The next frame, or LinkLost."""
        try:
            frame = self._inbox.get(timeout=patience_s)
        except Empty:
            self.kill()
            raise LinkLost(say("no progress for {seconds:g} s", seconds=patience_s)) from None
        if frame is None:
            epitaph = self._epitaph()
            raise LinkLost(epitaph, in_order=self._process.returncode == 0)
        return frame

    def heard(self) -> Iterator[Frame]:
        """The frames that are here already."""
        return _heard(self._inbox)

    def kill(self) -> None:
        """End the worker at once."""
        self._process.kill()

    def close(self) -> None:
        """Close the pipe; the worker leaves by itself, or is made to."""
        self._outbox.put(None)
        try:
            self._process.wait(_FAREWELL_S)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()

    def _speak(self) -> None:
        assert self._process.stdin is not None
        # A dead worker's pipe fails on the write or on the flush at the end.
        with contextlib.suppress(OSError), self._process.stdin as stream:
            while (frame := self._outbox.get()) is not None:
                write_frame(stream, frame)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        try:
            with self._process.stdout as stream:
                while (frame := read_frame(stream)) is not None:
                    self._inbox.put(frame)
        finally:
            self._inbox.put(None)

    def _overhear(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as stream:
            self._last_words.extend(stream)

    def _epitaph(self) -> str:
        try:
            code = self._process.wait(_FAREWELL_S)
        except subprocess.TimeoutExpired:
            return say("it closed its pipe")
        how = say("signal {n}", n=-code) if code < 0 else say("exit code {code}", code=code)
        words = self._last_words[-1].decode("utf-8", "replace").strip() if self._last_words else ""
        return f"{how}: {words[:200]}" if words else how


class ThreadLink:
    """A host in a thread of this process, for phones, notebooks and tests.

    A native fault takes the program with it, and a hung host cannot be killed.
    """

    def __init__(self) -> None:
        from edge.engine.edge.host import Host

        self._inbox: SimpleQueue[Frame | None] = SimpleQueue()
        self._outbox: SimpleQueue[Frame | None] = SimpleQueue()
        self._host = Host(self._inbox.put, isolated=False)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether its thread runs."""
        return self._thread.is_alive()

    def send(self, frame: Frame) -> None:
        """Pass a frame on; a cancel overtakes."""
        if isinstance(frame, Cancel):
            self._host.cancel(frame.job)
        else:
            self._outbox.put(frame)

    def receive(self, patience_s: float) -> Frame:
        """The next frame, or LinkLost."""
        try:
            frame = self._inbox.get(timeout=patience_s)
        except Empty:
            raise LinkLost(say("no progress for {seconds:g} s", seconds=patience_s)) from None
        if frame is None:
            raise LinkLost(say("its thread ended"))
        return frame

    def heard(self) -> Iterator[Frame]:
        """The frames that are here already."""
        return _heard(self._inbox)

    def kill(self) -> None:
        """A thread cannot be killed; what it writes is ended."""
        self._host.stop()

    def close(self) -> None:
        """Let the host give its memory back; one that hangs is left behind."""
        self._host.stop()
        self._outbox.put(None)
        self._thread.join(_FAREWELL_S)

    def _serve(self) -> None:
        try:
            while (frame := self._outbox.get()) is not None:
                self._host.run(frame)
            self._host.close()
        finally:
            self._inbox.put(None)


def _heard(inbox: SimpleQueue[Frame | None]) -> Iterator[Frame]:
    with suppress(Empty):
        while (frame := inbox.get_nowait()) is not None:
            yield frame
        inbox.put(None)  # the end is for `receive` to tell
