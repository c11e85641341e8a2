"""`kill -9` of the whole program in the middle of turns, and two programs on one store."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edge.core.conversation import Outcome
from edge.settings.folders import Folders
from edge.store.conversations import Conversations
from edge.store.database import open_database
from tiny_home import furnish

TALK = """
import sys, edge
with edge.open("tiny", max_tokens=int(sys.argv[3]), n_ctx=2048) as runtime:
    session = runtime.session()
    for n in range(int(sys.argv[1])):
        prompt = f"prompt {n} of {sys.argv[2]}"
        for event in session.send(prompt):
            match event:
                case edge.Routed():
                    print("prompt", prompt, flush=True)
                case edge.Done(attempts=attempts):
                    print("reply", prompt, repr(attempts[0].answer), sep="\\t", flush=True)
"""


def talk(n_turns: int, name: str, n_tokens: int = 40) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", TALK, str(n_turns), name, str(n_tokens)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=environment())


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}


def everything_kept(home: Path) -> tuple[set[str], dict[str, str], set[Outcome]]:
    """Prompts, replies by prompt, and outcomes in the store, after recovery."""
    database = open_database(Folders.below(home).store)
    conversations = Conversations(database)
    conversations.recover()
    talks = [conversations.get(each.id) for each in conversations.list(10_000)]
    database.close()
    turns = [turn for each in talks for turn in each.turns]
    prompts = {turn.prompt.text for turn in turns}
    return prompts, {t.prompt.text: t.reply.text for t in turns}, {t.outcome for t in turns}


def run_kill_cycles(home: Path, n_cycles: int, seed: int) -> None:
    furnish(home)
    dice = random.Random(seed)
    acknowledged: list[str] = []
    for cycle in range(n_cycles):
        with talk(1000, f"cycle {cycle}") as program:
            assert program.stdout is not None
            # In the middle of a turn, whatever the speed of the machine: two lines are a turn.
            for _ in range(dice.randrange(1, 16)):
                acknowledged.append(program.stdout.readline().decode())
            time.sleep(dice.uniform(0, 0.1))
            program.kill()
            acknowledged += [line.decode() for line in program.stdout if line.endswith(b"\n")]
    prompts, replies, outcomes = everything_kept(home)
    for line in acknowledged:
        kind, *said = line.rstrip("\n").split("\t") if "\t" in line else line.split(" ", 1)
        if kind == "prompt":
            assert said[0].rstrip("\n") in prompts
        else:
            assert repr(replies[said[0]]) == said[1]
    assert len(replies) > n_cycles
    assert Outcome.OPEN not in outcomes
    with sqlite3.connect(Folders.below(home).store) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_no_acknowledged_turn_is_lost_by_kill_9(edge_home: Path) -> None:
    run_kill_cycles(edge_home, n_cycles=12, seed=20261121)


@pytest.mark.campaign
def test_no_acknowledged_turn_is_lost_by_kill_9_in_three_hundred_cycles(edge_home: Path) -> None:
    run_kill_cycles(edge_home, n_cycles=300, seed=1)


def test_two_programs_write_one_store(edge_home: Path) -> None:
    furnish(edge_home)
    programs = [talk(10, name, 8) for name in ("one", "two")]
    assert [program.wait() for program in programs] == [0, 0]
    for program in programs:
        assert program.stdout is not None
        program.stdout.close()
    prompts, _, _ = everything_kept(edge_home)
    assert prompts == {f"prompt {n} of {name}" for n in range(10) for name in ("one", "two")}
