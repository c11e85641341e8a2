"""Every command and every piece of code in the README does what it is shown for."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cloud_server import MODEL, CloudServer, reply
from faulty_server import FaultyServer
from shell import NOBODY, as_on_the_hub, tiny_bytes
from tiny_gguf import make_tiny

TOP = Path(__file__).parents[2]
README = (TOP / "README.md").read_text()
# Installing and testing are what brought us here; the wheel and the house have tests of their own.
NOT_HERE = ("python3 -m venv", "pip install")


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """Every command line in the README, in its order."""
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith(NOT_HERE)]


def as_typed(line: str) -> str:
    """What a reader types for the words that stand for something; nobody is there to say yes."""
    words = {
        "git diff": "cat diff.txt",
        "edge rm NAME": "edge rm mine --yes",
        "edge cloud login": (
            'printf sk-0123456789abcdef | edge cloud login stand-in --base-url "$STAND_IN"'
            f" --model {MODEL} --new public --mode auto --yes"
        ),
    }
    for shown, typed in words.items():
        line = line.replace(shown, typed)
    return line


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an `edge` to put in front of PATH."""
    folder = tmp_path_factory.mktemp("bin")
    script = folder / "edge"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m edge "$@"\n')
    script.chmod(0o755)
    return folder


@pytest.mark.weights
def test_every_command_of_the_readme_runs(weights_home: Path, shim: Path, tmp_path: Path) -> None:
    make_tiny(tmp_path / "FILE.gguf", seed=1)
    (tmp_path / "diff.txt").write_text("-print('hallo')\n+print('hello')\n")
    shutil.copytree(TOP / "docs", tmp_path / "docs")
    with (
        FaultyServer(as_on_the_hub(tiny_bytes(tmp_path))) as hub,
        CloudServer(reply("The Yangtze.")) as cloud,
    ):
        environ = os.environ | {
            "PATH": f"{shim}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(sys.path),
            "HF_ENDPOINT": hub.url,
            "EDGE_MODELSCOPE_ENDPOINT": NOBODY,
            "HF_HOME": str(tmp_path / "hf"),
            "HOME": str(tmp_path),
            "EDGE_MAX_TOKENS": "24",
            "STAND_IN": cloud.base_url,
        }
        (tmp_path / "notes.md").write_text("# Kepler\nOur dog. He likes long walks.\n")
        # What the README shows of a chat was said before its next lines are typed.
        talk = "Show a function that counts words.\n/rename Python Function Example\n"
        subprocess.run(
            [shim / "edge", "chat"], input=talk, text=True, env=environ, cwd=tmp_path, check=True
        )
        assert len(commands()) >= 20
        for line in commands():
            done = subprocess.run(
                ["bash", "-c", f"set -o pipefail; {as_typed(line)}"],
                env=environ,
                cwd=tmp_path,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            assert done.returncode == 0, (line, done.stderr)
            assert done.stdout or done.stderr, line
        assert len(cloud.requests) == 1, "the one that asked for the cloud"


@pytest.mark.weights
def test_the_readmes_ten_lines_hold_a_conversation(weights_home: Path) -> None:
    (code,) = blocks("python")
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert len([line for line in code.splitlines() if line.strip()]) <= 10
    assert done.stdout.strip().endswith("(end)")


def test_the_readmes_layout_names_every_module() -> None:
    house = README.split("## The house")[1]
    modules = [path for path in (TOP / "edge").rglob("*.py") if path.name != "__init__.py"]
    missing = [str(path.relative_to(TOP)) for path in modules if path.name not in house]
    assert missing == []
