"""A closed terminal or a `kill` is no crash: what was shown of a reply is kept."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from edge.core.conversation import Outcome
from edge.settings.folders import Folders
from edge.store.conversations import Conversations
from edge.store.database import open_database
from shell import EDGE
from tiny_home import furnish


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_keeps_what_was_shown(edge_home: Path, number: signal.Signals) -> None:
    furnish(edge_home)
    command = [*EDGE, "ask", "hello", "-m", "tiny", "--temperature", "0", "--ctx", "4096"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdout is not None
        assert program.stdout.read(1)  # the reply has begun
        program.send_signal(number)
        _, errors = program.communicate(timeout=30)
    assert program.returncode == 128 + number
    assert b"Traceback" not in errors
    database = open_database(Folders.below(edge_home).store)
    kept = Conversations(database).latest()
    database.close()
    assert kept is not None
    assert kept.turns[0].outcome is Outcome.STOPPED
    assert kept.turns[0].reply.text
