"""Where a chat's lines come from: a person at a terminal, or a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Protocol, TextIO

from edge.cli.page.escape import safe
from edge.cli.page.streams import is_terminal
from edge.cli.talk.piped import decode, taken
from edge.cli.words import stage as words

MARK = "> "


class Lines(Protocol):
    """Lines of a chat, one at a time."""

    def read(self, default: str = "") -> str | None:
        """The next line, None at the end; `default` stands there to be changed, where it can.

        Raises KeyboardInterrupt for Ctrl-C where nothing was typed, and
        UsageError for a line that is no text.
        """
        ...

    def edit(self, text: str) -> str | None:
        """This text as it is wanted now; None where it stays as it is.

        Raises NoEditor where none can be run, UsageError where one failed.
        """
        ...


class Stream:
    """Lines as the system reads them; a person sees the mark on standard error."""

    def __init__(self, stdin: TextIO | None, err: TextIO | None) -> None:
        self._stdin = stdin
        self._err = err if is_terminal(stdin) else None

    def read(self, default: str = "") -> str | None:
        """The next line, without its newline; a `default` stands above it."""
        if default:
            self._tell(f"{safe(words.it_was(default))}\n")
        self._tell(MARK)
        try:
            raw = taken(self._stdin.buffer.readline) if self._stdin is not None else b""
        except KeyboardInterrupt:
            self._tell("\n")
            raise
        if not raw:
            self._tell("\n")
            return None
        return decode(raw).rstrip("\r\n")

    def edit(self, text: str) -> str | None:
        """In a person's editor; over a pipe the next line is what is wanted."""
        if self._err is None:
            return self.read()
        from edge.cli.editor import edit

        return edit(text, ".md", os.environ)

    def _tell(self, text: str) -> None:
        if self._err is not None:
            self._err.write(text)
            self._err.flush()


def has_stage(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether standard input and output are a terminal on which a line can be redrawn."""
    at_terminal = is_terminal(sys.stdin) and is_terminal(sys.stdout)
    # A dumb terminal edits lines as well as anything could there.
    return at_terminal and environ.get("TERM") != "dumb"
