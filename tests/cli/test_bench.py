"""`edge bench`: figures on standard output, beside those of the last run, and refusals at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.bench.rows import Conditions, Report, Row, TurnRow
from edge.cli.bench.report import show_report, shown
from edge.cli.main import run
from edge.core.memory import Layout
from edge.runtime import open as open_runtime
from shell import CHECKOUT, Ran, edge
from tiny_home import furnish

TINY = ("-m", "tiny", "--with-threads", "1", "--pairs", "1")
COLUMNS = ["WHAT", "RAW", "EDGE", "RATIO", "WAS", "UNIT"]

CONDITIONS = Conditions("m", "a machine", "2026-11-22T10:00:00Z", 2, 4096, "auto", Layout(), None)


@pytest.fixture
def bench(edge_home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Runs `edge bench` on a tiny model in this process."""
    furnish(edge_home)
    capsys.readouterr()

    def measure(*args: str) -> Ran:
        code = run(["bench", *TINY, *args])
        return Ran(code, *capsys.readouterr())

    return measure


def table(out: str) -> dict[str, dict[str, str]]:
    """The cells of each row, by its name and its column."""
    head, *lines = (line.split("\t") for line in out.splitlines())
    assert head == COLUMNS
    return {cells[0]: dict(zip(head, cells, strict=True)) for cells in lines}


def test_a_row_has_both_sides_and_then_what_it_was_the_last_time(bench):
    first = bench("--memory")
    assert (first.code, first.err[:6]) == (0, "tiny, ")
    assert {row["WAS"] for row in table(first.out).values()} == {"-"}
    second = table(bench("--memory").out)
    assert {name: row["WAS"] for name, row in second.items()} == {
        name: row["EDGE"] for name, row in table(first.out).items()
    }


def test_a_run_that_is_not_to_be_kept_is_not(bench, edge_home):
    assert bench("--memory", "--no-history").code == 0
    assert not (edge_home / "data" / "bench.jsonl").exists()


def test_json_is_one_object_with_the_conditions_the_rows_and_the_turns(bench):
    document = json.loads(bench("--turns", "--json", "--policy", "low").out)
    assert (document["model"], document["threads"], document["n_ctx"]) == ("tiny", 1, 4096)
    assert (document["policy"], document["layout"]["kv_q8"]) == ("low", True)
    assert document["date_utc"].endswith("Z")
    assert [set(row) for row in document["rows"]] == [{"name", "raw", "edge", "ratio", "unit"}] * 2
    assert len(document["turns"]) == 20


def test_the_turns_are_a_table_of_their_own(capsys):
    turn = TurnRow(1, new_tokens=43, cached_tokens=0, raw_ms=201.4, edge_ms=211.6, ratio=1.05)
    show_report(
        Report(CONDITIONS, (Row("start", None, 1.5, None, "s"),), (turn,)),
        {"start": 1.25},
        as_json=False,
    )
    rows, turns = capsys.readouterr().out.split("\n\n")
    assert table(rows)["start"]["WAS"] == "1.25"
    assert [line.split("\t") for line in turns.splitlines()] == [
        ["TURN", "NEW", "CACHED", "RAW ms", "EDGE ms", "RATIO"],
        ["1", "43", "0", "201", "212", "1.05"],
    ]


def test_a_picture_is_drawn_beside_the_figures(bench, tmp_path):
    pytest.importorskip("matplotlib", reason="wants the extra `lab`")
    path = tmp_path / "bench.png"
    assert bench("--memory", "--plot", str(path)).code == 0
    assert path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_a_picture_without_matplotlib_is_refused_before_anything_is_measured(tmp_path):
    package = tmp_path / "without" / "matplotlib"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ModuleNotFoundError(\"No module named 'it'\")")
    # No model is here either; had it begun to measure, it would have said that.
    found = edge("bench", "--plot", tmp_path / "a.png", PYTHONPATH=f"{package.parent}:{CHECKOUT}")
    assert (found.code, found.out) == (2, "")
    assert found.err == (
        "edge: a picture needs matplotlib: No module named 'it'; "
        "try: pip install 'edge-qwen[lab]'\n"
    )
    assert not (tmp_path / "a.png").exists()


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--limit", "1GB"], "--limit says how much memory --device has"),
        (["--device", "dimensity-9300", "--turns"], "--device is a run of its own"),
        (["--device", "dimensity-9300", "--plot", "a.png"], "--device is a run of its own"),
        (["--device", "dimensity-9300", "--limit", "lots"], "--limit: 'lots' is not a size"),
        (["--device", "dimensity-9399"], "no device is called 'dimensity-9399'"),
        (["--plot", "a.jpg"], "'a.jpg' is no PNG"),
        (["--policy", "small"], "--policy"),
        (["--pairs", "0"], "--pairs"),
        (["--memory"], "no model is on this machine yet; try: edge pull"),
        (["--memory", "-m", "nothing"], "no model is called 'nothing'"),
        (["--memory", "-m", "qwen2.5-0.5b"], "is not on this machine; try: edge pull"),
        (["--memory", "--ctx", "7"], "n_ctx is 7 (from flag)"),
    ],
)
def test_what_cannot_be_measured_is_one_line_and_exit_code_2(capsys, args, said):
    assert run(["bench", *args]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (0.0, "0"), (0.03691, "0.0369"), (26.64, "26.6"), (1234.5, "1234")],
)
def test_a_figure_has_three_digits_or_all_before_the_point(value, text):
    assert shown(value) == text


@pytest.mark.weights
def test_stops_are_measured_against_their_bounds(weights_home, capsys):
    assert run(["bench", "-m", "qwen2.5-coder-0.5b", "--stops", "--times", "1"]) == 0
    rows = table(capsys.readouterr().out)
    assert {name: row["RAW"] for name, row in rows.items()} == {
        "stop while decoding, p95": "100",
        "stop while reading 2000 tokens, p95": "300",
    }


def test_what_was_found_to_be_faster_is_how_the_model_is_held_from_then_on(edge_home, bench):
    ran = bench("--layouts", "--json", "--pairs", "1")
    faster = json.loads(ran.out)["faster"]
    assert "from now on the model is held so" in ran.err
    with open_runtime("tiny") as runtime:
        assert runtime.loaded.fit.layout.flash == faster["flash"]
        assert runtime.loaded.fit.layout.repack == faster["repack"]
