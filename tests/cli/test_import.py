"""`edge import`: a file is looked at before it is taken, and keeps the name it deserves."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pexpect
import pytest

from edge.cli.main import run
from shell import edge, environ, flip_a_byte, given, on_the_shelf
from tiny_gguf import make_tiny

CODER = "qwen2.5-coder-0.5b"
CODER_FILE = "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return make_tiny(tmp_path / "My Tiny (v2).gguf")


def test_a_file_gets_a_plain_name_made_from_its_own(tiny):
    ran = edge("import", tiny)
    assert ran.code == 0
    assert ran.out.startswith("my-tiny-v2: ")
    assert ran.out.endswith("; edge chat my-tiny-v2\n")
    assert on_the_shelf()[0].read_bytes() == tiny.read_bytes()


def test_a_file_can_be_given_a_name(tiny):
    assert edge("import", tiny, "--name", "pet").out.startswith("pet: ")


def test_importing_twice_keeps_the_first_name(tiny):
    given("import", tiny, "--name", "pet")
    assert edge("import", tiny).out.startswith("pet: ")
    assert len(on_the_shelf()) == 1


def test_importing_a_damaged_file_again_mends_it(tiny, tmp_path):
    kept = tmp_path / "kept.gguf"
    kept.write_bytes(tiny.read_bytes())
    given("import", tiny)
    flip_a_byte(on_the_shelf()[0])
    assert run(["verify"]) == 11
    given("import", kept)
    given("verify")


@pytest.mark.parametrize(("arch", "code"), [("llama", 21), ("qwen3", 0), ("qwen35", 0)])
def test_an_architecture_edge_does_not_run_is_refused(tmp_path, arch, code):
    ran = edge("import", make_tiny(tmp_path / "model.gguf", arch))
    assert ran.code == code
    assert ("'llama'" in ran.err) is (arch == "llama")
    assert bool(on_the_shelf()) is (code == 0)


@pytest.mark.parametrize("garbage", [b"", b"<html>not found</html>", b"GGUF" + b"\xff" * 4096])
def test_garbage_is_refused_in_one_line_and_nothing_is_written(
    tmp_path, garbage, edge_home, capsys
):
    path = tmp_path / "model.gguf"
    path.write_bytes(garbage)
    assert run(["import", str(path)]) == 20
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert not edge_home.exists()


@pytest.mark.parametrize(
    "name", ["../x", "/x", "a\0b", "x" * 300, "-rf", "qwen3-0.6b", "QWEN3-0.6B", "a:b", "a b"]
)
def test_a_name_that_cannot_be_or_is_taken_is_refused_and_nothing_is_written(
    tiny, name, edge_home, capsys
):
    assert run(["import", str(tiny), f"--name={name}"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not edge_home.exists()


@pytest.mark.parametrize("name", ["../x", ""])
def test_a_name_is_checked_before_the_file_is_looked_at(tmp_path, name, capsys):
    file = tmp_path / "model.gguf"
    file.write_bytes(b"garbage")
    assert run(["import", str(file), f"--name={name}"]) == 2
    assert "cannot name a model" in capsys.readouterr().err


@pytest.mark.weights
def test_a_name_for_a_file_of_the_catalog_is_checked_as_well(weights_path, edge_home):
    assert run(["import", str(weights_path), "--name=../x"]) == 2
    assert not edge_home.exists()


def test_a_name_of_other_weights_is_refused(tiny, tmp_path):
    given("import", tiny, "--name", "pet")
    other = make_tiny(tmp_path / "other.gguf", seed=1)
    assert run(["import", str(other), "--name", "pet"]) == 2
    assert len(on_the_shelf()) == 1


@pytest.mark.parametrize("words", [["import"], ["import", "x.gguf", "--found"]])
def test_a_file_or_found_and_not_both(words, capsys):
    assert run(words) == 2
    assert "edge import FILE.gguf" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_a_usage_error(tmp_path, edge_home, capsys):
    assert run(["import", str(tmp_path / "gone.gguf")]) == 2
    assert "gone.gguf" in capsys.readouterr().err
    assert not edge_home.exists()


def test_other_tools_that_fetched_nothing_are_said_to_have_nothing():
    ran = edge("import", "--found")
    assert (ran.code, ran.out) == (0, "")
    assert "fetched no model of the catalog" in ran.err


def fetched_by_another_tool(weights_path: Path, folder: Path) -> Path:
    """The real weights where LM Studio keeps its files, below a home."""
    path = folder / ".lmstudio" / "models" / "Qwen" / CODER_FILE
    path.parent.mkdir(parents=True)
    os.link(weights_path, path)
    return path


@pytest.mark.weights
def test_what_another_tool_fetched_is_listed_first_and_linked_when_agreed(weights_path, edge_home):
    path = fetched_by_another_tool(weights_path, edge_home)
    listed = edge("import", "--found")
    assert (listed.code, listed.out) == (0, "")
    assert f"{CODER} q4_k_m, 469 MiB: {path}\n" in listed.err
    assert "edge import --found --yes" in listed.err
    assert on_the_shelf() == []
    taken = edge("import", "--found", "--yes")
    assert taken.out == f"{CODER}: 469 MiB, from {path}; edge chat {CODER}\n"
    assert len(on_the_shelf()) == 1
    assert "is not here already" in edge("import", "--found").err


@pytest.mark.weights
def test_a_file_the_catalog_knows_keeps_the_catalogs_name(weights_path, tmp_path):
    path = tmp_path / "whatever.gguf"
    os.link(weights_path, path)
    ran = edge("import", path, "--name", "mine")
    assert ran.out.startswith(f"{CODER}: 469 MiB")
    assert "keeps that name" in ran.err


def test_a_damaged_shelf_does_not_hinder_an_import(tiny, tmp_path):
    given("import", tiny)
    flip_a_byte(on_the_shelf()[0])
    given("import", make_tiny(tmp_path / "other.gguf", seed=1))


def test_a_file_name_cannot_steer_the_terminal(tiny, tmp_path):
    hostile = tiny.rename(tmp_path / "a\x1b[2Jb.gguf")
    command = ["-m", "edge", "import", str(hostile)]
    terminal = pexpect.spawn(
        sys.executable, command, env=environ(TERM="dumb"), encoding="utf-8", timeout=30
    )
    terminal.expect(pexpect.EOF)
    assert "edge chat a-2jb" in terminal.before
    assert "\x1b" not in terminal.before
