"""`edge models`: one row for all there is, for eyes, for `cut` and for programs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pexpect
import pytest

from edge.models.catalog import load_catalog
from shell import EDGE, Ran, edge, edge_here, environ, given, on_the_shelf
from tiny_gguf import make_tiny

LITTLE = ("--memory", "low")


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return make_tiny(tmp_path / "Tiny Model.gguf")


def rows(out: str) -> dict[str, list[str]]:
    """The lines of a piped table by their first cell."""
    return {line.split("\t")[0]: line.split("\t") for line in out.splitlines()}


@cache
def listing(*args: str) -> Ran:
    """What `edge models` says where nothing is on the shelf; asked once for all tests."""
    return edge("models", *args)


def entries(*args: str) -> dict[str, dict[str, object]]:
    """What `edge models --json` says of each model."""
    ran = edge_here("models", "--json", *args)
    assert ran.code == 0
    return {entry["name"]: entry for entry in json.loads(ran.out)["models"]}


def test_a_pipe_gets_a_tab_separated_row_for_every_quant_of_the_catalog():
    ran = listing()
    found = rows(ran.out)
    expected = sum(len(spec.quants) for spec in load_catalog().models.values())
    assert ran.code == 0
    assert len(found) == expected + 1
    assert {len(row) for row in found.values()} == {7}
    heading = ["MODEL", "HERE", "SIZE", "NEEDS", "FITS", "PREDICTED", "LICENCE"]
    assert found["MODEL"] == heading
    assert found["qwen2.5-0.5b"][:3] == ["qwen2.5-0.5b", "-", "469 MiB"]
    assert found["qwen2.5-0.5b"][5].startswith("~")


def test_the_notes_are_on_standard_error_and_call_the_speeds_predicted():
    ran = listing()
    *_, last = ran.err.splitlines()
    assert "speeds are predicted" in last
    assert "(measured now)" in last
    assert "predicted from" not in ran.out


def test_a_licence_that_is_not_free_carries_a_mark_and_its_warning():
    ran = listing()
    assert rows(ran.out)["qwen2.5-3b"][6] == "! Qwen Research"
    assert rows(ran.out)["qwen2.5-1.5b"][6] == "Apache-2.0"
    assert ran.err.count("! licence Qwen Research: for research and evaluation only") == 1


def test_json_is_one_object_that_names_its_units():
    ran = listing("--json")
    document = json.loads(ran.out)
    assert ran.err == ""
    assert document["schema_version"] == 1
    assert set(document["device"]) == {
        "name",
        "n_cores",
        "memory_bytes",
        "free_bytes",
        "bandwidth_bytes_per_s",
        "bandwidth_measured",
    }
    assert document["device"]["bandwidth_measured"] is True
    units = {"size_bytes", "need_bytes", "n_ctx", "largest_n_ctx", "predicted_tps"}
    assert document["memory"] == "auto"
    assert all(units <= set(entry) for entry in document["models"])


def test_a_device_of_the_catalog_is_predicted_from_its_data_sheet():
    # 76.8 GB/s read 397,807,456 bytes 193.06 times a second.
    small = entries("--device", "dimensity-9300")["qwen2.5-0.5b"]
    assert small["predicted_tps"] == pytest.approx(193.06, abs=0.01)
    ran = edge("models", "--device", "dimensity-9300")
    assert "MediaTek Dimensity 9300: 6.00 GiB of 12.00 GiB free" in ran.err
    assert "a peak from data sheets" in ran.err


def test_a_phone_keeps_a_copy_of_the_weights_unless_memory_is_short():
    auto, low = (
        entries("--device", "dimensity-9300", *more)["qwen2.5-1.5b"] for more in ((), LITTLE)
    )
    assert (auto["layout"]["repack"], low["layout"]["repack"]) == (True, False)
    # The copy is at most what a token reads, 986 MB; the cache of 112 MiB is 59.5 in q8_0.
    assert auto["need_bytes"] - low["need_bytes"] > 986_000_000 + 52 * 2**20


def test_little_memory_can_be_asked_for():
    low, auto, fast = (
        entries("--memory", policy)["qwen2.5-0.5b"] for policy in ("low", "auto", "fast")
    )
    assert low["layout"] == {"repack": False, "flash": True, "kv_q8": True, "chunk_tokens": 64}
    assert low["need_bytes"] < auto["need_bytes"] <= fast["need_bytes"]
    assert "4096 tokens of context with --memory low; " in listing(*LITTLE).err


def test_a_policy_there_is_not_is_answered_with_those_there_are():
    ran = edge("models", "--memory", "tiny")
    assert (ran.code, ran.out) == (2, "")
    assert "low, auto, fast" in ran.err


def test_a_model_larger_than_the_free_memory_of_a_device_does_not_fit():
    # Half of 8 GB is taken as free and a fifth of that stays free: 3.2 GiB.
    held = entries("--device", "raspberry-pi-5")
    assert held["qwen3.5-9b"]["fits"] is False
    assert held["qwen3.5-9b"]["largest_n_ctx"] == 0
    assert held["qwen2.5-0.5b"]["fits"] is True


def test_a_device_nobody_knows_is_answered_with_the_nearest():
    ran = edge("models", "--device", "dimensity-9200")
    assert (ran.code, ran.out) == (2, "")
    assert "dimensity-9300" in ran.err


def test_an_imported_file_is_listed_as_here_with_an_unknown_licence(tiny):
    given("import", tiny)
    row = rows(edge("models").out)["tiny-model"]
    assert row[1] == "here"
    assert row[6] == "! unknown"
    entry = entries()["tiny-model"]
    assert entry["here"] is True
    assert Path(str(entry["path"])) == on_the_shelf()[0]
    assert entry["origin"] == str(tiny)


def test_weights_that_are_no_model_any_more_are_a_note_and_not_the_end(tiny):
    given("import", tiny)
    on_the_shelf()[0].write_bytes(b"no model")
    ran = edge("models")
    assert ran.code == 0
    assert "qwen2.5-0.5b" in rows(ran.out)
    assert "! tiny-model cannot be used: " in ran.err


def test_a_reader_that_leaves_early_hears_nothing():
    reading, writing = os.pipe()
    os.close(reading)
    command = [*EDGE, "models"]
    listing = subprocess.Popen(command, env=environ(), stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    _, err = listing.communicate(timeout=60)
    assert (listing.returncode, err) == (141, b"")


def test_a_terminal_gets_columns_that_line_up():
    terminal = pexpect.spawn(
        sys.executable,
        ["-m", "edge", "models"],
        env=environ(TERM="xterm", NO_COLOR="1"),
        encoding="utf-8",
        dimensions=(50, 120),
        timeout=60,
    )
    terminal.expect(pexpect.EOF)
    shown = re.sub(r"\x1b\[[0-9;]*m", "", terminal.before)
    lines = shown.splitlines()
    heading = next(line for line in lines if "MODEL" in line)
    row = next(line for line in lines if "qwen2.5-3b" in line)
    assert "\t" not in shown
    assert row.index("! Qwen Research") == heading.index("LICENCE")


def test_json_is_plain_ascii_and_changes_nothing(tmp_path):
    hostile = make_tiny(tmp_path / "t\x1b[2J\x7f\x9b.gguf")
    given("import", hostile, "--name", "tiny")
    out = edge("models", "--json").out
    assert out.isascii()
    assert not {"\x1b", "\x7f"} & set(out)
    listed = {entry["name"]: entry for entry in json.loads(out)["models"]}
    assert listed["tiny"]["origin"] == str(hostile)
