"""Asks a terminal how wide it shows a text: written, and the cursor asked where it then is."""

from __future__ import annotations

import os
import re
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

_ASK = "\x1b[6n"  # "device status report": answered with row and column
_ANSWER = re.compile(rb"\x1b\[\d+;(\d+)R")
_PATIENCE_S = 1.0  # over a slow line; an answer that comes later would be taken for typing


def columns_shown(text: str, stdin: TextIO, stdout: TextIO) -> int | None:
    """The columns a terminal gives a text; None where it does not say. Leaves an empty line.

    What is typed meanwhile is lost.
    """
    if os.name == "nt":
        return None
    with _unechoed(stdin):
        try:
            stdout.write(f"\r{text}{_ASK}")
            stdout.flush()
            column = _answered(stdin.fileno())
        finally:
            stdout.write("\r\x1b[K")
            stdout.flush()
    return None if column is None else column - 1


def _answered(descriptor: int) -> int | None:
    came, end_s = b"", time.monotonic() + _PATIENCE_S
    while (left_s := end_s - time.monotonic()) > 0:
        if not select.select([descriptor], [], [], left_s)[0]:
            return None
        piece = os.read(descriptor, 64)
        came += piece
        if found := _ANSWER.search(came):
            return int(found[1])
        if not piece:
            return None
    return None


@contextmanager
def _unechoed(stdin: TextIO) -> Iterator[None]:
    """Keys arrive at once and are not shown meanwhile; Ctrl-C still ends the program."""
    import termios
    import tty

    before = termios.tcgetattr(stdin)
    try:
        tty.setcbreak(stdin)
        yield
    finally:
        termios.tcsetattr(stdin, termios.TCSADRAIN, before)
