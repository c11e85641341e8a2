"""Sixty-four people ask at once, and one cap holds them all."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pytest

from cloud_server import Script, cut, error, reply
from cloudy import Sky, answer_of, cloudy, yuan
from edge.chat.answering import Wishes
from edge.chat.session import Session
from edge.core.cloud import Cap, CloudMode, Scope
from edge.core.decision import Target
from edge.engine.scripted import ScriptedEngine
from edge.store.sent import SendBook

WORDS = "These are the words, whoever says them."
# Tokens read and written: all that was set aside for a first prompt, of five bytes and a frame.
USED = (5 + 16, 16)
BILLED = Decimal(21 * 1 + 16 * 4) / 1_000_000  # of a yuan, at the prices of these tests
N_AT_ONCE = 64
CAMPAIGN = pytest.param(20, marks=[pytest.mark.campaign, pytest.mark.timeout(3600)])


@dataclass(frozen=True, slots=True)
class Spree:
    """What came of many talks at once; amounts in yuan."""

    cap: Decimal
    spent: Decimal  # or set aside
    set_aside: Decimal  # by every send, as it was written down
    n_requests: int
    last_words: Counter[Target]


def spend(home: Path, script: Script, n_turns: int) -> Spree:
    """Talks of so many turns under a cap with room for half of what they would be billed."""
    cap = BILLED * N_AT_ONCE * n_turns / 2
    caps = (Cap(Scope.MONTH, yuan(str(cap))),)
    at_once = threading.Barrier(N_AT_ONCE)
    asks = {"mode": CloudMode.ASK, "wishes": Wishes(max_tokens=16)}
    with cloudy(home, script, caps=caps, **asks) as sky:
        with ThreadPoolExecutor(N_AT_ONCE) as people:
            talks = list(people.map(lambda _: talk(sky, n_turns, at_once), range(N_AT_ONCE)))
        left = sky.ledger.left(caps, "CNY", None)
        sends = SendBook(sky.database).sends(10**6)
        assert left is not None
        return Spree(
            cap,
            cap - left.amount,
            sum((send.sent.most.amount for send in sends), Decimal(0)),
            len(sky.server.requests),
            Counter(target for targets in talks for target in targets),
        )


def talk(sky: Sky, n_turns: int, at_once: threading.Barrier) -> list[Target]:
    """Somebody's talk, on a device of their own; who had the last word in each turn.

    All decide on their first turn before anybody has spent a thing, and say yes at once.
    """
    usual = sky.session
    answering = replace(usual.answering, engine=ScriptedEngine([WORDS] * 2 * n_turns))
    session = Session(answering, usual.conversations, routes=usual.routes)
    session.consent = lambda _: bool(session.turns) or at_once.wait(60) >= 0
    try:
        for _ in range(n_turns):
            assert answer_of(session.send("hello")) == WORDS
        return [turn.attempts[-1].decision.target for turn in session.turns]
    finally:
        session.close()


@pytest.mark.parametrize("n_turns", [1, CAMPAIGN])
def test_what_is_billed_to_sixty_four_at_once_is_booked_and_below_the_cap(tmp_path, n_turns):
    spree = spend(tmp_path, reply(WORDS, usage=USED), n_turns)
    assert spree.spent == BILLED * spree.n_requests
    assert 0 < spree.spent <= spree.cap
    assert spree.last_words[Target.CLOUD] == spree.n_requests
    assert spree.last_words[Target.EDGE] > 0, "a cap that stops nobody proves nothing"


@pytest.mark.campaign
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("n_turns", [1, 20])
def test_what_breaks_off_for_sixty_four_at_once_stays_booked_and_below_the_cap(tmp_path, n_turns):
    spree = spend(tmp_path, cut(WORDS, after=5), n_turns)
    assert 0 < spree.spent == spree.set_aside <= spree.cap
    assert spree.last_words == {Target.EDGE: N_AT_ONCE * n_turns}


@pytest.mark.campaign
def test_what_is_refused_to_sixty_four_at_once_is_given_back(tmp_path):
    spree = spend(tmp_path, error(429, "Throttling"), n_turns=1)
    assert spree.n_requests > 0
    assert spree.spent == 0
