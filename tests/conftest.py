"""What every test gets: a home of its own, no way out, and real weights where there are any.

A test that needs real answers carries the marker `weights`. Where there are
none it is skipped, the run ends with how to get them, and two variables turn a
skip into a failure: EDGE_REQUIRE_WEIGHTS for missing weights, CI for any skip
of a test that must run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from loopback import Guard

WEIGHTS_SHA256 = "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32"
WEIGHTS_MODEL = "qwen2.5-coder-0.5b"
WANT_WEIGHTS = f"wants real weights: edge pull {WEIGHTS_MODEL}"

MAY_SKIP = ("network", "campaign")  # the markers a test may be skipped under, also in CI

weights_key = pytest.StashKey[Path | None]()
skips_key = pytest.StashKey[dict[str, str]]()


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    # Doctests are looked for in every module; here those beside the tests are
    # helpers, and some of them programs that must not be imported.
    is_helper = collection_path.suffix == ".py" and not collection_path.name.startswith("test_")
    return True if is_helper else None


def pytest_configure(config: pytest.Config) -> None:
    # A process that may not keep what it compiled compiles all of edge each time: a third of
    # its start. Users' processes may.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # No time is asserted: where others are busy on the machine, any of them is too short.
    if config.pluginmanager.hasplugin("hypothesispytest"):
        from hypothesis import HealthCheck, settings

        slow = [HealthCheck.too_slow]
        settings.register_profile(
            "unhurried", settings(), deadline=None, suppress_health_check=slow
        )
        settings.load_profile("unhurried")
    # Looked up before any test has a home of its own.
    config.stash[weights_key] = find_weights()
    config.stash[skips_key] = {}
    config.pluginmanager.register(Skips(config.stash[skips_key]), "edge-skips")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("weights") and item.config.stash[weights_key] is None:
        if os.environ.get("EDGE_REQUIRE_WEIGHTS"):
            pytest.fail(WANT_WEIGHTS, pytrace=False)
        pytest.skip(WANT_WEIGHTS)


# Weights.


def find_weights() -> Path | None:
    """The weights to test with: the file of EDGE_TEST_WEIGHTS, else those on the user's shelf."""
    if named := os.environ.get("EDGE_TEST_WEIGHTS"):
        if not Path(named).is_file():
            raise pytest.UsageError(f"EDGE_TEST_WEIGHTS names no file: {named!r}")
        return Path(named).absolute()
    from edge.models.shelf import Shelf
    from edge.settings.folders import Folders

    weights = Shelf(Folders.find().models).get(WEIGHTS_SHA256)
    return weights.path if weights else None


@pytest.fixture(scope="session")
def weights_path(pytestconfig: pytest.Config) -> Path:
    """The real weights, to be read only; for tests that carry the marker `weights`."""
    path = pytestconfig.stash[weights_key]
    assert path is not None, "a test that wants real weights carries @pytest.mark.weights"
    return path


@pytest.fixture(scope="session")
def weights_shelf(weights_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shelf of the run's own that holds the real weights, hashed once."""
    from edge.models.catalog import load_catalog
    from edge.models.shelf import Shelf

    _, quant = load_catalog().find(WEIGHTS_MODEL)
    shelf = Shelf(tmp_path_factory.mktemp("weights"))
    shelf.link(weights_path, WEIGHTS_MODEL, quant)
    return shelf.folder


@pytest.fixture
def weights_home(edge_home: Path, weights_shelf: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test's own EDGE_HOME, with the real weights on its shelf under second names."""
    monkeypatch.delenv("EDGE_THREADS")
    models = edge_home / "models"
    models.mkdir(mode=0o700, parents=True)
    for path in weights_shelf.glob("sha256-*"):
        os.link(path, models / path.name)
    return edge_home


# A home and no network.


@pytest.fixture(autouse=True)
def edge_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own; no settings of the user reach it."""
    for name in [name for name in os.environ if name.startswith("EDGE_")]:
        monkeypatch.delenv(name)
    # Nor the size of the window the run is looked at in.
    for name in ("COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    # Nor does a key: a developer may have a real one, in the environment or in a key store.
    monkeypatch.delenv("DASHSCOPE_API_KEY", raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    home = tmp_path / "edge-home"
    monkeypatch.setenv("EDGE_HOME", str(home))
    # A developer may speak another language, too.
    monkeypatch.setenv("EDGE_LANG", "en")
    # Two threads for a tiny model fight the test itself for the cores.
    monkeypatch.setenv("EDGE_THREADS", "1")
    return home


guard = Guard()
sys.addaudithook(guard)  # cannot be taken back, so there is one for the whole run


@pytest.fixture(autouse=True)
def nothing_leaves_this_machine(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails a test that tried to reach another machine, even if it swallowed the refusal."""
    guard.open = request.node.get_closest_marker("network") is not None
    guard.refused.clear()
    yield
    guard.open = False
    assert guard.refused == []


# What was skipped.


class Skips:
    """Remembers every skipped test with its reason."""

    def __init__(self, reasons: dict[str, str]) -> None:
        self.reasons = reasons

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        may_skip = any(marker in report.keywords for marker in MAY_SKIP)
        if report.skipped and not may_skip and not hasattr(report, "wasxfail"):
            self.reasons[report.nodeid] = reason_of(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self.reasons[report.nodeid] = reason_of(report)


def reason_of(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Why a test was skipped."""
    told = report.longrepr
    return told[2].removeprefix("Skipped: ") if isinstance(told, tuple) else str(told)


def must_run(config: pytest.Config) -> dict[str, str]:
    """The tests that should have run here and did not, with their reasons; only CI insists."""
    return config.stash[skips_key] if os.environ.get("CI") else {}


def pytest_sessionfinish(session: pytest.Session) -> None:
    if must_run(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skips = terminalreporter.config.stash[skips_key]
    wanting = [test for test, reason in skips.items() if reason == WANT_WEIGHTS]
    if wanting:
        terminalreporter.section("skipped for want of real weights")
        for test in wanting:
            terminalreporter.line(test)
        terminalreporter.line(f"to run them: edge pull {WEIGHTS_MODEL} && pytest")
    if overdue := must_run(terminalreporter.config):
        terminalreporter.section("CI fails: tests that must run were skipped")
        for test, reason in overdue.items():
            terminalreporter.line(f"{test}: {reason}")
