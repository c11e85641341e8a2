"""The prompt, from the command line and from standard input, checked to be text."""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from typing import TextIO

from edge.cli.page.streams import is_terminal
from edge.cli.words import files
from edge.cli.words import piped as words
from edge.core.errors import UsageError
from edge.core.units import MIB

# No context holds this much; reading on would only fill the memory.
LIMIT_BYTES = 64 * MIB
_BYTE_ORDER_MARK = "\ufeff"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def gather(args: Sequence[str], stdin: TextIO | None, hint: str = "") -> str:
    """The prompt: the words, a blank line, and what was piped in.

    "-" alone means standard input, also from a keyboard. Raises UsageError when
    there is nothing, with that hint, or bytes that are no text; ContextFull past 64 MiB.
    """
    alone = list(args) == ["-"]
    typed = "" if alone else text(" ".join(args), files.the_prompt())
    piped = "" if stdin is None or (is_terminal(stdin) and not alone) else read(stdin)
    prompt = "\n\n".join(part for part in (typed, piped) if part.strip())
    if not prompt:
        said = words.empty_prompt() if args else words.no_prompt()
        raise UsageError(said, hint=hint or words.how_to_ask())
    return prompt


def text(said: str, what: str) -> str:
    """The words themselves; raises UsageError when they hold what is not Unicode text."""
    try:
        said.encode()
    except UnicodeEncodeError as cause:
        raise UsageError(words.not_unicode(what, cause.start)) from cause
    return said


def read(stdin: TextIO) -> str:
    """All of standard input, without the newlines at its end."""
    raw = taken(lambda: stdin.buffer.read(LIMIT_BYTES + 1))
    if len(raw) > LIMIT_BYTES:
        raise files.more_than_a_context(files.standard_input(), LIMIT_BYTES)
    return decode(raw).rstrip("\r\n")


def taken(read: Callable[[], bytes]) -> bytes:
    """The bytes of a standard input; none where it can only be written to, as under nohup."""
    try:
        return read()
    except OSError as cause:
        if cause.errno != errno.EBADF:
            raise
        return b""


def decode(raw: bytes, name: str = "") -> str:
    """Bytes as text; raises UsageError naming the position of what is none.

    `name` says whose they are, if not standard input's. NUL is refused: text holds
    none, so it means that a binary file was given.
    """
    name = name or files.standard_input()
    if raw.startswith(_UTF16_MARKS):
        raise files.utf16(name)
    if (nul := raw.find(b"\0")) >= 0:
        raise files.holds_nul(name, nul, _line(raw, nul))
    try:
        return raw.decode("utf-8").removeprefix(_BYTE_ORDER_MARK)
    except UnicodeDecodeError as cause:
        at = cause.start
        raise files.not_utf8(name, raw[at], at, _line(raw, at)) from cause


def _line(raw: bytes, position: int) -> int:
    return raw.count(b"\n", 0, position) + 1
