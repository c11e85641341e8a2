"""Where a chat's lines come from: a person at a terminal, or a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, TextIO

from edge.cli.page.writer import is_terminal
from edge.cli.talk.piped import decode, taken

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession

MARK = "> "


class Lines(Protocol):
    """Lines of a chat, one at a time."""

    def read(self) -> str | None:
        """The next line, None at the end.

        Raises KeyboardInterrupt for Ctrl-C where nothing was typed, and
        UsageError for a line that is no text.
        """
        ...


class Terminal:
    """A person's lines, edited with prompt_toolkit; what is typed is remembered in memory alone."""

    def __init__(self) -> None:
        # Asking the terminal where its cursor is earns one line nothing, and a warning
        # where the terminal does not answer.
        os.environ.setdefault("PROMPT_TOOLKIT_NO_CPR", "1")
        from prompt_toolkit import PromptSession

        self._session: PromptSession[str] = PromptSession()

    def read(self) -> str | None:
        """The next line; Ctrl-C clears a line that was begun."""
        try:
            return self._session.prompt(MARK)
        except EOFError:
            return None
        except KeyboardInterrupt:
            if self._session.default_buffer.text:
                return ""
            raise


class Stream:
    """Lines as the system reads them; a person sees the mark on standard error."""

    def __init__(self, stdin: TextIO | None, err: TextIO | None) -> None:
        self._stdin = stdin
        self._err = err if is_terminal(stdin) else None

    def read(self) -> str | None:
        """The next line, without its newline."""
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

    def _tell(self, text: str) -> None:
        if self._err is not None:
            self._err.write(text)
            self._err.flush()


def standard_lines(environ: Mapping[str, str] = os.environ) -> Lines:
    """The lines of this process's standard input."""
    at_terminal = is_terminal(sys.stdin) and is_terminal(sys.stdout)
    # A dumb terminal edits lines as well as anything could there.
    edits = at_terminal and environ.get("TERM") != "dumb"
    return Terminal() if edits else Stream(sys.stdin, sys.stderr)
