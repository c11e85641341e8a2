"""What a run found is told to the next, whatever has become of the file meanwhile."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from reports import report_of

from edge.bench.history import History
from edge.core.errors import UsageError
from edge.settings.folders import Folders

NOW = report_of({})


@pytest.fixture
def history(edge_home: Path) -> History:
    return History(Folders.find())


def test_what_a_run_found_is_told_to_the_next(history):
    assert history.last_of(NOW) == {}
    history.add(report_of({"start": 1.5, "decode": 20.0}))
    assert history.last_of(NOW) == {"start": 1.5, "decode": 20.0}


def test_of_several_runs_the_last_that_had_the_row_counts(history):
    history.add(report_of({"start": 1.5, "decode": 20.0}))
    history.add(report_of({"decode": 25.0}))
    assert history.last_of(NOW) == {"start": 1.5, "decode": 25.0}


@pytest.mark.parametrize("about", [{"model": "qwen3-0.6b"}, {"machine": "another one"}])
def test_another_model_or_machine_says_nothing_of_this_one(history, about):
    history.add(report_of({"start": 1.5}, **about))
    assert history.last_of(NOW) == {}
    assert history.last_of(report_of({}, **about)) == {"start": 1.5}


@pytest.mark.parametrize(
    "damage",
    [
        b"\x00\xff\n",
        b"[1, 2]\n",
        b"[" * 100_000 + b"\n",
        b'{"model": "qwen2.5-0.5b", "machine": "a machine", "rows": 7}\n',
        b'{"model": "qwen2.5-0.5b", "machine": "a machine", "rows": [7, {"name": "start"}]}\n',
        b'{"model": "qwen2.5-0.5b", "mach',
    ],
    ids=["bytes", "list", "deep", "no rows", "half rows", "cut"],
)
def test_damaged_lines_are_skipped_and_swallow_no_other(history, damage):
    history.add(report_of({"start": 1.5}))
    with history.path.open("ab") as file:
        file.write(damage)
    history.add(report_of({"decode": 20.0}))
    assert history.last_of(NOW) == {"start": 1.5, "decode": 20.0}


def test_the_file_is_its_owners_alone(history):
    history.add(report_of({"start": 1.5}))
    assert stat.S_IMODE(history.path.stat().st_mode) == 0o600


def test_a_run_that_cannot_be_kept_is_an_error_that_says_where(history, edge_home):
    edge_home.write_text("a file where the folder should be")
    with pytest.raises(UsageError, match="cannot write"):
        history.add(report_of({"start": 1.5}))
