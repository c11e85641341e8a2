"""Asks a person before something leaves the machine. Whatever is not a yes is a no."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from edge.cli.talk.front import Front, Ordinary
from edge.cli.words import cloud_chat as words

if TYPE_CHECKING:
    from edge.chat.in_cloud import Offer
    from edge.chat.session import Session
    from edge.cli.page.writer import Writer

_YES = frozenset({"y", "yes"})
_SHOW = frozenset({"v", "view"})


class Consent:
    """Asks about an offer at the terminal; where nobody can be asked the answer is no.

    With `in_full` every word is shown before the question, else on demand. Any thread
    may ask where `front` lets it.
    """

    def __init__(
        self, writer: Writer, front: Front | None = None, *, in_full: bool = False
    ) -> None:
        self._writer = writer
        self._front = front or Ordinary(writer)
        self._in_full = in_full

    def __call__(self, offer: Offer) -> bool:
        """Whether a person says yes to sending this."""
        if not self._front.attended:
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
        """What is typed next, in small letters."""
        return self._front.answer(question).strip().lower()


@contextmanager
def asked_by(session: Session, consent: Consent) -> Iterator[None]:
    """Within, it is this consent that is asked before something is sent."""
    usual, session.consent = session.consent, consent
    try:
        yield
    finally:
        session.consent = usual
