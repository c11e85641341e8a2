"""`edge prompt` and `edge ask -t`: prompts listed, shown, edited, removed and asked with."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from edge.cli.main import run
from edge.cli.prompt.use import filled_in
from edge.cli.talk.attach import Attached
from edge.core.conversation import Conversation
from edge.settings.folders import Folders
from edge.store.conversations import Conversations
from edge.store.database import open_database
from shell import Ran, edge
from terminal import at_terminal
from tiny_home import furnish


@pytest.fixture
def prompt(capsys) -> Callable[..., Ran]:
    """Runs `edge prompt` in this process."""

    def ask(*args: str) -> Ran:
        code = run(["prompt", *args])
        return Ran(code, *capsys.readouterr())

    return ask


@pytest.fixture
def editing(tmp_path, monkeypatch):
    """Names an editor that leaves this text, or with None the text as it is."""

    def name(text: str | None) -> None:
        script = tmp_path / "editor.py"
        write = f"pathlib.Path(sys.argv[1]).write_text({text!r}, 'utf-8')"
        script.write_text(f"import sys, pathlib\n{write if text is not None else ''}\n")
        monkeypatch.setenv("VISUAL", f"{sys.executable} {script}")

    return name


@pytest.fixture
def own(edge_home) -> Path:
    """Where the user's prompts are."""
    return edge_home / "prompts"


def test_the_list_says_where_each_is_from_and_what_it_wants(prompt, editing):
    editing("+++\nabout = 'Mine'\n+++\n{{tone}} {{text}}")
    assert prompt("edit", "reply").code == 0
    editing("{{text}}")
    assert prompt("edit", "commit").code == 0
    for args in ((), ("list",)):
        rows = [line.split("\t") for line in prompt(*args).out.splitlines()]
        assert rows[0] == ["PROMPT", "WHERE", "VARIABLES", "ABOUT"]
        assert rows[1] == ["commit", "yours, in place of the built-in one", "", ""]
        assert ["reply", "yours", "tone=", "Mine"] in rows
        assert ["translate", "built in", "into"] in [row[:3] for row in rows]


def test_the_list_as_json_holds_the_broken_ones_too(prompt, own):
    own.mkdir(parents=True)
    (own / "broken.md").write_text("+++\n")
    document = json.loads(prompt("list", "--json").out)
    assert document["schema_version"] == 1
    broken, commit = document["prompts"][0], document["prompts"][1]
    assert (broken["name"], broken["prompt"]) == ("broken", None)
    assert "has no end" in broken["error"]
    assert (commit["name"], commit["built_in"], commit["error"]) == ("commit", True, None)


def test_what_is_shown_can_be_edited_and_cannot_steer_the_terminal(prompt, own):
    own.mkdir(parents=True)
    (own / "x.md").write_text("red: \x1b[31m\n")
    assert prompt("show", "x").out == "red: \\x1b[31m\n"
    assert prompt("show", "translate").out.startswith('+++\nabout = "')


def test_a_new_prompt_begins_with_what_can_be_said_in_one(prompt, editing, own):
    editing(None)
    assert prompt("edit", "reply").err == "nothing was changed\n"
    assert not own.exists()
    editing("{{tone}}: {{text}}")
    assert prompt("edit", "reply").err == (
        f"written: {own / 'reply.md'}; to use it: edge ask -t reply --var tone=… 'TEXT'\n"
    )


def test_the_frame_of_a_new_prompt_is_one(prompt, tmp_path, monkeypatch, own):
    # An editor that changes nothing but a blank at the end.
    monkeypatch.setenv("VISUAL", "sh -c 'echo >> \"$0\"'")
    assert prompt("edit", "reply").code == 0
    listed = json.loads(prompt("list", "--json").out)["prompts"]
    found = next(each for each in listed if each["name"] == "reply")
    assert (found["about"], found["prompt"]) == ("What reply is for, in a few words", "{{text}}")


def test_an_edit_that_is_no_prompt_is_kept_and_edited_further(prompt, editing, own):
    editing("+++\nabuot = 'x'\n+++\nA")
    broken = prompt("edit", "reply")
    assert broken.code == 2
    assert "what was typed is kept, and edited further with: edge prompt edit reply" in broken.err
    assert not (own / "reply.md").exists()
    editing(None)
    assert prompt("edit", "reply").code == 2
    assert (own / "reply.draft").read_text() == "+++\nabuot = 'x'\n+++\nA"
    editing("A")
    assert prompt("edit", "reply").code == 0
    assert [path.name for path in own.iterdir()] == ["reply.md"]


def test_an_emptied_edit_does_nothing(prompt, editing, own):
    editing("A")
    prompt("edit", "reply")
    editing("")
    assert prompt("edit", "reply").err == "the text was emptied, so nothing is done with it\n"
    assert (own / "reply.md").read_text() == "A"


