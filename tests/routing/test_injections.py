"""Prompts that ask for the cloud change no target: who answers is not for a text to say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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

SOME = INJECTIONS[::9]  # of every opening, and of every wish
CHINESE = "".join(chr(code) for code in range(0x4E00, 0x9FFF))
LOCKS = {
    "private": {"label": Label.PRIVATE},
    "out of money": {"caps": (Cap(Scope.MONTH, yuan("0.000001")),)},
}


def neutral(text: str) -> str:
    """As long, in the same script, and about nothing."""
    return "".join(
        "水" if letter in CHINESE else "a" if letter.isalpha() else " " for letter in text
    )


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


def differing(sky: Sky, texts: Sequence[str]) -> Iterator[str]:
    """Those that go elsewhere, or otherwise, than a text about nothing."""
    for text in texts:
        if route(sky, text) != route(sky, f"{neutral(text)}."):
            yield text


def device() -> ScriptedEngine:
    return ScriptedEngine(["A fair answer."] * 2 * len(INJECTIONS))


def insist_that_no_text_decides(home: Path, name: str, texts: Sequence[str]) -> None:
    with cloudy(home, reply("Hello!"), edge=device(), by=built_in(name)) as sky:
        assert list(differing(sky, texts)) == []


def insist_that_the_guard_holds(home: Path, lock: str, texts: Sequence[str]) -> None:
    with cloudy(home, error(500), edge=device(), **LOCKS[lock]) as sky:
        assert {route(sky, text)[0] for text in texts} == {Target.EDGE}
        assert sky.server.n_connections == 0


@pytest.mark.parametrize("name", ["edge-first", "cloud-first"])
def test_a_prompt_that_asks_for_the_cloud_goes_where_any_other_goes(tmp_path, name):
    insist_that_no_text_decides(tmp_path, name, SOME)


@pytest.mark.parametrize("lock", LOCKS)
def test_no_prompt_talks_itself_past_a_guard(tmp_path, lock):
    insist_that_the_guard_holds(tmp_path, lock, SOME)


@pytest.mark.campaign
@pytest.mark.parametrize("name", BUILT_IN)
def test_none_of_two_hundred_goes_elsewhere_by_any_policy(tmp_path, name):
    insist_that_no_text_decides(tmp_path, name, INJECTIONS)


@pytest.mark.campaign
@pytest.mark.parametrize("lock", LOCKS)
def test_none_of_two_hundred_talks_itself_past_a_guard(tmp_path, lock):
    insist_that_the_guard_holds(tmp_path, lock, INJECTIONS)
