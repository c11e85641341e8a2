"""The help: grouped, narrow enough for any terminal, with examples that can be typed."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterator

import pytest
import typer

from edge.cli.help.examples import EXAMPLES
from edge.cli.main import COMMANDS, app, run
from edge.cli.words import help as words
from edge.core import errors

COLUMNS = 80


def commands() -> Iterator[str]:
    """Every command and subcommand, as one types it."""
    top = typer.main.get_command(app)

    def below(command, path: str) -> Iterator[str]:
        yield path
        for name, one in getattr(command, "commands", {}).items():
            yield from below(one, f"{path} {name}")

    for name in COMMANDS:
        yield from below(top.get_command(None, name), name)


ALL = tuple(commands())


def shown(capsys, *args: str) -> str:
    assert run(args) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_every_command_stands_in_one_group():
    grouped = [name for _, names in words.groups() for name in names]
    assert sorted(grouped) == sorted(COMMANDS)


def test_the_help_shows_the_groups_then_examples_then_options(capsys):
    out = shown(capsys, "--help")
    headings = [line for line in out.splitlines() if line.endswith(":") and line[0] != " "]
    groups = [f"{heading}:" for heading, _ in words.groups()]
    assert headings == [*groups, "Examples:", "Options:"]
    assert "Other commands" not in out


@pytest.mark.parametrize("path", ["", *ALL])
def test_every_help_is_plain_text_of_eighty_columns_and_has_an_example(capsys, path):
    out = shown(capsys, *path.split(), "--help")
    assert [line for line in out.splitlines() if len(line) > COLUMNS] == []
    assert out.isprintable() or "\x1b" not in out
    assert "\nExamples:\n  " in out


def test_there_is_no_example_of_a_command_that_is_not_there():
    assert set(EXAMPLES) == set(ALL)


def edge_line(line: str) -> list[str]:
    """The words of `edge` in a line for a shell."""
    part = next(part for part in line.split(" | ") if "edge " in part or part.endswith("edge"))
    typed = shlex.split(part.partition("$(")[2].rpartition(")")[0] or part)
    typed = typed[: next((n for n, word in enumerate(typed) if word in "<>"), len(typed))]
    return typed[typed.index("edge") + 1 :]


def parsed(line: str) -> str:
    """The command a line means; raises what Typer says of words it cannot take."""
    typed, path = edge_line(line), list[str]()
    command = typer.main.get_command(app)
    while typed and hasattr(command, "get_command") and command.get_command(None, typed[0]):
        command = command.get_command(None, typed[0])
        path.append(typed.pop(0))
    command.make_context(path[-1], typed)
    return " ".join(path)


@pytest.mark.parametrize("path", EXAMPLES)
def test_every_example_can_be_typed_and_one_is_of_its_command(path):
    found = [parsed(line) for line in EXAMPLES[path]]
    assert any(each.startswith(path) for each in found)


def test_the_first_examples_can_be_typed():
    assert {parsed(line) for line, _ in words.first_examples()} <= set(ALL)


def test_an_example_that_cannot_be_typed_is_seen():
    with pytest.raises(typer.TyperException, match="No such option"):
        parsed("git diff | edge ask --no-such-flag")


def test_h_is_help_everywhere(capsys):
    assert shown(capsys, "-h") == shown(capsys, "--help")
    assert shown(capsys, "policy", "try", "-h") == shown(capsys, "policy", "try", "--help")


@pytest.mark.parametrize("path", ["", "ask", "policy", "policy try"])
def test_help_shows_what_the_flag_shows(capsys, path):
    assert shown(capsys, "help", *path.split()) == shown(capsys, *path.split(), "--help")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("polciy", "there is no help on 'polciy'; try: edge help policy"),
        ("exit-code", "there is no help on 'exit-code'; try: edge help exit-codes"),
        ("policy tri", "there is no help on 'policy tri'; try: edge help policy try"),
        ("ask x", "there is no help on 'ask x'; try: edge help ask"),
    ],
)
def test_a_topic_that_is_not_there_is_answered_with_the_near_one(capsys, typed, said):
    assert run(["help", *typed.split()]) == 2
    assert capsys.readouterr().err == f"edge: {said}\n"


def kinds(of: type[errors.EdgeError]) -> Iterator[type[errors.EdgeError]]:
    yield of
    for below in of.__subclasses__():
        yield from kinds(below)


def test_the_exit_codes_told_are_those_there_are(capsys):
    out = shown(capsys, "help", "exit-codes")
    told = [int(line.split()[0]) for line in out.splitlines()]
    assert told == sorted(set(told))
    own = {kind.exit_code for kind in kinds(errors.EdgeError)}
    # 0, and what a shell adds to a signal: SIGHUP, SIGPIPE, SIGTERM.
    assert set(told) == own | {0, 128 + 1, 128 + 13, 128 + 15}


def test_help_imports_nothing_heavy():
    heavy = ("llama_cpp", "prompt_toolkit", "pygments", "rich.markdown", "httpx2", "pydantic")
    code = (
        "import sys\nfrom edge.cli.main import run\nrun(['--help'])\n"
        f"print([name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"