def test_a_prompt_of_ones_own_is_removed_and_the_built_in_one_is_back(prompt, editing, own):
    editing("A")
    prompt("edit", "commit")
    prompt("edit", "reply")
    gone = prompt("rm", "--yes", "commit", "reply")
    assert gone.err == ("commit is removed; the built-in one is in force again\nreply is removed\n")
    assert list(own.iterdir()) == []


def test_without_a_terminal_nobody_is_asked_and_nothing_is_removed(prompt, editing, own):
    editing("A")
    prompt("edit", "reply")
    assert prompt("rm", "reply").code == 2
    assert (own / "reply.md").exists()


def test_at_a_terminal_it_is_asked_first(prompt, editing, own):
    editing("A")
    prompt("edit", "reply")
    with at_terminal("prompt", "rm", "reply") as screen:
        screen.wait("Remove the prompt reply? [y/N]:")
        screen.type("n")
        assert screen.wait_end() == 130
    assert (own / "reply.md").exists()


# Asked with.


def asked(edge_home: Path) -> Conversation:
    """The conversation that was kept last."""
    with closing(open_database(Folders.below(edge_home).store)) as database:
        found = Conversations(database).latest()
    assert found is not None
    return found


@pytest.fixture
def nothing_piped(monkeypatch):
    """An empty standard input, as cron gives it."""
    with open(os.devnull) as empty:
        monkeypatch.setattr("sys.stdin", empty)
        yield


ASK = ("ask", "-m", "tiny", "--max-tokens", "1", "--temperature", "0")


def test_a_prompt_is_asked_with_what_is_typed(edge_home, nothing_piped):
    furnish(edge_home)
    assert run([*ASK, "-t", "translate", "--var", "into=French", "good", "morning"]) == 0
    talk = asked(edge_home)
    assert talk.turns[0].prompt.text == "Translate the following text into French:\n\ngood morning"
    assert talk.system.startswith("You are a careful translator.")


def test_a_prompt_is_asked_with_what_is_piped_in(edge_home):
    furnish(edge_home)
    assert edge(*ASK, "-t", "commit", stdin=b"+ a line\n").code == 0
    assert asked(edge_home).turns[0].prompt.text.startswith("+ a line\n\n---\n")


def test_the_system_prompt_of_the_flag_comes_before_the_prompts_own(edge_home, nothing_piped):
    furnish(edge_home)
    assert run([*ASK, "-t", "translate", "--system", "Be funny.", "hi"]) == 0
    assert asked(edge_home).system == "Be funny."


def test_a_prompt_that_needs_no_text_waits_for_none(edge_home, editing):
    furnish(edge_home)
    editing("Tell a joke.")
    assert run(["prompt", "edit", "joke"]) == 0
    assert edge(*ASK, "-t", "joke").code == 0
    assert asked(edge_home).turns[0].prompt.text == "Tell a joke."


NOTES = Attached("notes.md", "Buy tea.")
FRAMED = "File notes.md:\n\n```md\nBuy tea.\n```"


@pytest.mark.parametrize(
    ("text", "files", "asked"),
    [
        ("", [NOTES], "Into French: Buy tea."),
        ("", [NOTES, NOTES], f"Into French: {FRAMED}\n\n{FRAMED}"),
        ("hi", [NOTES], f"{FRAMED}\n\nInto French: hi"),
        ("hi", [], "Into French: hi"),
    ],
)
def test_files_are_the_text_of_a_prompt_that_has_no_other(own, text, files, asked):
    own.mkdir(parents=True)
    (own / "french.md").write_text("Into {{into}}: {{text}}")
    assert filled_in("french", {"into": "French"}, text, files).prompt == asked


def test_a_prompt_without_a_place_for_a_text_takes_files_along_before_it(own):
    own.mkdir(parents=True)
    (own / "tea.md").write_text("What is to be bought?")
    assert filled_in("tea", {}, "", [NOTES]).prompt == f"{FRAMED}\n\nWhat is to be bought?"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("-t", "translate"), "the prompt 'translate' wants text"),
        (("-t", "translat", "x"), "there is no prompt 'translat'; try: translate"),
        (("-t", "translate", "--var", "into", "x"), "--var 'into' is no NAME=VALUE"),
        (("-t", "translate", "--var", "in=a", "x"), "has no variable 'in'; try: --var into=…"),
        (("-t", "translate", "--var", "into=a", "--var", "into=b", "x"), "is given twice"),
        (("--var", "into=a", "x"), "--var fills the variables of a prompt"),
    ],
)
def test_what_does_not_fit_is_said_before_a_model_is_opened(args, said, nothing_piped, capsys):
    assert run(["ask", *args]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
