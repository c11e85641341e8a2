"""Every command and every piece of code in the README does what it is shown for."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from cloud_server import MODEL, CloudServer, reply
from edge.core.message import Label
from edge.settings.chosen import Settings, env_name
from edge.settings.cloud import ENV_MODE, ENV_POLICY, load_cloud
from edge.settings.folders import Folders
from faulty_server import FaultyServer
from shell import NOBODY, as_on_the_hub, edge, tiny_bytes
from tiny_gguf import make_tiny

TOP = Path(__file__).parents[2]
README = (TOP / "README.md").read_text("utf-8")
CHINESE = (TOP / "README.zh-CN.md").read_text("utf-8")
# Installing and testing are what brought us here; the wheel and the house have tests of their own.
NOT_HERE = ("python3 -m venv", "pip install")


def blocks(language: str, text: str = README) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """Every command line in the README, in its order."""
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith(NOT_HERE)]


def as_typed(line: str) -> str:
    """What a reader types for the words that stand for something; nobody is there to say yes."""
    words = {
        "git diff": "cat diff.txt",
        "edge chat --continue": "echo And lines? | edge chat --continue",
        "edge rm NAME": "edge rm mine --yes",
        # With real weights it has a test of its own, and takes as long as all the rest.
        "edge demo --fast": (
            "edge import FILE.gguf --name toy && edge demo toy --fast && edge rm toy --yes"
        ),
        # Cut short a reply is a reply, but no object of a schema.
        "edge ask --schema": "edge ask --max-tokens 40 --schema",
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
            "EDGE_MAX_TOKENS": "8",
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


# The units with a Chinese name; the others are spelled the same in both.
UNITS = {
    "个 token": "token",
    "字节": "byte",
    "位": "bit",
    "轮": "turn",
    "个线程": "thread",
    "秒": "s",
}
SPELLED = rf"[MG]i?B|tok/s|ms|s\b|%|token|byte|bit|turn|thread|{'|'.join(UNITS)}"
FIGURE = re.compile(rf"(\d+(?:[.,]\d+)*)(?:[ -]?({SPELLED}))?")


def typed(text: str) -> list[str]:
    """The command lines of a README without the remarks behind them."""
    lines = [line for block in blocks("sh", text) for line in block.splitlines()]
    return [re.sub(r"\s+# .*", "", line) for line in lines if line]


def tables(text: str) -> list[list[list[str]]]:
    """Every table of a README: rows of cells, without the rule below the head."""
    found = re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE)
    rows = [[row.strip("|").split(" |") for row in table.splitlines()] for table in found]
    return [[head, *body] for head, _, *body in rows]


def code(cell: str) -> list[str]:
    """The pieces of code in a cell."""
    return re.findall(r"`([^`]+)`", cell)


def same_in_every_language(cell: str) -> tuple[list[str], list[tuple[str, str]]]:
    """The code of a cell and its figures with their units; the order is the language's own."""
    prose = re.sub(r"`[^`]+`", "", cell)
    figures = [(n, UNITS.get(unit, unit)) for n, unit in FIGURE.findall(prose)]
    return sorted(code(cell)), sorted(figures)


def anchors(text: str) -> set[str]:
    """What a link may point at in a README, as GitHub makes it of the headings."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", prose, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def lost(link: str) -> bool:
    """Whether a link of the Chinese README leads nowhere in this checkout."""
    name, _, anchor = link.partition("#")
    path = TOP / (name or "README.zh-CN.md")
    return not path.is_file() or bool(anchor and anchor not in anchors(path.read_text("utf-8")))


def test_the_chinese_readme_shows_no_command_of_its_own() -> None:
    assert typed(CHINESE)
    assert [line for line in typed(CHINESE) if line not in typed(README)] == []
    for shown in ("text", "python"):
        assert blocks(shown, CHINESE) == blocks(shown, README)


def test_every_link_between_the_readmes_and_to_the_files_beside_them_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", CHINESE)
    assert {"README.md", "README.md#the-house", "docs/policy.md"} <= set(links)
    assert [link for link in links if "://" not in link and lost(link)] == []
    assert README.splitlines()[2] == "[简体中文](README.zh-CN.md)"
    assert CHINESE.splitlines()[2] == "[English](README.md)"


def test_the_chinese_readmes_tables_say_the_same_code_and_figures() -> None:
    ours, theirs = tables(CHINESE), tables(README)
    assert len(ours) == len(theirs)
    for table, original in zip(ours, theirs, strict=True):
        for row, model in zip(table, original, strict=True):
            assert len(row) == len(model), row
            for cell, wanted in zip(row, model, strict=True):
                assert same_in_every_language(cell) == same_in_every_language(wanted), row


def test_the_chinese_readme_has_no_figure_of_its_own() -> None:
    figures = {n for n, _ in FIGURE.findall(CHINESE)}
    assert figures - {n for n, _ in FIGURE.findall(README)} == set()


def settings_rows() -> list[list[str]]:
    """The Chinese table of settings: what stands in the file, variable, flag, default."""
    (table,) = [table for table in tables(CHINESE) if "`EDGE_MODEL`" in table[1][1]]
    return table[1:]


def test_every_setting_and_variable_of_the_chinese_readme_exists(tmp_path: Path) -> None:
    names = {name for row in settings_rows() for name in code(row[0])}
    flat = {field.name for field in fields(Settings)} & names
    beside = {
        "policy": "policy = 'balanced'",
        "[cloud] mode": "[cloud]\nmode = 'ask'",
        "[privacy] new": "[privacy]\nnew = 'public'",
        "[budget.CNY] day": "[budget.CNY]\nday = '20'",
    }
    assert names - flat == set(beside)
    (tmp_path / "config.toml").write_text("\n".join(beside.values()))
    cloud = load_cloud(Folders.below(tmp_path), environ={})
    assert (cloud.policy, cloud.mode, cloud.new_label) == ("balanced", "ask", Label.PUBLIC)
    assert len(cloud.caps) == 1

    variables = {name: env_name(name) for name in flat}
    variables |= {"policy": ENV_POLICY, "[cloud] mode": ENV_MODE}
    for row in settings_rows():
        assert code(row[1]) == [variables[name] for name in code(row[0]) if name in variables]
    assert set(re.findall(r"EDGE_[A-Z_]+", CHINESE)) == {*variables.values(), "EDGE_HOME"}


def test_every_flag_of_the_chinese_readmes_settings_exists() -> None:
    helps = "".join(edge(*words, "--help").out for words in ([], ["ask"], ["chat"]))
    known = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", helps))
    shown = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", " ".join(r[2] for r in settings_rows())))
    assert "--ctx" in shown
    assert shown - known == set()
