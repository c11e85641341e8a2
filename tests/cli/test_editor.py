"""The user's editor: what it leaves counts, and whatever it does nothing typed is lost."""

from __future__ import annotations

import os
import shlex
import stat
import sys
from pathlib import Path

import pexpect
import pytest

from edge.cli.editor import edit, found_editor
from edge.core.errors import UsageError
from shell import CHECKOUT, PATIENCE_S


@pytest.fixture(autouse=True)
def scratch(tmp_path, monkeypatch) -> Path:
    """Where the texts lie while they are edited."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture
def editor(tmp_path):
    """Makes an editor of a line of Python, which knows the file as `path`."""

    def make(line: str) -> dict[str, str]:
        script = tmp_path / "an editor.py"
        script.write_text(f"import os, sys, pathlib\npath = pathlib.Path(sys.argv[-1])\n{line}\n")
        return os.environ | {"VISUAL": f"{sys.executable} {shlex.quote(str(script))}"}

    return make


APPEND = "path.write_text(path.read_text('utf-8') + 'more\\n', 'utf-8')"


def test_what_the_editor_leaves_is_the_text_and_no_file_stays(editor, scratch):
    assert edit("first\nsecond", environ=editor(APPEND)) == "first\nsecond\nmore"
    assert list(scratch.iterdir()) == []


def test_a_newline_at_the_end_is_the_texts_own(editor):
    assert edit("first\n", environ=editor(APPEND)) == "first\nmore\n"


def test_a_text_that_is_left_as_it_was_is_none(editor, scratch):
    assert edit("你好", environ=editor("pass")) is None
    assert edit("", environ=editor("pass")) is None
    assert edit("a\r\nb", environ=editor("pass")) is None
    assert list(scratch.iterdir()) == []


def test_the_newlines_of_another_system_are_no_change(editor):
    line = "path.write_bytes(path.read_bytes().replace(b'\\n', b'\\r\\n'))"
    assert edit("a\nb", environ=editor(line)) is None


def test_a_text_that_is_emptied_is_empty(editor):
    assert edit("first", environ=editor("path.write_text(' \\n')")) == ""


def test_the_file_is_its_owners_alone_and_named_by_its_kind(editor):
    line = "path.write_text(f'{path.name} {path.stat().st_mode:o} {path.parent.stat().st_mode:o}')"
    name, mode, folder_mode = edit("x", ".toml", editor(line)).split()
    assert name == "text.toml"
    assert stat.S_IMODE(int(mode, 8)) == 0o600
    assert stat.S_IMODE(int(folder_mode, 8)) == 0o700


def test_the_editor_does_not_see_a_key(editor):
    environ = editor("path.write_text(os.environ.get('DASHSCOPE_API_KEY', 'no key'))")
    assert edit("x", environ=environ | {"DASHSCOPE_API_KEY": "sk-1"}) == "no key"


# Which editor.


def test_visual_comes_before_editor_and_an_empty_one_does_not_count():
    assert found_editor({"VISUAL": "a -x", "EDITOR": "b"}) == ("a -x", ["a", "-x"])
    assert found_editor({"VISUAL": " ", "EDITOR": "b"}) == ("b", ["b"])


def test_without_a_name_a_usual_editor_is_taken(tmp_path):
    for name in ("vi", "nano"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o700)
    assert found_editor({"PATH": str(tmp_path)}) == ("nano", ["nano"])


def test_a_path_with_a_blank_is_one_program(tmp_path):
    program = tmp_path / "my editor"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o700)
    assert found_editor({"EDITOR": str(program)})[1] == [str(program)]


@pytest.mark.parametrize(
    ("named", "command"),
    [
        ("code", ["code", "--wait"]),
        ("code -w", ["code", "-w"]),
        ("/usr/bin/gvim -p", ["/usr/bin/gvim", "-p", "--nofork"]),
        ("vim", ["vim"]),
    ],
)
def test_an_editor_with_a_window_is_waited_for(named, command):
    assert found_editor({"EDITOR": named})[1] == command


# Editors that fail.


def failure(text: str, environ: dict[str, str]) -> UsageError:
    with pytest.raises(UsageError) as caught:
        edit(text, environ=environ)
    return caught.value


def test_no_editor_at_all_says_how_to_name_one(tmp_path, scratch):
    error = failure("x", {"PATH": str(tmp_path)})
    assert error.line() == (
        "no editor is named, and none of the usual ones is on this machine; "
        "the text is as it was; try: export EDITOR=nano"
    )
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("named", ["no-such-editor-anywhere", "/etc", "nano '"])
def test_an_editor_that_cannot_be_started_is_named(named, scratch):
    error = failure("x", os.environ | {"VISUAL": named})
    assert repr(named) in error.message
    assert error.kept == "the text is as it was"
    assert list(scratch.iterdir()) == []


def test_an_editor_that_fails_before_a_change_leaves_nothing_behind(editor, scratch):
    error = failure("x", editor("sys.exit(3)"))
    assert error.message.endswith("ended with code 3")
    assert error.kept == "the text is as it was"
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(
    ("end", "said"),
    [("sys.exit(1)", "ended with code 1"), ("os.kill(os.getpid(), 9)", "was ended by SIGKILL")],
)
def test_what_was_typed_before_an_editor_failed_is_kept_and_named(editor, scratch, end, said):
    error = failure("x", editor(f"{APPEND}\n{end}"))
    (kept,) = scratch.glob("*/text.md")
    assert error.message.endswith(said)
    assert error.kept == f"what was typed is kept in {kept}"
    assert kept.read_text() == "x\nmore\n"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_what_is_no_text_is_kept_and_named(editor, scratch):
    error = failure("x", editor("path.write_bytes(b'\\xff')"))
    assert error.message == "what the editor wrote is not UTF-8"
    assert error.kept.startswith(f"what was typed is kept in {scratch}")


def test_a_file_the_editor_took_away_is_said(editor, scratch):
    assert failure("x", editor("path.unlink()")).message == "the edited file is gone"
    assert list(scratch.iterdir()) == []


# At a terminal.

EDITS = """
import os, tempfile
from edge.cli.editor import edit
from edge.cli.talk.interrupt import leave_in_order
from edge.core.errors import EdgeError
leave_in_order()
tempfile.tempdir = os.environ["SCRATCH"]
try:
    print("text:", edit("first"))
