"""A cursor over the head of a GGUF file that cannot be made to read or loop without end.

Whatever counts and lengths a file claims, at most `MAX_HEADER_BYTES` are read and
`MAX_TEXTS` strings walked. Bytes are read, never mapped: a file that shrinks under
a map kills the process.
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import BinaryIO, NoReturn

from edge.core.errors import BadModelFile, UsageError
from edge.core.say import say
from edge.core.units import MIB, show_bytes

# The head of Qwen2.5 takes 6 MiB (152 thousand tokens, as many merges), that of Qwen3.5 some 10.
MAX_HEADER_BYTES = 64 * MIB
MAX_TEXT_BYTES = 4 * MIB
MAX_KEY_BYTES = 65535  # the format's own limit
MAX_TEXTS = 2_000_000
_CHUNK_BYTES = 1 * MIB
_MOST_SHOWN = 200  # characters of what an error quotes; a file can hold megabytes of them
_LENGTH = struct.Struct("<Q")
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class Kind(IntEnum):
    """The types a metadata value can have."""

    U8 = 0
    I8 = 1
    U16 = 2
    I16 = 3
    U32 = 4
    I32 = 5
    F32 = 6
    BOOL = 7
    TEXT = 8
    ARRAY = 9
    U64 = 10
    I64 = 11
    F64 = 12


_NUMBERS = {
    Kind.U8: struct.Struct("<B"),
    Kind.I8: struct.Struct("<b"),
    Kind.U16: struct.Struct("<H"),
    Kind.I16: struct.Struct("<h"),
    Kind.U32: struct.Struct("<I"),
    Kind.I32: struct.Struct("<i"),
    Kind.F32: struct.Struct("<f"),
    Kind.BOOL: struct.Struct("<?"),
    Kind.U64: struct.Struct("<Q"),
    Kind.I64: struct.Struct("<q"),
    Kind.F64: struct.Struct("<d"),
}


@dataclass(frozen=True, slots=True)
class Items:
    """An array whose items were stepped over: their type and how many there are."""

    kind: Kind
    count: int


@dataclass(frozen=True, slots=True)
class Text:
    """A string that was stepped over: where its bytes begin in the file, and how many."""

    at: int
    length: int


Value = int | float | bool | Text | Items


def printable(text: str) -> str:
    """The text without control characters, which could steer a terminal.

    >>> printable("a\\x1b[2Jb\\n")
    'a[2Jb'
    """
    return "".join(character for character in text if character.isprintable())


class Cursor:
    """Reads values one after another and names the field that is wrong."""

    def __init__(self, stream: BinaryIO, name: str, size_bytes: int) -> None:
        self._stream = stream
        self._name = name
        self._read = bytearray()
        self._texts_left = MAX_TEXTS
        self.size_bytes = size_bytes
        self.at = 0

    def refuse(self, what: str) -> NoReturn:
        """Raise BadModelFile about this file."""
        raise BadModelFile(
            say(
                "{name!r} is not a sound GGUF file: {what}",
                name=self._name,
                what=printable(_shortened(what)),
            ),
            hint=say("edge pull NAME fetches a file whose hash is known"),
        )

    def number(self, kind: Kind, field: str) -> int | float:
        """The next number."""
        layout = _NUMBERS[kind]
        at = self._step(layout.size, field)
        value: int | float = layout.unpack_from(self._read, at)[0]
        return value

    def count(self, field: str) -> int:
        """The next unsigned 64-bit number."""
        return int(self.number(Kind.U64, field))

    def text(self, field: str, most_bytes: int = MAX_TEXT_BYTES) -> Text:
        """The next string, stepped over."""
        length = self.count(field)
        if length > most_bytes:
            self.refuse(say("{field} claims to be {length} bytes long", field=field, length=length))
        return Text(self._step(length, field), length)

    def bytes_of(self, text: Text, most_bytes: int = MAX_TEXT_BYTES) -> bytes:
        """The first bytes of a string that was stepped over."""
        return bytes(self._read[text.at : text.at + min(text.length, most_bytes)])

    def value(self, kind_code: int, field: str) -> Value:
        """The next value of the given type; the items of an array are stepped over."""
        kind = self._kind(kind_code, field)
        if kind is Kind.TEXT:
            return self.text(field)
        if kind is Kind.ARRAY:
            return self._array(field)
        return self.number(kind, field)

    def _array(self, field: str) -> Items:
        kind = self._kind(int(self.number(Kind.U32, field)), field)
        count = self.count(field)
        if kind is Kind.ARRAY:
            self.refuse(say("{field} is an array of arrays", field=field))
        item_bytes = _LENGTH.size if kind is Kind.TEXT else _NUMBERS[kind].size
        if count > (self.size_bytes - self.at) // item_bytes:
            self.refuse(
                say(
                    "{field} claims {count} items, more than the file can hold",
                    field=field,
                    count=count,
                )
            )
        if kind is Kind.TEXT:
            self._step_texts(count, field)
        else:
            self._step(count * item_bytes, field)
        return Items(kind, count)

    def _step_texts(self, count: int, field: str) -> None:
        self._texts_left -= count
        if self._texts_left < 0:
            self.refuse(
                say("{field} brings the strings to more than {most}", field=field, most=MAX_TEXTS)
            )
        # The one hot loop: a third of a million turns for a Qwen vocabulary.
        read, at, unpack = self._read, self.at, _LENGTH.unpack_from
        for index in range(count):
            if at + 8 > len(read):
                self._fill(at + 8, field)
            length = unpack(read, at)[0]
            if length > MAX_TEXT_BYTES:
                self.refuse(
                    say(
                        "{field}[{index}] claims to be {length} bytes long",
                        field=field,
                        index=index,
                        length=length,
                    )
                )
            at += 8 + length
        self._fill(at, field)
        self.at = at

    def _kind(self, code: int, field: str) -> Kind:
        if code not in Kind._value2member_map_:
            self.refuse(say("{field} has the unknown type {code}", field=field, code=code))
        return Kind(code)

    def _step(self, length: int, field: str) -> int:
        """Move over `length` bytes and return where they begin."""
        at = self.at
        self._fill(at + length, field)
        self.at = at + length
        return at

    def _fill(self, upto: int, field: str) -> None:
        """Have the first `upto` bytes of the file at hand."""
        if upto > self.size_bytes:
            self.refuse(
                say(
                    "{field} runs past the end of the file ({size})",
                    field=field,
                    size=show_bytes(self.size_bytes),
                )
            )
        if upto > MAX_HEADER_BYTES:
            self.refuse(
                say(
                    "{field} makes the header longer than {most}",
                    field=field,
                    most=show_bytes(MAX_HEADER_BYTES),
                )
            )
        while len(self._read) < upto:
            chunk = self._stream.read(_CHUNK_BYTES)
            if not chunk:
                self.refuse(
                    say(
                        "{field} is cut off: the file became shorter while it was read", field=field
                    )
                )
            self._read += chunk


def _shortened(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"


@contextmanager
def open_cursor(path: Path) -> Iterator[Cursor]:
    """A cursor at the first byte of a regular file.

    Raises UsageError when there is none to open or reading fails, and
    BadModelFile for a folder, device or pipe, which could make us wait for ever.
    """
    try:
        with os.fdopen(_open_regular(path), "rb", buffering=0) as stream:
            yield Cursor(stream, path.name, os.fstat(stream.fileno()).st_size)
    except OSError as cause:
        raise UsageError(
            say("{path!r} cannot be read: {why}", path=str(path), why=cause.strerror),
            hint=f"ls -l {path.parent}",
        ) from cause


def _open_regular(path: Path) -> int:
    if "\0" in str(path):
        raise UsageError(
            say("{path!r} is not a file name", path=str(path)), hint="edge import FILE.gguf"
        )
    # Opening some devices has effects, so look first; not waiting matters when
    # the file is swapped for a pipe after that look, hence the second one.
    _refuse_irregular(path, os.stat(path))
    descriptor = os.open(path, _OPEN_FLAGS)
    try:
        _refuse_irregular(path, os.fstat(descriptor))
    except BadModelFile:
        os.close(descriptor)
        raise
    return descriptor


def _refuse_irregular(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise BadModelFile(
            say("{path!r} is not a regular file", path=str(path)),
            hint=say("give the .gguf file itself, not a folder, pipe or device"),
        )
