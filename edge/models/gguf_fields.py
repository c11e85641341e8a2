"""The fields a GGUF file begins with: its opening and its keys, each read under its own limit."""

from __future__ import annotations

from collections.abc import Mapping

from edge.core.say import say
from edge.models.gguf_reader import MAX_KEY_BYTES, Cursor, Items, Kind, Text, Value

_VERSIONS = (2, 3)
_MAX_KEYS = 4096
_MAX_ALIGNMENT = 65_536
_MAX_WORD_BYTES = 200  # of a name; decoded, the 4 MiB a text may have would take many times that


class Fields:
    """The metadata of one file; asking for a field checks its type and range."""

    def __init__(self, cursor: Cursor, values: Mapping[str, Value]) -> None:
        self.cursor = cursor
        self.values = values

    def word(self, key: str, default: str | None = None) -> str:
        """The first bytes of a text, decoded; no name we know is as long as that."""
        value = self.values.get(key, default)
        if isinstance(value, Text):
            return self.cursor.bytes_of(value, _MAX_WORD_BYTES).decode("utf-8", errors="replace")
        if not isinstance(value, str):
            self.cursor.refuse(say("{key} is missing or no text", key=key))
        return value

    def whole(self, key: str, most: int, default: int | None = None, least: int = 1) -> int:
        """A whole number from `least` to `most`."""
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int):
            self.cursor.refuse(say("{key} is missing or no whole number", key=key))
        if not least <= value <= most:
            self.cursor.refuse(
                say(
                    "{key} is {value}, not {least} to {most}",
                    key=key,
                    value=value,
                    least=least,
                    most=most,
                )
            )
        return value

    def items(self, key: str, kind: Kind) -> int:
        """How many items an array has."""
        value = self.values.get(key)
        if not isinstance(value, Items) or value.kind is not kind:
            self.cursor.refuse(
                say("{key} is missing or no array of {kind}", key=key, kind=kind.name)
            )
        return value.count


def read_opening(cursor: Cursor) -> tuple[int, int]:
    """The counts of tensors and keys."""
    if cursor.size_bytes == 0:
        cursor.refuse(say("it is empty"))
    magic = int(cursor.number(Kind.U32, say("the magic number"))).to_bytes(4, "little")
    if magic != b"GGUF":
        page = magic.lstrip()[:1] == b"<"
        cursor.refuse(
            say("it is a web page")
            if page
            else say("it begins with {magic!r}, not b'GGUF'", magic=magic)
        )
    version = int(cursor.number(Kind.U32, say("the version")))
    if version not in _VERSIONS:
        cursor.refuse(say("its version is {version}, not 2 or 3", version=version))
    return cursor.count(say("the tensor count")), cursor.count(say("the key count"))


def read_keys(cursor: Cursor, count: int) -> dict[str, Value]:
    """The keys and their values, each key once."""
    if count > _MAX_KEYS:
        cursor.refuse(
            say("the key count is {count}, more than {max_keys}", count=count, max_keys=_MAX_KEYS)
        )
    values: dict[str, Value] = {}
    for index in range(count):
        raw = cursor.bytes_of(
            cursor.text(say("key {index} of {count}", index=index, count=count), MAX_KEY_BYTES)
        )
        if not raw or not raw.isascii():
            cursor.refuse(
                say("key {index} of {count} is {raw!r}", index=index, count=count, raw=raw[:40])
            )
        key = raw.decode("ascii")
        if key in values:
            cursor.refuse(say("{key} is there twice", key=key))
        values[key] = cursor.value(
            int(cursor.number(Kind.U32, say("the type of {key}", key=key))), key
        )
    return values


def alignment_of(fields: Fields) -> int:
    """What the tensors are rounded up to, in bytes."""
    alignment = fields.whole("general.alignment", _MAX_ALIGNMENT, default=32)
    if alignment & (alignment - 1):
        fields.cursor.refuse(
            say("general.alignment is {alignment}, no power of two", alignment=alignment)
        )
    return alignment
