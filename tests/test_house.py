"""The house keeps its plan, and each rule can see it broken."""

from __future__ import annotations

from pathlib import Path

import pytest

import house
from house import Module

CHECKOUT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def edge() -> tuple[Module, ...]:
    return house.read_house(CHECKOUT)


def built(texts: dict[str, str]) -> tuple[Module, ...]:
    """A small house: the text of "core/units" is in edge/core/units.py."""
    return tuple(Module(f"edge/{name}.py", text) for name, text in texts.items())


# The house as it stands.


def test_imports_go_down_only(edge):
    assert house.layers(edge) == []


def test_no_module_imports_itself_in_the_end(edge):
    assert house.cycles(edge) == []


def test_every_package_is_imported_at_home(edge):
    assert house.homes(edge) == []


def test_what_lets_text_leave_is_built_in_one_place(edge):
    assert house.built_once(edge) == []


@pytest.mark.parametrize(
    "rule",
    [
        house.bare_packages,
        house.sizes,
        house.telling_names,
        house.quiet,
        house.stays,
    ],
    ids=lambda rule: rule.__name__,
)
def test_every_module_keeps_the_rule(edge, rule):
    assert [fault for module in edge for fault in rule(module)] == []


def test_the_house_has_rooms(edge):
    assert {"core", "engine", "models", "cli"} <= {house.room(module.name) for module in edge}


# The rules, on houses that break them.


@pytest.mark.parametrize(
    "text",
    [
        "from edge.chat.session import Session",
        "import edge.chat.session",
        "from edge.chat import session",
        "from edge import chat",
        "from ..chat import session",
        "from ..chat.session import Session",
        "def late():\n    from edge.chat.session import Session",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import edge.chat.session",
        "from edge import Session",
        "import edge",
        "from edge.attic import box",
    ],
)
def test_an_upward_import_is_refused(text):
    rooms = built({"engine/loop": text, "chat/session": "", "__init__": ""})
    assert len(house.layers(rooms)) == 1


def test_an_import_of_a_sibling_is_refused():
    rooms = built({"engine/loop": "from edge.models import fit", "models/fit": ""})
    assert house.layers(rooms) == ["edge/engine/loop.py:1: engine may not import edge.models.fit"]


def test_an_import_downwards_and_within_a_room_is_allowed():
    text = "from edge.core import units\nfrom . import template\nfrom .edge import capi"
    rooms = built(
        {
            "engine/loop": text,
            "engine/template": "",
            "engine/edge/capi": "",
            "core/units": "import math",
        }
    )
    assert house.layers(rooms) == []


def test_the_command_line_starts_the_bench_and_not_the_other_way_round():
    assert house.layers(built({"cli/a": "import edge.bench.b", "bench/b": ""})) == []
    assert len(house.layers(built({"cli/a": "", "bench/b": "import edge.cli.a"}))) == 1


def test_the_door_may_name_every_room():
    assert house.layers(built({"__init__": "from edge.cli.main import main", "cli/main": ""})) == []


def test_a_cycle_within_a_room_is_refused():
    rooms = built(
        {
            "core/a": "from edge.core import b",
            "core/b": "def late():\n    from edge.core.c import x",
            "core/c": "from .a import y",
        }
    )
    (found,) = house.cycles(rooms)
    assert set(found.split(" -> ")) == {"edge.core.a", "edge.core.b", "edge.core.c"}


def test_a_chain_without_a_way_back_is_no_cycle():
    rooms = built(
        {"core/a": "import edge.core.b, edge.core.c", "core/b": "import edge.core.c", "core/c": ""}
    )
    assert house.cycles(rooms) == []


@pytest.mark.parametrize(
    ("path", "text", "fault"),
    [
        ("edge/engine/edge/loop.py", "import llama_cpp", "llama_cpp is not at home here"),
        ("edge/chat/window.py", "import numpy as np", "numpy is not at home here"),
        ("edge/engine/cloud.py", "import numpy", "numpy is not at home here"),
        ("edge/chat/window.py", "from rich.table import Table", "rich is not at home here"),
        ("edge/chat/window.py", "import sqlite3", "sqlite3 is not at home here"),
        ("edge/models/hub.py", "import requests", "requests has no home in this house"),
        ("edge/models/hub.py", "from urllib import request", "urllib.request is not at home here"),
        ("edge/models/hub.py", "import http.client", "http.client is not at home here"),
    ],
)
def test_a_package_away_from_home_is_refused(path, text, fault):
    assert house.homes((Module(path, text),)) == [f"{path}:1: {fault}"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("edge/engine/edge/capi/binding.py", "import llama_cpp"),
        ("edge/models/catalog_check.py", "from pydantic import BaseModel"),
        ("edge/settings/edit.py", "import tomlkit"),
        ("edge/models/hub.py", "from urllib.parse import quote"),
        ("edge/core/units.py", "import re, json.decoder"),
    ],
)
def test_a_package_at_home_is_allowed(path, text):
    assert house.homes((Module(path, text),)) == []


