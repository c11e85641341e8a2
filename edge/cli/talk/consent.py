"""Asks a person before something leaves the machine. Whatever is not a yes is a no."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from edge.cli.progress import can_ask
from edge.cli.words import cloud_chat as words

if TYPE_CHECKING:
    from edge.chat.in_cloud import Offer
    from edge.chat.session import Session
    from edge.cli.page.writer import Writer

_YES = frozenset({"y", "yes"})
_SHOW = frozenset({"v", "view"})


class Consent:
    """Asks about an offer at the terminal; where nobody can be asked the answer is no.

    With `in_full` every word is shown before the question, else on demand.
    """

    def __init__(self, writer: Writer, *, in_full: bool = False) -> None:
        self._writer = writer
        self._in_full = in_full

    def __call__(self, offer: Offer) -> bool:
        """Whether a person says yes to sending this."""
        if not can_ask():
            self._writer.note(words.nobody_to_ask())
            return False
        self._writer.note(words.would_send(offer.host, offer.model, offer.messages, offer.most))
        agreed = self._agrees(offer)
        if not agreed:
            self._writer.note(words.not_sent())
        return agreed

    def _agrees(self, offer: Offer) -> bool:
        seen = self._in_full
        if seen:
            self._writer.note(words.in_full(offer.messages))
        while (said := self._answer(words.send_it(seen=seen))) in _SHOW:
            seen = True
            self._writer.note(words.in_full(offer.messages))
        return said in _YES

    def _answer(self, question: str) -> str:
        """What is typed next, in small letters; nothing at Ctrl-C and Ctrl-D."""
        _forget_what_was_typed()
        try:
            with _interrupted_at_once():  # from the moment the question can be read
                self._writer.ask(question)
                line = sys.stdin.buffer.readline().decode(errors="replace")
        except KeyboardInterrupt:
            line = ""
        if not line.endswith("\n"):
            self._writer.ask("\n")
        return line.strip().lower()


@contextmanager
def asked_by(session: Session, consent: Consent) -> Iterator[None]:
    """Within, it is this consent that is asked before something is sent."""
    usual, session.consent = session.consent, consent
    try:
        yield
    finally:
        session.consent = usual


def _forget_what_was_typed() -> None:
    """Keys pressed before the question was seen, as of a text pasted in lines, answer nothing."""
    with suppress(ImportError, OSError, ValueError):
        import termios

        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


@contextmanager
def _interrupted_at_once() -> Iterator[None]:
    """Within, Ctrl-C raises, also in a reply, where else it would stop what is written."""
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
