"""Turns whose cloud fails: short waits, no pause before another try, and what must come of them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cloud_server import Script
from cloudy import Sky, answer_of, cloudy, done_of, yuan
from edge.core.cloud import Deadlines
from edge.core.conversation import Outcome
from edge.core.decision import Target
from edge.core.event import StopReason, Switched

WORDS = "云和端：one after the other, 一个接一个 🙂, until all of it is said."
BRISK = Deadlines(connect_s=0.3, first_byte_s=0.5, gap_s=0.25, total_s=2.0)
CAP = yuan("20")


class Calm(random.Random):
    """Dice that always show the least, so that no test waits before another try."""

    def random(self) -> float:
        return 0.0


@contextmanager
def calm(home: Path, *scripts: Script, **more: Any) -> Iterator[Sky]:
    """A session that tries again at once."""
    with cloudy(home, *scripts, **{"waits": BRISK, **more}) as sky:
        sky.attempts.trust.dice = Calm()
        yield sky


def left(sky: Sky) -> object:
    """What of the cap is not spent, nor set aside."""
    return sky.ledger.left(sky.attempts.cloud.caps, "CNY", None)


def insist_on_a_whole_answer(sky: Sky, *targets: Target) -> None:
    """A turn that shows these words, said by these engines, and the store has them, too."""
    events = sky.say("hello")
    assert answer_of(events) == WORDS
    assert done_of(events).stop_reason is StopReason.END
    turn = sky.session.turns[-1]
    assert (turn.reply.text, turn.outcome) == (WORDS, Outcome.FINISHED)
    assert [attempt.decision.target for attempt in turn.attempts] == list(targets)
    assert len([e for e in events if isinstance(e, Switched)]) == len(targets) - 1
