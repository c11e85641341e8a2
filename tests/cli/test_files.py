"""Files that go along with a prompt: framed, measured before they go, and refused in time."""

from __future__ import annotations

import json
import os
from pathlib import Path
from shlex import quote

import pytest

from edge.cli.talk.attach import Attached, Room, attach, told_sizes, with_files
from edge.core.errors import ContextFull, UsageError
from shell import edge, edge_in_shell
from talks import latest
from terminal import at_terminal
from tiny_home import furnish

ROOM = Room(1000, 750, len)  # a character is a token
SHORT = ("--max-tokens", "1", "--temperature", "0")


@pytest.fixture
def tiny(edge_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    furnish(edge_home, n_ctx=4096)
    monkeypatch.setenv("EDGE_THREADS", "1")
    return edge_home


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


# Read and framed.


def test_a_file_is_told_by_name_and_fenced_before_what_is_asked_of_it(tmp_path):
    file = attach(written(tmp_path, "notes.md", "\ufeff# Notes\n\nBuy tea.\r\n"))
    told = with_files([file], "What should I buy?")
    assert told == "File notes.md:\n\n```md\n# Notes\n\nBuy tea.\n```\n\nWhat should I buy?"


def test_no_text_can_end_the_fence_around_it():
    assert Attached("a.md", "```py\n````\n```").told.startswith("File a.md:\n\n`````md\n")


def test_files_keep_their_order():
    told = with_files([Attached("b", "2"), Attached("a", "1")], "?")
    assert told.index("File b:") < told.index("File a:") < told.index("?")


def test_a_name_stays_on_its_line_whatever_it_holds(tmp_path):
    path = os.fsencode(tmp_path) + b"/odd\nname\xff.txt"
    Path(os.fsdecode(path)).write_text("x")
    assert attach(Path(os.fsdecode(path))).told.startswith("File odd name?.txt:\n\n")


def test_what_another_program_writes_can_be_a_file(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    if not (child := os.fork()):
        pipe.write_text("from afar")
        os._exit(0)
    assert attach(pipe).text == "from afar"
    os.waitpid(child, 0)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x7fELF\0\1", "it.bin is not text: a NUL byte at position 4 (line 1)"),
        (b"caf\xe9\n", "it.bin is not UTF-8 text: byte 0xe9 at position 3 (line 1)"),
        ("text".encode("utf-16"), "it.bin is UTF-16 text"),
        (b" \n\n", "it.bin is empty"),
        (b"", "it.bin is empty"),
    ],
)
def test_what_is_no_text_is_refused_by_name(tmp_path, content, said):
    with pytest.raises(UsageError) as refused:
        attach(written(tmp_path, "it.bin", content))
    assert said in refused.value.line()
    assert refused.value.hint


@pytest.mark.parametrize("name", ["none.txt", "."])
def test_what_cannot_be_read_is_refused_by_name(tmp_path, name):
    with pytest.raises(UsageError, match="cannot be read"):
        attach(tmp_path / name)


# Measured.


def test_each_files_size_is_told_in_tokens_and_of_the_context():
    files = [Attached("a.txt", "x" * 80), Attached("b.py", "y" * 278)]
    assert told_sizes(files, "", ROOM) == (
        "a.txt: 104 tokens, 10 % of the context",
        "b.py: 300 tokens, 30 % of the context",
    )


def test_what_does_not_fit_says_how_much_of_it_does():
    lines = "\n".join(["nine char"] * 200)
    with pytest.raises(ContextFull) as full:
        told_sizes([Attached("a.txt", lines)], "x" * 50, ROOM)
    assert full.value.message == (
        "a.txt is about 2,023 tokens; 700 fit: about the first 700 characters (70 lines)"
    )
    assert "head -c 700 FILE" in full.value.hint


def test_what_fits_is_told_in_bytes_to_cut_at():
    with pytest.raises(ContextFull) as full:
        told_sizes([Attached("a.txt", "\u8336" * 2000)], "", ROOM)
    assert "the first 750 characters" in full.value.message
    assert "head -c 2250 FILE" in full.value.hint


def test_several_files_share_the_room_and_the_largest_is_told():
    files = [Attached("a", "x" * 100), Attached("big", "y" * 900), Attached("c", "z" * 100)]
    with pytest.raises(ContextFull, match=r"big is about .*; 516 fit"):
        told_sizes(files, "", ROOM)


def test_a_prompt_that_is_full_leaves_no_room_for_a_file():
    with pytest.raises(ContextFull, match="leaves no room"):
        told_sizes([Attached("a", "x")], "x" * 800, ROOM)


def test_what_is_far_too_long_is_not_counted():
    counted: list[int] = []
    room = Room(1000, 750, lambda text: counted.append(len(text)) or len(text))
    with pytest.raises(ContextFull, match="fit: about the first"):
        told_sizes([Attached("log", "all work and no play\n" * 240_000)], "", room)
    assert counted == []


