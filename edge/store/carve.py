"""Rows read from the pages of an SQLite file, without its tree, its schema or SQLite (pure).

Every leaf of a table is read where it lies, so one damaged page takes no other with it.
What the rows are of is not known here: see edge.store.wreck.
Format: https://www.sqlite.org/fileformat2.html, sections 1.6 (pages) and 2.1 (records).
"""

from __future__ import annotations

from collections.abc import Iterator
from mmap import mmap

Value = int | float | str | bytes | None
Row = tuple[int, tuple[Value, ...]]  # its rowid and its values

_HEADER_BYTES = 100
_PAGE_BYTES = 4096  # what SQLite takes unless told
_LEAF_OF_A_TABLE = 0x0D
_INTEGER_BYTES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_MOST_PAYLOAD_BYTES = 2**30
_MOST_COLUMNS = 32


def rows(content: bytes | mmap) -> Iterator[Row]:
    """Every row that can be read, in the order of the pages; damaged ones are passed over."""
    size = _page_bytes(content)
    for start in range(0, len(content), size):
        header = start + (_HEADER_BYTES if start == 0 else 0)
        if content[header : header + 1] != bytes([_LEAF_OF_A_TABLE]):
            continue
        n_cells = int.from_bytes(content[header + 3 : header + 5], "big")
        for cell in range(min(n_cells, size // 4)):
            at = header + 8 + 2 * cell
            offset = int.from_bytes(content[at : at + 2], "big")
            try:
                yield _row(content, start + offset, size)
            except (ValueError, IndexError, OverflowError):
                continue


def _page_bytes(content: bytes | mmap) -> int:
    size = int.from_bytes(content[16:18], "big")
    size = 65536 if size == 1 else size
    return size if 512 <= size <= 65536 and size & (size - 1) == 0 else _PAGE_BYTES


def _row(content: bytes | mmap, at: int, size: int) -> Row:
    length, at = _varint(content, at)
    rowid, at = _varint(content, at)
    if not 0 < length < _MOST_PAYLOAD_BYTES:
        raise ValueError("no row is that long")
    return rowid, _record(_payload(content, at, length, size))


def _payload(content: bytes | mmap, at: int, length: int, size: int) -> bytes:
    """The bytes of a row: some beside its key, the rest along a chain of pages of its own."""
    most_local = size - 35
    if length <= most_local:
        return content[at : at + length]
    least_local = (size - 12) * 32 // 255 - 23
    local = least_local + (length - least_local) % (size - 4)
    local = local if local <= most_local else least_local
    parts, left = [content[at : at + local]], length - local
    page = int.from_bytes(content[at + local : at + local + 4], "big")
    while left > 0:
        start = (page - 1) * size
        if page < 2 or start + size > len(content):
            raise ValueError("a page of the row is not there")
        parts.append(content[start + 4 : start + min(size, 4 + left)])
        left -= size - 4
        page = int.from_bytes(content[start : start + 4], "big")
    return b"".join(parts)


def _record(payload: bytes) -> tuple[Value, ...]:
    header_length, at = _varint(payload, 0)
    kinds: list[int] = []
    while at < header_length and len(kinds) <= _MOST_COLUMNS:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    values: list[Value] = []
    at = header_length
    for kind in kinds:
        value, at = _value(payload, at, kind)
        values.append(value)
    if at != len(payload):
        raise ValueError("the row is not as long as it says")
    return tuple(values)


def _value(payload: bytes, at: int, kind: int) -> tuple[Value, int]:
    if kind == 0:
        return None, at
    if kind in (8, 9):
        return kind - 8, at
    if kind in _INTEGER_BYTES:
        end = at + _INTEGER_BYTES[kind]
        return int.from_bytes(payload[at:end], "big", signed=True), end
    if kind >= 12:
        end = at + (kind - 12) // 2
        # Where bytes are damaged the text is not the one that was written, and its
        # check tells; the rest of the row is still worth reading.
        part = payload[at:end]
        return (part.decode(errors="replace") if kind % 2 else part), end
    raise ValueError(f"no column of ours is of kind {kind}")


def _varint(content: bytes | mmap, at: int) -> tuple[int, int]:
    value = 0
    for n in range(8):
        byte = content[at + n]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + n + 1
    return value << 8 | content[at + 8], at + 9  # negative ones, which no row of ours has
