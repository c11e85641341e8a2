"""What is typed for a conversation that has not begun, in two terminals and across models."""

from __future__ import annotations

import signal
import time
from contextlib import closing
from pathlib import Path

import pytest

from edge.settings.folders import Folders
from edge.store.database import open_database
from shell import PATIENCE_S
from terminal import at_terminal, chatting
from tiny_home import furnish

SHORT = ("--max-tokens", "4", "--temperature", "0")


@pytest.fixture(autouse=True)
def tiny(edge_home: Path) -> Path:
    """A home with two models that write random bytes."""
    furnish(edge_home, n_ctx=32_768)
    furnish(edge_home, name="other")
    return edge_home


def drafts(home: Path) -> list[str]:
    store = open_database(Folders.below(home).store)
    with closing(store), store.read() as connection:
        return [row["text"] for row in connection.execute("SELECT text FROM drafts")]


def wait_drafts(home: Path, *texts: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while (found := drafts(home)) != list(texts):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def test_who_sends_takes_nothing_from_who_types_elsewhere_and_is_killed(tiny):
    with chatting("tiny", *SHORT) as writing, chatting("tiny", *SHORT) as sending:
        writing.type("a long letter", enter=False)
        wait_drafts(tiny, "a long letter")
        sending.type("hm")
        sending.wait("cut at the limit")
        sending.wait_prompt()
        writing.signal(signal.SIGKILL)
        writing.wait_end()
    with at_terminal("chat", "tiny", *SHORT) as screen:
        screen.wait_shown("> a long letter\nyour draft is back")


def test_a_command_that_brings_another_model_stays_no_draft(tiny):
    with chatting("tiny", *SHORT) as screen:
        screen.type("/model oth", enter=False)
        wait_drafts(tiny, "/model oth")
        screen.send("er\r")
        screen.wait("other answers from now on")
        screen.wait_prompt()
        wait_drafts(tiny)
