"""Every end of a command line: one line on standard error and the promised exit code."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest
import typer

import edge
from edge.cli.main import COMMANDS, Commands, ending, run
from edge.core.errors import CloudError, CloudFault, DoesNotFit, EdgeError
from shell import edge_in_shell
from tiny_home import furnish


def test_the_version_is_on_standard_output(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr() == (f"edge {edge.__version__}\n", "")


def test_no_words_show_the_help_and_are_a_usage_error(capsys):
    assert run([]) == 2
    assert capsys.readouterr().out.startswith("Usage: edge ")


@pytest.mark.parametrize(
    ("word", "said"),
    [("xyz", "there is no command 'xyz'"), ("--nope", "No such option: --nope")],
)
def test_an_unknown_word_is_one_line_and_says_where_to_look(capsys, word, said):
    assert run([word]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"edge: {said}")
    assert err.endswith("; try: edge --help\n")
    assert err.count("\n") == 1


def test_every_command_answers_to_help_in_plain_text(capsys):
    for name in COMMANDS:
        assert run([name, "--help"]) == 0
        out, _ = capsys.readouterr()
        assert out.startswith(f"Usage: edge {name} ")
        assert "--install-completion" not in out


@pytest.mark.parametrize(
    ("fault", "line", "code"),
    [
        (
            DoesNotFit("too big: 2 GiB", kept="the chat is kept", hint="edge models"),
            "too big: 2 GiB; the chat is kept; try: edge models",
            22,
        ),
        (KeyboardInterrupt(), "cancelled", 130),
        (typer.Abort(), "cancelled", 130),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            "no room on the disk for what is written there",
            12,
        ),
        (ValueError("two\nlines"), "a bug: ValueError: two lines; see: edge --debug …", 1),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_a_failure_is_one_line_and_its_own_exit_code(fault, line, code):
    assert ending(fault) == (line, code)


def test_every_error_has_the_exit_code_of_its_class():
    for error in [*EdgeError.__subclasses__(), *CloudError.__subclasses__()]:
        how = {"fault": CloudFault.SERVER} if issubclass(error, CloudError) else {}
        assert ending(error("x", **how))[1] == error.exit_code


def test_a_command_is_looked_up_by_its_name_alone():
    group = Commands(name="edge")
    assert group.get_command(None, "no-such-command") is None
    assert group.list_commands(None) == list(COMMANDS)


FAILING = """
import typer
from edge.core.errors import Busy
app = typer.Typer()
FAULTS = {"ours": Busy("held", hint="wait"), "bug": ValueError("odd"), "stop": KeyboardInterrupt(),
    "steering": ValueError("\\x1b]0;x")}

@app.command()
def fail(how: str) -> None:
    "Fail."
    typer.echo("so far")
    raise FAULTS[how]
"""
WITH_FAILING = """
from edge.cli.main import COMMANDS, main
COMMANDS["fail"] = "failing"
main()
"""


@pytest.fixture
def failing(tmp_path):
    """Runs a command line in a process of its own where `edge fail` fails as told."""
    (tmp_path / "failing.py").write_text(FAILING)

    def run_failing(*args: str) -> tuple[int, str, str]:
        command = [sys.executable, "-c", WITH_FAILING, *args]
        path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
        environ = os.environ | {"PYTHONPATH": path}
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    return run_failing


@pytest.mark.parametrize(
    ("how", "code", "said"),
    [
        ("ours", 13, "edge: held; try: wait\n"),
        ("bug", 1, "edge: a bug: ValueError: odd; see: edge --debug …\n"),
        ("stop", 130, ""),
    ],
)
def test_a_failing_command_keeps_what_it_printed_and_shows_no_traceback(failing, how, code, said):
    assert failing("fail", how) == (code, "so far\n", said)


def test_the_traceback_is_shown_under_debug(failing):
    code, _, err = failing("--debug", "fail", "bug")
    assert code == 1
    assert err.startswith("Traceback (most recent call last):\n")
    assert err.endswith("edge: a bug: ValueError: odd; see: edge --debug …\n")


@pytest.mark.parametrize("value", ["", "0", "false", "No"])
def test_debug_can_be_switched_off_by_its_variable(failing, monkeypatch, value):
    monkeypatch.setenv("EDGE_DEBUG", value)
    assert failing("fail", "bug")[2] == "edge: a bug: ValueError: odd; see: edge --debug …\n"


def test_the_traceback_cannot_steer_the_terminal(failing):
    assert "\x1b" not in failing("--debug", "fail", "steering")[2]


def test_the_help_names_a_command_that_is_registered_by_name(failing):
    code, out, err = failing("--help")
    assert (code, err) == (0, "")
    assert ["fail", "Fail."] in [line.split() for line in out.splitlines()]


def test_a_mistyped_command_is_answered_with_the_near_one(failing):
    expected = "edge: there is no command 'fial'; try: edge fail\n"
    assert failing("fial", "ours") == (2, "", expected)


def edge_process(*args: str, **more: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "edge", *args],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        **more,
    )


def test_a_reader_that_leaves_early_hears_nothing():
    reading, writing = os.pipe()
    os.close(reading)
    process = edge_process("--help", stdout=writing)
    os.close(writing)
    _, err = process.communicate()
    assert (process.returncode, err) == (141, b"")


def test_a_closed_standard_output_is_no_bug():
    closed = "exec >&-; exec '{}' -m edge --version"
    done = subprocess.run(
        ["sh", "-c", closed.format(sys.executable)], stderr=subprocess.PIPE, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("models >&-", 0, ""),
        ("models 2>&-", 0, ""),
        ("rm tiny <&-", 2, "nobody is here to be asked"),
        ("ask -m qwen2.5-0.5b hi <&-", 2, "is not on this machine"),
        ("verify 2>&-", 0, ""),
        ("ask -m tiny --max-tokens 1 hi <&-", 0, ""),
        ("ask -m tiny --max-tokens 1 hi >&-", 0, ""),
        ("ask -m tiny --max-tokens 1 hi 2>&-", 0, ""),
        ("chat tiny <&-", 0, ""),
    ],
)
def test_a_closed_stream_is_no_bug(edge_home, words, code, said):
    furnish(edge_home)
    ran = edge_in_shell(words)
    assert ran.code == code, ran.err
    assert said in ran.err
    assert "bug" not in ran.err


@pytest.mark.parametrize("words", ["ask -m tiny --max-tokens 1 hi", "chat tiny"])
def test_a_standard_input_that_cannot_be_read_is_an_empty_one(edge_home, words):
    furnish(edge_home)
    ran = edge_in_shell(f"{words} 0>/dev/null")  # as nohup leaves it
    assert ran.code == 0, ran.err


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_disk_is_said_in_one_line():
    with open("/dev/full", "wb") as full:
        process = edge_process("--help", stdout=full)
        _, err = process.communicate()
    assert process.returncode == 12
    assert err == b"edge: no room on the disk for what is written there\n"


def test_python_looks_for_garbage_seldom_at_the_start_and_briefly_once_a_person_types():
    code = (
        "import gc; from edge.cli import garbage; garbage.look_seldom(); print(gc.get_threshold());"
        "garbage.look_briefly(); print(gc.get_threshold(), gc.get_freeze_count() > 1000)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    usual = subprocess.run(
        [sys.executable, "-c", "import gc; print(gc.get_threshold())"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    seldom, then = done.stdout.splitlines()
    assert seldom.startswith("(50000, ")
    assert then == f"{usual} True"
