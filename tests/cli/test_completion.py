"""Completion, in the real shells that are here: what is typed and what the shell makes of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pexpect
import pytest
from test_help import ALL

from edge.cli.completion.command import SHELLS, script
from edge.cli.completion.names import COMPLETERS
from edge.cli.main import run
from edge.core.errors import UsageError
from edge.settings.folders import Folders
from edge.settings.prompts import write_template
from edge.store.conversations import Conversations
from edge.store.database import open_database
from shell import CHECKOUT
from tiny_home import furnish

# How each begins without the user's own settings, and shows a prompt that can be waited for.
STARTS = {
    "bash": ["--norc", "--noprofile", "-i"],
    "zsh": ["-f", "-i"],
    "fish": ["--no-config", "-i"],
}
HERE = [shell for shell in STARTS if shutil.which(shell)]


@pytest.fixture
def on_path(tmp_path) -> Path:
    """A folder with `edge` in it, as an installation leaves it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "edge"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m edge "$@"\n')
    program.chmod(0o700)
    return folder


@pytest.fixture
def furnished(edge_home) -> Path:
    furnish(edge_home)
    write_template("brief-reply", "Be brief.", Folders.below(edge_home))
    return edge_home


@pytest.fixture(params=HERE)
def typing(request, on_path, furnished, tmp_path) -> Iterator[Callable[[str, str], None]]:
    """Types at a real shell, presses Tab, and waits for what the line then holds."""
    shell = request.param
    files = tmp_path / "files"
    files.mkdir()
    (files / "letter.txt").write_text("")
    environ = os.environ | {
        "PATH": f"{on_path}:{os.environ['PATH']}",
        "PYTHONPATH": str(CHECKOUT),
        "HOME": str(tmp_path),
        "TERM": "dumb" if shell != "fish" else "xterm",
        "XDG_CONFIG_HOME": str(tmp_path),
    }
    process = pexpect.spawn(
        shell,
        STARTS[shell],
        cwd=files,
        env=environ,
        encoding="utf-8",
        dimensions=(24, 200),
        timeout=20,
    )
    written = tmp_path / f"edge.{shell}"
    written.write_text(script(shell))
    before = "autoload -Uz compinit && compinit -u -D; " if shell == "zsh" else ""
    process.sendline(f"{before}source {written}; echo rea''dy")
    process.expect("ready\r?\n")

    def until(typed: str, line: str) -> None:
        # Ctrl-U empties the line; Ctrl-A goes to its start, so that it is shown and not run.
        process.send(f"\x15{typed}\t\x01echo :\r")
        process.expect(f":{re.escape(line)}")

    yield until
    process.close(force=True)


def test_a_shell_completes_commands_names_flags_and_files(typing):
    typing("edge prompt show brief", "edge prompt show brief-reply")
    typing("edge ask --templ", "edge ask --template")
    typing("edge pull qwen2.5-0.5b:q8", "edge pull qwen2.5-0.5b:q8_0")
    typing("edge import lett", "edge import letter.txt")


# Without a shell: what is offered, as each of the scripts asks for it.


def offered(line: str, **more: str) -> list[str]:
    """What is offered at the end of a line, with what is said of it."""
    asking = {
        "_EDGE_COMPLETE": "complete_fish",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "_TYPER_COMPLETE_ARGS": line,
    }
    done = subprocess.run(
        [sys.executable, "-m", "edge"],
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)} | asking | more,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return [each for each in done.stdout.splitlines() if each]


def test_conversations_are_offered_by_id_and_nothing_of_a_title_means_anything(furnished, capsys):
    with closing(open_database(Folders.below(furnished).store)) as database:
        kept = Conversations(database)
        talk = kept.start(model="tiny", system="")
        kept.set_title(talk.id, "a $(reboot) `b` 'c' \"d\" 你好: [e]", by_user=True)
    assert offered("edge log show ") == [f"{talk.id}\ta reboot b c d 你好 e"]


def test_an_offer_that_cannot_be_made_says_nothing(edge_home):
    store = Folders.below(edge_home).store
    store.parent.mkdir(parents=True)
    store.write_bytes(b"no store" * 1000)
    assert offered("edge log show ") == []


def test_offers_import_no_engine(furnished):
    heavy = ("llama_cpp", "numpy", "prompt_toolkit", "edge.engine.edge.engine")
    code = (
        "import sys\nfrom edge.cli.completion.names import COMPLETERS\n"
        "from edge.settings.folders import Folders\n"
        "for each in COMPLETERS.values(): list(each(Folders.find()))\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_every_offer_is_for_a_parameter_there_is():
    commands = {path.rpartition(" ")[0] for path in COMPLETERS if " " in path}
    assert commands <= set(ALL)


def test_a_script_is_printed_for_each_shell(capsys):
    for shell in (*SHELLS, "pwsh"):
        assert run(["completion", shell]) == 0
        assert "complete_fish" in capsys.readouterr().out


def test_a_shell_there_is_none_for_is_answered_with_those_there_are(capsys, monkeypatch):
    assert run(["completion", "csh"]) == 2
    assert "there is no completion for 'csh'; try: edge completion" in capsys.readouterr().err
    monkeypatch.delenv("SHELL", raising=False)
    assert run(["completion"]) == 2
    monkeypatch.setenv("SHELL", "/usr/bin/zsh")
    assert run(["completion"]) == 0
    assert capsys.readouterr().out == script("zsh")
    with pytest.raises(UsageError):
        script("../../main")
