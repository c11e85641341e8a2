"""What the doctor says of the terminal, colours, widths, fonts, editor and language."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest

from edge.cli.doctor.checkup import Check, State
from edge.cli.doctor.terminal import check_terminal
from edge.core.say import ENGLISH, speak
from edge.settings.catalogs import catalog
from edge.settings.folders import Folders
from shell import CHECKOUT, PATIENCE_S


@pytest.fixture
def found(edge_home, tmp_path) -> Callable[..., dict[str, Check]]:
    """The checks by name, in an environment of these variables alone."""

    def check(**environ: str) -> dict[str, Check]:
        own = {"PATH": str(tmp_path), "EDITOR": sys.executable, "TERM": "xterm-256color"}
        folders = Folders.below(edge_home)
        return {each.name: each for each in check_terminal(folders, own | environ)}

    return check


def program(folder: Path, name: str, line: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o700)


def test_each_part_is_looked_at_and_none_is_ever_broken(found):
    for environ in ({}, {"TERM": "dumb", "EDITOR": "no-such-editor", "DISPLAY": ":0"}):
        checks = found(**environ)
        assert list(checks) == ["terminal", "colours", "width", "fonts", "editor", "language"]
        assert State.BROKEN not in {check.state for check in checks.values()}


@pytest.mark.parametrize(
    ("environ", "text"),
    [
        ({}, "256, of which the first 16 are used; NO_COLOR=1 switches them off"),
        ({"COLORTERM": "truecolor"}, "16777216, of which the first 16 are used; NO_COLOR=1 "),
        ({"TERM": "no-such-terminal"}, "how many cannot be told; 16 are used"),
        ({"NO_COLOR": "1"}, "none (NO_COLOR)"),
    ],
)
def test_colours_are_told_from_what_the_terminal_is_called(environ, text):
    # curses reads a terminal's description once a process.
    assert colours_in_a_process(environ).startswith(text)


def colours_in_a_process(environ: dict[str, str]) -> str:
    code = (
        "from edge.cli.doctor.terminal import check_terminal\n"
        "from edge.settings.folders import Folders\n"
        "checks = {each.name: each.text for each in check_terminal(Folders.find())}\n"
        "print(checks['colours'])"
    )
    names = ("NO_COLOR", "COLORTERM", "TERM")
    own = {name: value for name, value in os.environ.items() if name not in names}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=own | {"TERM": "xterm-256color", "PYTHONPATH": str(CHECKOUT)} | environ,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_an_editor_that_is_named_is_looked_for(found, tmp_path):
    assert found()["editor"].text == f"{sys.executable} (from EDITOR)"
    missing = found(VISUAL="no-such-editor -x")["editor"]
    assert (missing.state, missing.hint) == (State.WARN, "export EDITOR=nano")
    assert "'no-such-editor -x'" in missing.text
    assert found(EDITOR="")["editor"].state is State.WARN
    program(tmp_path, "nano", "exit 0")
    assert found(EDITOR="")["editor"].text.startswith("nano, the first that is here")


def test_fonts_are_those_of_the_machine_that_draws(found, tmp_path):
    assert "cannot be told here" in found()["fonts"].text
    assert "cannot be told here" in found(DISPLAY=":0")["fonts"].text
    program(tmp_path, "fc-list", "exit 0")
    none = found(DISPLAY=":0")["fonts"]
    assert (none.state, none.text) == (State.WARN, "none with Chinese is installed")
    program(tmp_path, "fc-list", "echo 'WenQuanYi Zen Hei,文泉驛正黑'")
    assert found(WAYLAND_DISPLAY="w")["fonts"].text == "Chinese is shown with WenQuanYi Zen Hei"
    elsewhere = found(DISPLAY=":0", SSH_CONNECTION="a b c d")["fonts"]
    assert elsewhere.text == "those of the machine whose screen this is"


def test_the_language_is_named_in_itself(found):
    assert found(EDGE_LANG="zh_CN")["language"].text.startswith("简体中文; ")
    assert found(LANG="C.UTF-8")["language"].text.startswith("English; ")


def test_chinese_remarks_are_parted_as_chinese_is(found):
    speak(catalog("zh_CN"))
    try:
        text = found()["colours"].text
    finally:
        speak(ENGLISH)
    assert "；" in text
    assert "; " not in text


# At a terminal.

LOOKS = """
from edge.cli.doctor.terminal import check_terminal
from edge.settings.folders import Folders
for each in check_terminal(Folders.find()):
    print(each.state, each.name, each.text, "|", each.hint)
"""


@pytest.fixture
def looking() -> Iterator[Callable[..., pexpect.spawn]]:
    """Looks at a real terminal of this size."""
    processes = []

    def begin(columns: int = 100, **environ: str) -> pexpect.spawn:
        own = {"TERM": "xterm", "PYTHONPATH": str(CHECKOUT), "LC_ALL": "C.UTF-8"}
        processes.append(
            pexpect.spawn(
                sys.executable,
                ["-c", LOOKS],
                env=os.environ | own | environ,
                dimensions=(30, columns),
                encoding="utf-8",
                timeout=PATIENCE_S,
            )
        )
        return processes[-1]

    yield begin
    for process in processes:
        process.close(force=True)


def answering(process: pexpect.spawn, *columns: int) -> str:
    """Tell the program where the cursor is each time it asks; the width's line."""
    for column in columns:
        process.expect_exact("\x1b[6n")
        process.send(f"\x1b[1;{column}R")
    process.expect(r"(ok|warn) width ([^\r]*)")
    return f"{process.match[1]} {process.match[2]}"


def test_widths_are_measured_where_the_terminal_answers(looking):
    line = answering(looking(), 3, 3)
    assert line == "ok a Chinese character takes 2 columns, an emoji 2 | "


def test_a_terminal_that_counts_otherwise_is_warned_of(looking):
    line = answering(looking(), 3, 2)
    assert line.startswith("warn a Chinese character takes 2 columns, an emoji 1; 2 / 2 were")


def test_a_terminal_that_does_not_answer_is_not_waited_for_twice(looking):
    process = looking()
    line = answering(process)
    assert line.startswith("ok UTF-8; how wide a character is shown cannot be told")
    assert process.before.count("\x1b[6n") == 1


def test_size_and_what_is_too_narrow_are_told(looking):
    process = looking(columns=39)
    process.expect_exact("warn terminal 39 columns, 30 rows; TERM is xterm | a window of 40")


def test_a_terminal_without_chinese_is_told_what_to_type(looking):
    process = looking(PYTHONIOENCODING="ascii:replace", TERM="dumb")
    process.expect_exact("warn terminal 100 columns, 30 rows; TERM is dumb; it moves no cursor")
    process.expect_exact("warn width text goes out as ascii, which has no Chinese | export LC_ALL")
