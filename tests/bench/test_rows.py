"""A report is one flat object, and its ratios are those of the pairs."""

from __future__ import annotations

import json

from reports import report_of

from edge.bench.rows import Row, TurnRow


def test_a_ratio_is_the_median_of_the_pairs_own():
    row = Row.of_pairs("decode", [(1.0, 1.0), (10.0, 20.0), (40.0, 30.0)], "tok/s")
    assert row == Row("decode", raw=10.0, edge=20.0, ratio=1.0, unit="tok/s")


def test_the_document_says_what_was_measured_and_each_row_in_five_fields():
    turn = TurnRow(turn=1, new_tokens=20, cached_tokens=0, raw_ms=9.0, edge_ms=10.0, ratio=1.1)
    document = json.loads(report_of({"start": 1.5}, (turn,)).as_json())
    assert (document["model"], document["threads"]) == ("qwen2.5-0.5b", 2)
    assert document["layout"]["chunk_tokens"] == 128
    row = {"name": "start", "raw": None, "edge": 1.5, "ratio": None, "unit": "s"}
    assert document["rows"] == [row]
    assert document["turns"][0]["new_tokens"] == 20


def test_a_line_of_the_document_is_one_line():
    assert "\n" not in report_of({"start": 1.5}).as_json(indent=None)