except EdgeError as error:
    print("error:", error.message[-20:])
os.system("stty -a | grep -o -- '-*icanon'")
"""


@pytest.fixture
def at_terminal(editor, scratch):
    """Runs `edit` at a real terminal, with an editor of a line of Python."""
    processes = []

    def begin(line: str) -> pexpect.spawn:
        environ = editor(line) | {"SCRATCH": str(scratch), "PYTHONPATH": str(CHECKOUT)}
        processes.append(
            pexpect.spawn(sys.executable, ["-c", EDITS], env=environ, timeout=PATIENCE_S)
        )
        return processes[-1]

    yield begin
    for process in processes:
        process.close(force=True)


def test_ctrl_c_is_the_editors_own(at_terminal):
    line = f"try:\n print('open'); sys.stdin.read()\nexcept KeyboardInterrupt:\n {APPEND}"
    process = at_terminal(line)
    process.expect("open")
    process.sendintr()
    process.expect("text: first\r\nmore")
    process.expect(pexpect.EOF)


def test_a_killed_editor_leaves_the_terminal_ordinary(at_terminal):
    line = "import tty; tty.setraw(0); print('open', flush=True); os.kill(os.getpid(), 9)"
    process = at_terminal(line)
    process.expect("error: was ended by SIGKILL")
    assert b"\x1b[?1049l" in process.before
    process.expect(rb"\r\n(-?icanon)")
    assert process.match[1] == b"icanon"


def test_an_end_from_outside_ends_the_editor_and_keeps_what_was_typed(at_terminal, scratch):
    process = at_terminal(f"{APPEND}\nprint('open', flush=True); import time; time.sleep(600)")
    process.expect("open")
    process.kill(15)
    process.expect(pexpect.EOF)  # only once the editor let go of the terminal, too
    (kept,) = scratch.glob("*/text.md")
    assert kept.read_text() == "first\nmore\n"