def test_a_second_way_to_the_network_is_refused():
    rooms = built(
        {"models/a": "import httpx2", "models/b": "import httpx2", "engine/cloud": "import httpx2"}
    )
    assert house.homes(rooms) == [
        "httpx2 is imported in 3 files: edge/engine/cloud.py, edge/models/a.py, edge/models/b.py"
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "edge/core/__init__.py: has no docstring"),
        ('"""Nouns."""\nfrom edge.core import units\n', "edge/core/__init__.py:2: holds code"),
    ],
)
def test_a_package_that_is_more_than_a_docstring_is_refused(text, fault):
    assert house.bare_packages(Module("edge/core/__init__.py", text)) == [fault]


def test_the_door_may_hold_code():
    assert house.bare_packages(Module("edge/__init__.py", "x = 1")) == []


def test_a_long_module_is_refused():
    assert house.sizes(Module("edge/core/units.py", "\n" * 300)) == []
    assert house.sizes(Module("edge/core/units.py", "\n" * 301)) == [
        "edge/core/units.py: 301 lines"
    ]


def test_a_long_function_is_refused():
    body = "    x = 1\n"
    assert house.sizes(Module("edge/core/units.py", "def f():\n" + 39 * body)) == []
    assert house.sizes(Module("edge/core/units.py", "def f():\n" + 40 * body)) == [
        "edge/core/units.py:1: f has 41 lines"
    ]


def test_a_sixth_parameter_is_refused():
    method = "class C:\n  def f(self, a, b, /, c, d, *rest, e{}): ..."
    assert house.sizes(Module("edge/core/units.py", method.format(""))) == []
    assert house.sizes(Module("edge/core/units.py", method.format(", f"))) == [
        "edge/core/units.py:2: f takes 6 parameters"
    ]


def test_the_flags_of_a_command_may_be_many():
    command = '@app.command("ask")\ndef ask(a, b, c, d, e, f): ...'
    assert house.sizes(Module("edge/cli/ask.py", command)) == []
    assert len(house.sizes(Module("edge/chat/ask.py", command))) == 1


@pytest.mark.parametrize(
    "path", ["edge/core/utils.py", "edge/data/a.py", "edge/core/io_helpers.py"]
)
def test_a_name_that_says_nothing_is_refused(path):
    assert len(house.telling_names(Module(path, ""))) == 1


def test_printing_outside_the_terminal_rooms_is_refused():
    text = "def late():\n    print('hello')\n    console.print('hello')"
    assert house.quiet(Module("edge/chat/a.py", text)) == ["edge/chat/a.py:2: prints"]
    assert house.quiet(Module("edge/cli/a.py", text)) == []


@pytest.mark.parametrize("end", ["sys.exit(1)", "exit()", "raise SystemExit(2)", "os._exit(1)"])
def test_ending_the_process_outside_the_command_line_is_refused(end):
    assert house.stays(Module("edge/chat/a.py", end)) == ["edge/chat/a.py:1: ends the process"]
    assert house.stays(Module("edge/cli/a.py", end)) == []


def test_a_worker_may_end_its_own_process():
    assert house.stays(Module("edge/engine/edge/worker.py", "os._exit(1)")) == []
    assert len(house.stays(Module("edge/engine/edge/worker.py", "sys.exit(1)"))) == 1


def test_a_second_builder_of_what_lets_text_leave_is_refused():
    one = built({"routing/privacy": "x = Cleared('a')", "chat/a": "def f(x: Cleared): ..."})
    assert house.built_once(one) == []
    two = built({"routing/privacy": "x = Cleared('a')", "chat/a": "y = privacy.Cleared('b')"})
    assert len(house.built_once(two)) == 2
