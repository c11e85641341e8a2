"""Every form a text can travel in, so that it is found wherever it went."""

from __future__ import annotations

import base64
import gzip
import json
import secrets
import zlib
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import quote, quote_plus


def canary() -> str:
    """A text that is nowhere else: 160 random bits, between words in two languages."""
    return f"日记{secrets.token_hex(20)}diary"


def forms(text: str) -> frozenset[bytes]:
    """The text as it is and as encoders would write it; enough of each to be this text alone."""
    plain = text.encode()
    found = {plain, plain[::-1], plain.hex().encode(), plain.hex().upper().encode()}
    found |= {json.dumps(text)[1:-1].encode(), text.encode("utf-16-le"), text.encode("utf-16-be")}
    found |= {quote(text).encode(), quote_plus(text).encode(), quote(text, safe="").encode()}
    # The middle alone, too: a letter less at either end is as bad.
    middle = text[len("日记") : -len("diary")].encode()
    found |= {middle, middle[::-1], middle.hex().encode()}
    for encode in (base64.b64encode, base64.urlsafe_b64encode, base64.b32encode):
        found |= set(_at_every_offset(middle, encode))
    return frozenset(found)


def _at_every_offset(data: bytes, encode) -> Iterator[bytes]:  # type: ignore[no-untyped-def]
    """What is surely in the code, wherever in a longer text the data stands."""
    for offset in range(5):
        code = encode(b"\0" * offset + data).rstrip(b"=")
        yield code[8:-8]  # the ends depend on the neighbours


def holds(data: bytes, text: str) -> bool:
    """Whether the text is in these bytes, in any form, or in what is compressed within them."""
    sought = forms(text)
    return any(form in each for each in _unpacked(bytes(data)) for form in sought)


def _unpacked(data: bytes) -> Iterator[bytes]:
    yield data
    for mark, unpack in ((b"\x1f\x8b", gzip.decompress), (b"\x78", zlib.decompress)):
        at = data.find(mark)
        while at >= 0:
            with suppress(OSError, EOFError, zlib.error):
                yield unpack(data[at:])
            at = data.find(mark, at + 1)
