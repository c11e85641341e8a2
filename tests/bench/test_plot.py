"""A picture of what was measured, or a word on why there can be none, before anything is."""

from __future__ import annotations

import pytest
from reports import CONDITIONS

from edge.bench.plot import check_plot, draw
from edge.bench.rows import Report, Row, TurnRow
from edge.core.errors import UsageError

PNG = b"\x89PNG\r\n\x1a\n"
TURNS = tuple(TurnRow(n, 20, 60 * n, 200.0 + n, 210.0 + n, 1.05) for n in range(1, 21))
THREADS = tuple(
    Row(f"{company}decode, {count}", 20.0, 18.0, 0.9, "tok/s (raw: best)")
    for company in ("", "one core busy: ")
    for count in ("1 thread", "2 threads", "adaptive")
)
MEMORY = tuple(
    Row(f"worker's peak memory at a context of {n}", 600.0, 580.0, 0.97, "MiB (raw: predicted)")
    for n in (1024, 4096)
)
RESUME = (Row("first token after a crash, 1966 tokens", 21.0, 1.2, 0.06, "s"),)
OTHER = (Row("decode at 512 tokens", 26.0, 25.0, 0.96, "tok/s"),)


@pytest.mark.parametrize(
    ("rows", "turns"),
    [
        (OTHER + THREADS + MEMORY + RESUME, TURNS),
        (MEMORY + RESUME, TURNS),
        (THREADS, ()),
        ((), TURNS[:1]),
    ],
    ids=["all", "three", "one", "one turn"],
)
def test_a_picture_is_written_of_whatever_sections_there_are(tmp_path, rows, turns):
    pytest.importorskip("matplotlib", reason="wants the extra `lab`")
    path = tmp_path / "bench.png"
    draw(Report(CONDITIONS, rows, turns), path)
    assert path.read_bytes().startswith(PNG)
    assert len(path.read_bytes()) > 10_000


def test_a_picture_that_cannot_be_written_is_an_error_of_ours(tmp_path):
    pytest.importorskip("matplotlib", reason="wants the extra `lab`")
    (tmp_path / "bench.png").mkdir()
    with pytest.raises(UsageError, match="cannot write"):
        draw(Report(CONDITIONS, RESUME), tmp_path / "bench.png")


@pytest.mark.parametrize(
    ("name", "sections", "said"),
    [
        ("bench.pdf", ["turns"], "is no PNG"),
        ("bench", ["turns"], "is no PNG"),
        ("no/such/folder.png", ["turns"], "there is no folder"),
        ("bench.png", ["speed", "stops"], "nothing of what is measured has a picture"),
    ],
)
def test_what_cannot_be_drawn_is_said_beforehand(tmp_path, name, sections, said):
    with pytest.raises(UsageError, match=said) as refused:
        check_plot(tmp_path / name, sections)
    assert refused.value.hint
