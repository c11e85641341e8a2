"""The door: light to import, and the same names to a reader, a type checker and Python."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import edge

HEAVY = {
    "httpx",
    "httpx2",
    "huggingface_hub",
    "llama_cpp",
    "numpy",
    "prompt_toolkit",
    "pydantic",
    "rich",
    "typer",
}


def fresh(*args: str) -> list[str]:
    """The lines a new interpreter prints."""
    done = subprocess.run([sys.executable, *args], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def loaded_by(code: str) -> set[str]:
    """The top-level packages a new interpreter has loaded after this code."""
    return set(fresh("-c", f"import sys\n{code}\nprint(*sys.modules, sep='\\n')"))


def test_importing_edge_loads_nothing_heavy():
    assert loaded_by("import edge") & HEAVY == set()


def test_a_heavy_import_would_be_seen():
    assert loaded_by("import typer") & HEAVY == {"typer"}


def test_showing_the_help_needs_typer_alone():
    seen = loaded_by("from edge.cli.main import run\nassert run(['--help']) == 0")
    assert seen & HEAVY == {"typer"}


def test_the_module_shows_the_same_help():
    assert fresh("-m", "edge", "--help")[0] == "Usage: edge [OPTIONS] COMMAND [ARGS]..."


@pytest.mark.parametrize("name", edge.__all__)
def test_every_public_name_is_found(name):
    assert getattr(edge, name) is not None


def test_a_public_name_is_the_very_object_of_its_room():
    from edge.core.message import Message

    assert edge.Message is Message


def test_type_checkers_see_the_names_that_python_finds():
    tree = ast.parse(Path(edge.__file__).read_text("utf-8"))
    checking = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {
        (node.module, alias.name)
        for node in checking.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    found = {(room, name) for room, names in edge._ROOMS.items() for name in names.split()}
    assert seen == found
    assert sorted(edge.__all__) == sorted([name for _, name in found] + ["__version__"])


def test_all_public_names_are_listed_for_completion():
    assert set(edge.__all__) <= set(dir(edge))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'Sesion'"):
        edge.Sesion  # noqa: B018
