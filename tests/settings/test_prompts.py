"""Prompts by name: the user's own files, and those that come with edge."""

from __future__ import annotations

import stat

import pytest

from edge.core.errors import EdgeError, UnknownName, UsageError
from edge.settings.folders import Folders
from edge.settings.prompt_text import Rendered, Template
from edge.settings.prompts import (
    BUILT_IN,
    find_template,
    list_templates,
    remove_template,
    render_template,
    template_text,
    write_template,
)


@pytest.fixture
def folders(edge_home) -> Folders:
    return Folders.below(edge_home)


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_prompt_wants_nothing_but_a_text(folders, name):
    found = find_template(name, folders)
    assert found.about
    assert found.wanted == ()
    rendered = render_template(name, {}, "ls -l | wc", folders)
    assert rendered.system
    assert "ls -l | wc" in rendered.prompt
    assert "{{" not in rendered.prompt + rendered.system


def test_a_translation_finds_its_direction(folders):
    into = [render_template("translate", {}, text, folders).prompt for text in ("你好", "Hello")]
    assert into == [
        "Translate the following text into English:\n\n你好",
        "Translate the following text into Simplified Chinese:\n\nHello",
    ]


def test_a_command_is_explained_in_the_language_of_the_one_who_asks(folders, monkeypatch):
    monkeypatch.setenv("EDGE_LANG", "zh_CN")
    asked = render_template("explain-command", {}, "ls", folders)
    assert asked.prompt.endswith("Answer in Chinese.")
    given = render_template("explain-command", {"my_language": "French"}, "ls", folders)
    assert given.prompt.endswith("Answer in French.")


def test_a_file_of_the_users_hides_the_built_in_one_until_it_is_removed(folders):
    ours = template_text("translate", folders)
    path = write_template("translate", "Into Latin: {{text}}", folders)
    assert path == folders.config / "prompts" / "translate.md"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert render_template("translate", {}, "hi", folders) == Rendered(None, "Into Latin: hi")
    remove_template("translate", folders)
    assert template_text("translate", folders) == ours


def test_the_list_is_of_both_and_says_what_cannot_be_used(folders):
    write_template("a", "fine", folders)
    (folders.config / "prompts" / "broken.md").write_text("+++\n")
    (folders.config / "prompts" / "latin.md").write_bytes(b"\xff")
    (folders.config / "prompts" / "notes.txt").write_text("not a prompt")
    found = {each.name: each.found for each in list_templates(folders)}
    assert sorted(found) == sorted([*BUILT_IN, "a", "broken", "latin"])
    assert isinstance(found["a"], Template)
    assert isinstance(found["broken"], EdgeError)
    assert isinstance(found["latin"], EdgeError)


def test_an_unknown_prompt_is_answered_with_a_near_one(folders):
    with pytest.raises(UnknownName) as caught:
        render_template("sumarise", {}, "x", folders)
    assert caught.value.line() == "there is no prompt 'sumarise'; try: summarise"


@pytest.mark.parametrize("name", ["../config", "a/b", ".hidden", "", "-x", "a b", "x" * 65])
def test_what_is_no_name_leads_to_no_file(folders, name):
    for act in (template_text, remove_template):
        with pytest.raises(UsageError, match="cannot be the name of a prompt"):
            act(name, folders)


def test_a_name_may_be_chinese(folders):
    write_template("润色", "润色：{{text}}", folders)
    assert render_template("润色", {}, "你好", folders).prompt == "润色：你好"


def test_what_is_no_prompt_is_not_written(folders):
    write_template("a", "fine", folders)
    with pytest.raises(UsageError, match="has no end"):
        write_template("a", "+++\n", folders)
    assert template_text("a", folders) == "fine"


def test_a_built_in_prompt_cannot_be_removed(folders):
    with pytest.raises(UsageError, match="'commit' is built in"):
        remove_template("commit", folders)
