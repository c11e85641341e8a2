"""Two hundred prompts that ask for the cloud change no target: who answers is not for a text to say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from injections import INJECTIONS

from cloud_server import error, reply
from cloudy import Sky, cloudy, yuan
from edge.chat.session import Session
from edge.core.cloud import Cap, Scope
from edge.core.decision import Decision, Target
from edge.core.errors import EdgeError
from edge.core.message import Label
from edge.engine.scripted import ScriptedEngine
from edge.routing.policy_file import BUILT_IN, built_in

CHINESE = "".join(chr(code) for code in range(0x4E00, 0x9FFF))
LOCKS = {
    "private": {"label": Label.PRIVATE},
    "out of money": {"caps": (Cap(Scope.MONTH, yuan("0.000001")),)},
}


def neutral(text: str) -> str:
    """As long, in the same script, and about nothing."""
    return "".join("水" if letter in CHINESE else "a" if letter.isalpha() else " " for letter in text)


def route(sky: Sky, text: str) -> tuple[Target, str, str, Label]:
    """Who begins to answer it in a talk of its own, why, and under which label it is kept."""
    old = sky.session
    session = Session(old.answering, old.conversations, routes=old.routes)
    try:
        list(session.send(text))
    except EdgeError:
        pass
    finally:
        session.close()
    turn = session.turns[-1]
    decision: Decision = turn.attempts[0].decision
    return decision.target, decision.reason, decision.rule, turn.prompt.label


def differing(sky: Sky) -> Iterator[str]:
    for text in INJECTIONS:
        if route(sky, text) != route(sky, f"{neutral(text)}."):
            yield text


def device() -> ScriptedEngine:
    return ScriptedEngine(["A fair answer."] * 2 * len(INJECTIONS))


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_prompt_that_asks_for_the_cloud_goes_where_any_other_goes(
    tmp_path: Path, name: str
) -> None:
    with cloudy(tmp_path, reply("Hello!"), edge=device(), by=built_in(name)) as sky:
        assert list(differing(sky)) == []


@pytest.mark.parametrize("lock", LOCKS)
def test_no_prompt_talks_itself_past_a_guard(tmp_path: Path, lock: str) -> None:
    with cloudy(tmp_path, error(500), edge=device(), **LOCKS[lock]) as sky:
        for text in INJECTIONS:
            assert route(sky, text)[0] is Target.EDGE
        assert sky.server.n_connections == 0
