"""`edge verify` finds one wrong byte, and `edge rm` takes weights away only when told."""

from __future__ import annotations

import sys
from pathlib import Path

import pexpect
import pytest

from edge.cli.main import run
from shell import edge, environ, flip_a_byte, given, on_the_shelf
from terminal import at_terminal
from tiny_gguf import make_tiny


@pytest.fixture
def two(tmp_path: Path) -> None:
    """A sound `cat` and a sound `dog` on the shelf, nothing else holding their bytes."""
    for seed, name in enumerate(("cat", "dog")):
        source = make_tiny(tmp_path / f"{name}.gguf", seed=seed)
        given("import", source)
        source.unlink()


def weights_of(name: str) -> Path:
    """The file on the shelf under a name."""
    return next(
        path for path in on_the_shelf() if f'"{name}"' in path.with_suffix(".json").read_text()
    )


def test_sound_weights_are_ok(two):
    ran = edge("verify")
    assert (ran.code, ran.err) == (0, "")
    assert [line.split("\t")[:2] for line in ran.out.splitlines()] == [["ok", "cat"], ["ok", "dog"]]


def test_one_wrong_byte_under_an_old_time_stamp_is_found_and_the_rest_still_reported(two):
    flip_a_byte(weights_of("cat"))
    ran = edge("verify")
    assert ran.code == 11
    assert [line.split("\t")[:2] for line in ran.out.splitlines()] == [
        ["DAMAGED", "cat"],
        ["ok", "dog"],
    ]
    assert ran.err.startswith("edge: 1 of 2 damaged: cat; try: edge rm --yes cat")


def test_one_model_can_be_verified_alone(two):
    flip_a_byte(weights_of("cat"))
    assert run(["verify", "dog"]) == 0
    assert run(["verify", "cat"]) == 11


def test_no_weights_are_no_damage():
    ran = edge("verify")
    assert (ran.code, ran.out, ran.err) == (0, "", "no model is here\n")


@pytest.mark.parametrize("command", ["verify", "rm"])
def test_a_name_that_is_not_here_is_answered_with_the_near_one(two, command):
    ran = edge(command, "cart")
    assert ran.code == 2
    assert ran.err == "edge: 'cart' is not on this machine; try: cat\n"


def test_rm_frees_the_bytes_and_leaves_the_rest(two):
    size = weights_of("cat").stat().st_size
    ran = edge("rm", "cat", "--yes")
    assert (ran.code, ran.out) == (0, f"cat is removed; frees {size / 1024:.0f} KiB\n")
    assert len(on_the_shelf()) == 1
    assert run(["verify", "cat"]) == 2


def test_rm_takes_damaged_weights_away_as_well(two):
    weights_of("cat").write_bytes(b"no model")
    given("rm", "cat", "--yes")
    assert len(on_the_shelf()) == 1


def test_rm_says_when_nothing_is_freed_because_the_original_stays(tmp_path):
    given("import", make_tiny(tmp_path / "cat.gguf"))
    linked = weights_of("cat").stat().st_nlink == 2
    out = edge("rm", "cat", "--yes").out
    assert (f"have another name, at {tmp_path / 'cat.gguf'}" in out) is linked
    assert (tmp_path / "cat.gguf").exists()


def test_rm_without_anybody_to_ask_wants_yes(two):
    ran = edge("rm", "cat")
    assert ran.code == 2
    assert ran.err.endswith("try: edge rm --yes cat\n")
    assert len(on_the_shelf()) == 2


@pytest.mark.parametrize(("answer", "code", "left"), [("y", 0, 0), ("n", 130, 1)])
def test_rm_asks_a_person(tmp_path, answer, code, left):
    given("import", make_tiny(tmp_path / "cat.gguf"))
    terminal = pexpect.spawn(
        sys.executable, ["-m", "edge", "rm", "cat"], env=environ(), encoding="utf-8", timeout=30
    )
    terminal.expect(r"Remove cat\?.*\[y/N\]")
    terminal.sendline(answer)
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert (terminal.exitstatus, len(on_the_shelf())) == (code, left)


@pytest.mark.weights
def test_a_model_of_the_catalog_goes_by_its_name_with_or_without_its_quant(weights_home):
    assert run(["rm", "qwen2.5-coder-1.5b", "--yes"]) == 2
    given("rm", "QWEN2.5-coder-0.5b:q4_k_m", "--yes")
    assert list((weights_home / "models").glob("sha256-*")) == []


def test_the_original_of_weights_cannot_steer_the_terminal_that_asks_about_them(tmp_path):
    given("import", make_tiny(tmp_path / "src\x1b[2J\x1b]0;pwned\x07.gguf"), "--name", "mine")
    with at_terminal("rm", "mine") as screen:
        screen.wait("Remove mine?")
        screen.type("y")
        assert screen.wait_end() == 0
    assert not {"\x1b", "\x07"} & set(screen.raw)


def test_no_name_is_not_every_name(two):
    ran = edge("verify", "")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("edge: '' is not on this machine")
