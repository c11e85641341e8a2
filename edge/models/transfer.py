"""The ranged transfer: from one address into a part, resumed after every cut while bytes come."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from edge.core.errors import IntegrityError, NetworkError
from edge.core.say import noted, say, say_noted
from edge.core.units import MIB, show_bytes
from edge.models.part import Part
from edge.models.sources import Address, Cut, Patience, Unreachable
from edge.models.wire import Answer, Wire

OnProgress = Callable[[int, int, str], None]
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_REFUSALS = {
    401: noted("asks for a login"),
    403: noted("refuses access"),
    404: noted("has no such file"),
    410: noted("no longer has the file"),
    429: noted("asks to come back later"),
}


@dataclass(frozen=True, slots=True)
class Transfer:
    """Fetches over HTTP. `on_progress` hears bytes done, bytes in all and the source's name."""

    wire: Wire
    patience: Patience
    on_progress: OnProgress

    def fetch(self, address: Address, part: Part) -> None:
        """Complete the part from this address; whose bytes they are is for the hash to say.

        Raises NetworkError or IntegrityError when the source is of no use, and
        DiskFull; the bytes that came are kept.
        """
        start = furthest = part.done_bytes
        idle_tries = 0
        while not part.complete:
            try:
                self._try_once(address, part)
            except Cut as cut:
                if isinstance(cut, Unreachable) and furthest == start == part.done_bytes:
                    raise
                # A cut after real progress is the line's fault and costs no try.
                worth = min(MIB, part.size_bytes // 100 + 1)
                idle_tries = 0 if part.done_bytes >= furthest + worth else idle_tries + 1
                furthest = max(furthest, part.done_bytes)
                if idle_tries >= self.patience.tries:
                    raise
                time.sleep(self.patience.pause_s * idle_tries)

    def _try_once(self, address: Address, part: Part) -> None:
        with self.wire.ask("GET", address, _range_headers(address, part)) as answer:
            _check_answer(answer, part)
            first = next(answer.pieces, b"")
            _check_opening(first, answer)
            _check_extent(answer, part)
            self._place(answer, address, part)
            self._keep(first, address, part)
            for piece in answer.pieces:
                self._keep(piece, address, part)
        if not part.complete:
            raise Cut(
                say(
                    "ended after {done_bytes} of {size_bytes} bytes",
                    done_bytes=part.done_bytes,
                    size_bytes=part.size_bytes,
                )
            )

    def _place(self, answer: Answer, address: Address, part: Part) -> None:
        """See that what follows belongs at the end of the part; start over where it does not."""
        etag, before = answer.headers.get("etag"), part.noted(address.url)
        if answer.status == 200 and part.done_bytes:
            part.restart()  # the whole file again: no ranges here, or the file changed
        elif answer.status == 206 and before and etag and etag != before:
            part.restart()
            raise Cut(say("the file there changed"))
        if etag:
            part.note(address.url, etag)

    def _keep(self, piece: bytes, address: Address, part: Part) -> None:
        part.append(piece)
        self.on_progress(part.done_bytes, part.size_bytes, address.name)


def _range_headers(address: Address, part: Part) -> dict[str, str]:
    if not part.done_bytes:
        return {}
    headers = {"Range": f"bytes={part.done_bytes}-"}
    etag = part.noted(address.url)
    # A weak tag promises the same meaning, not the same bytes: not allowed in If-Range.
    if etag and not etag.startswith("W/"):
        headers["If-Range"] = etag
    return headers


def _check_answer(answer: Answer, part: Part) -> None:
    """Raise unless this answer can be the file, or the rest of it."""
    headers = answer.headers
    if answer.status == 416:
        part.restart()
        raise Cut(say("does not have the rest of the file"))
    if answer.status >= 500:
        raise Cut(say("is in trouble (HTTP {status})", status=answer.status))
    if answer.status not in (200, 206):
        what = say_noted(_REFUSALS.get(answer.status, noted("gave no file")))
        raise NetworkError(say("{what} (HTTP {status})", what=what, status=answer.status))
    if "text/html" in headers.get("content-type", "").lower():
        raise NetworkError(say("got a web page, not a model"))
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise NetworkError(
            say(
                "sends it packed ({encoding}), which was not asked",
                encoding=headers["content-encoding"],
            )
        )


def _check_extent(answer: Answer, part: Part) -> None:
    """Raise unless the bytes announced are the ones still missing."""
    if answer.status == 206:
        found = _RANGE.fullmatch(answer.headers.get("content-range", ""))
        if found is None or int(found[1]) != part.done_bytes:
            part.restart()
            raise Cut(say("sent another range than the one asked for"))
        offered = found[3]
    else:
        offered = answer.headers.get("content-length", "")
    # "0" is told apart later, as an empty answer; "*" and "" promise nothing.
    if offered.isdecimal() and int(offered) not in (0, part.size_bytes):
        raise _wrong_size(int(offered), part)


def _wrong_size(offered_bytes: int, part: Part) -> IntegrityError:
    return IntegrityError(
        say(
            "offers a file of {offered_bytes} bytes; the model has {size_bytes} ({size})",
            offered_bytes=offered_bytes,
            size_bytes=part.size_bytes,
            size=show_bytes(part.size_bytes),
        )
    )


def _check_opening(first: bytes, answer: Answer) -> None:
    """Raise for an answer that opens like a page, whatever its header says, or says nothing."""
    if not first:
        raise NetworkError(say("empty answer"))
    whole = answer.status == 200
    if whole and first.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise NetworkError(say("got a web page, not a model"))
