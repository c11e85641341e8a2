"""Long replies deflated (pure): with the index of their words they take less than their text."""

from __future__ import annotations

import zlib

from edge.core.say import say

# Below this the gain is less than what the row and its page take anyway.
_SHORTEST_PACKED_BYTES = 200


def packed(text: str) -> bytes | None:
    """A text deflated; None where that saves nothing.

    Raises UnicodeEncodeError for half a character.
    """
    plain = text.encode()
    if len(plain) < _SHORTEST_PACKED_BYTES:
        return None
    deflated = zlib.compress(plain)
    return deflated if len(deflated) < len(plain) else None


def unpacked(deflated: bytes) -> str:
    """The text that was packed; raises ValueError when it is not whole."""
    try:
        return zlib.decompress(deflated).decode()
    except zlib.error as cause:
        raise ValueError(say("a packed text is damaged: {cause}", cause=cause)) from cause
