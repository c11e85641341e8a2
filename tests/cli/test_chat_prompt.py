"""`/prompt` and `/file` in a chat: what is already written is found, filled in and sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.cli.stage.completing import Names, candidates
from edge.cli.talk.commands import COMMANDS
from shell import Ran, edge
from talks import latest, prompts
from tiny_home import furnish


@pytest.fixture(autouse=True)
def tiny(edge_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    furnish(edge_home, n_ctx=4096)
    monkeypatch.setenv("EDGE_THREADS", "1")
    own = edge_home / "prompts"
    own.mkdir()
    (own / "reply.md").write_text("+++\nabout = 'Answers a letter'\n+++\n{{tone}}: {{text}}")
    (own / "pirate.md").write_text("+++\nsystem = 'You are a pirate.'\n+++\n")
    return edge_home


def chat(*lines: str) -> Ran:
    """A chat of these lines; what it says of its commands is on standard error."""
    said = "".join(f"{line}\n" for line in lines).encode()
    return edge("chat", "tiny", "--max-tokens", "1", "--temperature", "0", stdin=said)


def test_a_prompt_is_sent_filled_in_and_its_system_prompt_stands_before_it_for_that_turn(tiny):
    done = chat(
        "/prompt", "/prompt reply tone='very kind' x=1 hi", "/prompt translate into=French hi"
    )
    assert done.code == 0, done.err
    assert "reply tone=…     Answers a letter\n" in done.err
    assert prompts(tiny) == [
        "very kind: x=1 hi",
        "You are a careful translator. Answer with the translation alone.\n\n"
        "Translate the following text into French:\n\nhi",
    ]
    assert latest(tiny).system == ""


def test_what_a_prompt_lacks_is_named_as_a_chat_takes_it_and_nothing_is_sent(tiny):
    done = chat("/prompt reply", "/prompt relpy hi", "/prompt translate", "hi")
    assert "wants tone, text; try: /prompt reply tone=… TEXT\n" in done.err
    assert "there is no prompt 'relpy'; try: reply\n" in done.err
    assert "wants text; try: /prompt translate TEXT\n" in done.err
    assert prompts(tiny) == ["hi"]


def test_a_system_prompt_and_nothing_else_is_the_talks_from_then_on(tiny):
    done = chat("/prompt pirate", "hi")
    assert "the system prompt is: You are a pirate.\n" in done.err
    assert (latest(tiny).system, prompts(tiny)) == ("You are a pirate.", ["hi"])


def test_a_file_that_waits_is_the_text_of_a_prompt_and_goes_along_once(tiny, tmp_path):
    notes = tmp_path / "my notes.md"
    notes.write_text("Buy tea.\n")
    done = chat(f"/file {notes}", "/prompt reply tone=kind", f"/file {notes} and who?", "hi")
    assert done.code == 0, done.err
    framed = "File my notes.md:\n\n```md\nBuy tea.\n```"
    assert prompts(tiny) == ["kind: Buy tea.", f"{framed}\n\nand who?", "hi"]


def test_the_names_of_prompts_are_completed():
    names = Names(COMMANDS, prompts=lambda: ["reply", "translate"])
    assert [each.text for each in candidates("/prompt tr", names)] == ["translate"]
    assert list(candidates("/prompt translate re", names)) == []