def test_where_nobody_counts_the_size_is_an_estimate():
    (line,) = told_sizes([Attached("a", "all work and no play")], "", Room(1000, 750))
    assert line.startswith("a: about ")


def test_what_may_yet_be_for_the_cloud_is_told_and_not_refused():
    (line,) = told_sizes([Attached("a", "x" * 2000)], "", Room(1000, 750, len, binds=False))
    assert line == "a: 2,017 tokens, 202 % of the context"


def test_what_is_part_of_the_prompt_is_measured_once():
    file = Attached("a", "x" * 700, bare=True)
    assert told_sizes([file], f"{file.text} and 40 more characters of a prompt", ROOM)
    with pytest.raises(ContextFull, match="649 fit"):
        told_sizes([file], f"{file.text}{'y' * 101}", ROOM)


# At the command line.


def test_a_file_is_measured_on_standard_error_and_its_text_is_part_of_the_prompt(tiny, tmp_path):
    file = written(tmp_path, "notes.md", "Buy tea. " * 30)  # a byte is a token of a tiny model
    ran = edge("ask", "-m", "tiny", "--json", *SHORT, "--file", file, "--file", file, "What?")
    assert ran.code == 0
    assert ran.err.count("notes.md: ") == 2
    assert " tokens, 7 % of the context\n" in ran.err
    assert json.loads(ran.out)["usage"]["prompt_tokens"] > 2 * 270


def test_five_megabytes_are_refused_and_no_turn_is_begun(tiny, tmp_path):
    file = written(tmp_path, "big.log", "2026-11-22 a line of a log\n" * 200_000)
    ran = edge("ask", "-m", "tiny", "--file", file, "What?")
    assert (ran.code, ran.out) == (24, "")
    assert "big.log is about " in ran.err
    assert "fit: about the first " in ran.err
    assert edge("ask", "-m", "tiny", "-c", "hi").code == 2  # there is no conversation


def test_a_pipe_far_too_long_is_refused_with_how_much_of_it_fits(tiny):
    ran = edge("ask", "-m", "tiny", "What?", stdin=b"2026-11-22 a line of a log\n" * 20_000)
    assert (ran.code, ran.out) == (24, "")
    assert "the prompt is about " in ran.err
    assert "FILE | edge ask" in ran.err


def test_standard_input_is_a_file_under_each_of_its_names_and_is_told_once(tiny, tmp_path):
    file = written(tmp_path, "notes.md", "Buy tea.")
    for name in ("-", "/dev/stdin"):
        ran = edge_in_shell(
            f"ask -m tiny {' '.join(SHORT)} --file {name} What? < {quote(str(file))}"
        )
        assert ran.code == 0, ran.err
        assert ran.err.startswith("standard input: ")
        framed = "File standard input:\n\n```\nBuy tea.\n```"
        assert latest(tiny).turns[0].prompt.text == f"{framed}\n\nWhat?"
    assert edge("ask", "--file", "-", "What?").err.startswith("edge: standard input is empty")


def test_a_talk_that_begins_with_files_is_called_by_what_was_asked_of_them(tiny, tmp_path):
    file = written(tmp_path, "notes.md", "Buy tea.")
    assert edge("ask", "-m", "tiny", *SHORT, "--file", file, "What is to be bought?").code == 0
    assert latest(tiny).title == "What is to be bought?"
    assert edge("ask", "-m", "tiny", *SHORT, "--file", file, "-t", "summarise").code == 0
    assert latest(tiny).title == "summarise: notes.md"
    assert latest(tiny).turns[0].prompt.text.startswith("Buy tea.\n\n---\nGive the main points")


def test_while_a_file_is_counted_a_terminal_shows_how_far_the_model_is_loaded(tiny, tmp_path):
    file = written(tmp_path, "notes.md", "Buy tea.")
    with at_terminal("ask", "-m", "tiny", *SHORT, "--file", file, "What?") as screen:
        assert screen.wait_end() == 0
    assert "loading the model" in screen.raw.partition("notes.md: ")[0]
    assert "loading the model" not in screen.text


def test_a_file_and_no_question_says_what_can_be_asked(tiny, tmp_path):
    ran = edge("ask", "--file", written(tmp_path, "notes.md", "Buy tea."))
    assert ran.code == 2
    assert ran.err.endswith('try: edge ask --file PATH "a question", or with -t summarise\n')


def test_a_binary_file_is_refused_before_a_model_is_looked_for(edge_home, tmp_path):
    file = written(tmp_path, "it.bin", b"\0\1")
    ran = edge("ask", "--file", file, "What?")
    assert (ran.code, ran.out) == (2, "")
    assert "it.bin is not text" in ran.err
