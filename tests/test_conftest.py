"""What the run promises about skips, homes and the network, shown on small runs of pytest."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from loopback import Guard, stays_here

HERE = Path(__file__).parent
MARKERS = "[pytest]\nmarkers =\n  weights:\n  network:\n  campaign:\n"


@pytest.fixture
def small_run(tmp_path, edge_home):
    """Runs pytest on a file of this text, in a home without weights; gives exit code and output."""

    def run(text: str, **environ: str) -> tuple[int, str]:
        for name in ("conftest.py", "loopback.py"):
            shutil.copy(HERE / name, tmp_path)
        (tmp_path / "pytest.ini").write_text(MARKERS)
        (tmp_path / "test_small.py").write_text("import pytest, socket\n" + text)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
        inherited = {name: value for name, value in os.environ.items() if name != "CI"}
        inherited["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # half of the time
        done = subprocess.run(
            command, env=inherited | environ, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout

    return run


WANTS_WEIGHTS = "@pytest.mark.weights\ndef test_real(weights_path): assert weights_path.is_file()\n"
SKIPS = "def test_off(): pytest.skip('no such card here')\n"


def test_without_weights_the_run_ends_with_how_to_get_them(small_run):
    code, out = small_run(WANTS_WEIGHTS)
    assert code == 0
    assert "test_small.py::test_real\nto run them: edge pull qwen2.5-coder-0.5b && pytest\n" in out


def test_required_weights_that_are_missing_fail_the_test(small_run):
    code, out = small_run(WANTS_WEIGHTS, EDGE_REQUIRE_WEIGHTS="1")
    assert code == 1
    assert "wants real weights: edge pull qwen2.5-coder-0.5b" in out


def test_named_weights_are_used(small_run, tmp_path):
    (tmp_path / "some.gguf").touch()
    code, out = small_run(WANTS_WEIGHTS, EDGE_TEST_WEIGHTS=str(tmp_path / "some.gguf"))
    assert (code, "1 passed" in out) == (0, True)


def test_named_weights_that_are_not_there_stop_the_run(small_run, tmp_path):
    code, _ = small_run(WANTS_WEIGHTS, EDGE_TEST_WEIGHTS=str(tmp_path / "none.gguf"))
    assert code == 4


@pytest.mark.parametrize("text", [SKIPS, WANTS_WEIGHTS, "pytest.importorskip('no_such_part')"])
def test_a_skip_fails_the_run_in_ci_and_says_why(small_run, text):
    code, out = small_run(text, CI="true")
    assert code != 0
    assert "CI fails: tests that must run were skipped" in out


def test_what_is_no_skip_or_may_be_one_passes_in_ci(small_run):
    text = """
@pytest.mark.network
def test_far(): pytest.skip("no network")

@pytest.mark.campaign
def test_long(): pytest.skip("by hand")

@pytest.mark.xfail
def test_known(): assert False
"""
    assert small_run(text, CI="true")[0] == 0


def test_a_test_that_reaches_out_fails_even_if_it_copes(small_run):
    text = """
def reach():
    try:
        socket.create_connection(("192.0.2.1", 9), timeout=0.01)
    except OSError:
        pass  # as a program that copes with a dead network would

def test_out(): reach()

@pytest.mark.network
def test_marked(): reach()
"""
    code, out = small_run(text)
    assert code == 1
    assert "socket.getaddrinfo to 192.0.2.1" in out
    assert "2 passed, 1 error" in out


def test_a_test_has_a_home_of_its_own_and_none_of_the_users_settings(small_run, tmp_path):
    text = """
import os
def test_home(tmp_path):
    named = [name for name in os.environ if name.startswith("EDGE_")]
    assert sorted(named) == ["EDGE_HOME", "EDGE_LANG", "EDGE_THREADS"]
    assert os.environ["EDGE_HOME"] == str(tmp_path / "edge-home")
"""
    assert small_run(text, EDGE_MODEL="mine", EDGE_HOME=str(tmp_path / "mine"))[0] == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "::1", b"::1", "", None])
def test_this_machine_is_no_network(host):
    assert stays_here(host)


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "nowhere.invalid", b"example.org"])
def test_another_machine_is_network(host):
    assert not stays_here(host)


def test_a_unix_socket_is_no_network(tmp_path):
    path = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(path)
        server.listen()
        client.connect(path)


def test_a_refusal_is_remembered():
    guard = Guard()
    with socket.socket() as connecting, pytest.raises(PermissionError, match=r"192\.0\.2\.1"):
        guard("socket.connect", (connecting, ("192.0.2.1", 9)))
    assert guard.refused == ["socket.connect to 192.0.2.1"]


@pytest.mark.weights
def test_a_home_with_weights_has_them_on_its_shelf(weights_home):
    from edge.models.shelf import Shelf
    from edge.settings.folders import Folders

    weights = Shelf(Folders.find().models).find("qwen2.5-coder-0.5b")
    assert weights.path.is_relative_to(weights_home)
    assert weights.path.stat().st_size == 491_400_064
