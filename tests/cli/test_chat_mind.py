"""A chat whose user changes their mind, and looks for what was said: over a pipe, with a model."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from edge.settings.folders import Folders
from edge.store.conversations import Conversations
from edge.store.database import open_database
from shell import Ran, edge_here
from talks import latest, prompts
from tiny_home import furnish


@pytest.fixture(autouse=True)
def tiny(edge_home: Path) -> Path:
    furnish(edge_home, n_ctx=4096)
    return edge_home


def chat(*lines: str, flags: tuple[str, ...] = ()) -> Ran:
    """A chat of these lines; what it says of its commands is on standard error."""
    said = "".join(f"{line}\n" for line in lines).encode()
    args = ("--max-tokens", "4", "--temperature", "0", *flags)
    return edge_here("chat", "tiny", *args, stdin=said)


def n_branches(home: Path) -> int:
    """How many the latest conversation has."""
    talk = latest(home)
    with closing(open_database(Folders.below(home).store)) as database:
        return len(Conversations(database).branches(talk.id))


def test_a_prompt_that_is_asked_again_takes_its_own_place(tiny):
    assert chat("one", "two", "/retry", "three").code == 0
    assert prompts(tiny) == ["one", "two", "three"]
    assert n_branches(tiny) == 2


def test_what_is_taken_back_is_kept_as_a_branch_and_can_be_gone_to(tiny):
    done = chat("one", "two", "/undo", "three", "/branches", "/branches 1")
    assert done.code == 0, done.err
    assert "taken back: two; 1 turn is left" in done.err
    assert "(2 turns)" in done.err
    assert prompts(tiny) in (["one", "two"], ["one", "three"])


def test_a_branch_goes_on_behind_a_numbered_turn(tiny):
    done = chat("one", "two", "three", "/branch", "/branch 1", "other")
    assert "  2  two" in done.err
    assert "behind turn 1: one" in done.err
    assert prompts(tiny) == ["one", "other"]


def test_an_edited_prompt_is_sent_in_the_old_ones_place(tiny):
    assert chat("one", "two", "/edit 1", "uno").code == 0  # over a pipe it is the next line
    assert prompts(tiny) == ["uno"]
    assert n_branches(tiny) == 2


def test_a_number_of_nothing_is_refused_with_the_numbers_there_are(tiny):
    done = chat("one", "/edit 7")
    assert done.code == 2
    assert "'7' is none of the numbers 1 to 1" in done.err
    assert chat("/undo").code == 2


def test_a_pinned_turn_is_marked(tiny):
    done = chat("one", "two", "/pin 1", "/branch", "/context")
    assert "pinned, so it is never left out: one" in done.err
    assert "  1* one" in done.err
    assert "1 turn is pinned" in done.err
    assert [turn.pinned for turn in latest(tiny).turns] == [True, False]


def test_the_context_is_shown_and_what_becomes_of_the_oldest_turns_chosen(tiny):
    done = chat("one", "/context", "/context stop", "/context maybe")
    assert "of 4,096 tokens" in done.err
    assert "the oldest turns are left out (slide)" in done.err
    assert "nothing is sent until you choose (stop)" in done.err
    assert "'maybe' is none of slide, summarise and stop" in done.err


def test_a_full_context_ends_the_run_as_stop_says(tiny):
    long = "word " * 60
    flags = ("--ctx", "512", "--when-full", "stop")
    done = chat(long, long, long, flags=flags)
    assert done.code == 24
    assert "would be left out" in done.err
    assert "/context slide" in done.err


def test_what_was_said_is_found_named_and_listed(tiny):
    chat("the quick brown fox", "/rename Foxes")
    done = chat("something else", "/search brown quick", "/list", "/load Foxes", "and now?")
    assert "the quick brown fox" in done.err
    assert "Foxes" in done.err
    assert prompts(tiny) == ["the quick brown fox", "and now?"]


def test_a_conversation_is_written_into_a_file(tiny, tmp_path):
    path = tmp_path / "talk.json"
    done = chat("one", f"/export json {path}")
    assert f"written: {path}" in done.err
    assert "one" in json.dumps(json.loads(path.read_text()))
    again = chat("two", f"/export {path}")
    assert again.code == 2


def test_why_says_what_a_turn_kept_and_left_out(tiny):
    long = "word " * 60
    assert chat(long, long, long, flags=("--ctx", "512")).code == 0
    told = edge_here("why").out
    assert "of 512 tokens" in told
    assert "left out:" in told
    context = json.loads(edge_here("why", "--json").out)["attempts"][0]["context"]
    assert context["n_ctx"] == 512
    assert context["dropped_tokens"] > 0


def test_a_file_goes_along_with_the_next_prompt_once_its_size_was_shown(tiny, tmp_path):
    notes = tmp_path / "my notes.md"
    notes.write_text("# Kepler\nMy dog.\n")
    done = chat(f"/file {notes}", "/file", "whose dog?", f'/file "{notes}" and who?', "no file now")
    assert done.code == 0, done.err
    assert "my notes.md: " in done.err
    assert "of the context" in done.err
    assert "the next prompt takes along: my notes.md" in done.err
    first, second, third = prompts(tiny)
    framed = "File my notes.md:\n\n```md\n# Kepler\nMy dog.\n```"
    assert first == f"{framed}\n\nwhose dog?"
    assert second == f"{framed}\n\nand who?"
    assert third == "no file now"


def test_a_file_that_is_no_text_is_refused_and_the_chat_goes_on(tiny, tmp_path):
    binary = tmp_path / "photo.jpg"
    binary.write_bytes(b"\xff\xd8\xff\x00")
    done = chat(f"/file {binary}", "and now?")
    assert done.code == 2
    assert "photo.jpg" in done.err
    assert prompts(tiny) == ["and now?"]


def test_an_edit_that_cannot_be_sent_leaves_the_talk_and_its_files_where_they_were(tiny, tmp_path):
    notes = tmp_path / "notes.md"
    notes.write_text("short")
    long = "word " * 3000
    done = chat(
        "one", "two", "/edit 1", long, f"/file {notes}", long, "/file", flags=("--ctx", "512")
    )
    assert done.code == 24
    assert "the next prompt takes along: notes.md" in done.err
    assert prompts(tiny)[:2] == ["one", "two"]
