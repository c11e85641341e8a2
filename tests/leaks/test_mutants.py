"""The search for leaks can fail: bugs that leak, put into a copy of edge, are found by it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hunt import LEAKED
from mutants import MUTANTS

CHECKOUT = Path(__file__).parents[2]
# Told at once by the first steps anybody takes, so they fit into every run.
QUICK = ("the detectors find nothing", "a mark is made on the next talk")


def hunted(name: str, home: Path, n_seeds: int) -> subprocess.CompletedProcess[str]:
    """A search in an edge that has this bug."""
    shutil.copytree(CHECKOUT / "edge", home / "edge", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(CHECKOUT / "models.toml", home)
    for file, before, after in MUTANTS.get(name, ()):
        path = home / file
        text = path.read_text("utf-8")
        assert before in text, f"{file} no longer holds what {name!r} changes: {before}"
        path.write_text(text.replace(before, after), "utf-8")
    tests = [str(CHECKOUT / "tests" / room) for room in ("leaks", "")]
    return subprocess.run(
        [sys.executable, tests[0] + "/hunt.py", str(home / "homes"), "0", str(n_seeds)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(home), *tests])},
        cwd=home,
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
    )


@pytest.mark.parametrize("name", QUICK)
def test_a_bug_that_leaks_is_found(tmp_path: Path, name: str) -> None:
    found = hunted(name, tmp_path, n_seeds=4)
    assert found.returncode == LEAKED, found.stdout + found.stderr


@pytest.mark.campaign
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", MUTANTS)
def test_every_bug_that_leaks_is_found(tmp_path: Path, name: str) -> None:
    found = hunted(name, tmp_path, n_seeds=100)
    assert found.returncode == LEAKED, found.stdout + found.stderr


def test_an_edge_without_such_a_bug_passes(tmp_path: Path) -> None:
    found = hunted("none of them", tmp_path, n_seeds=1)
    assert found.returncode == 0, found.stdout + found.stderr
