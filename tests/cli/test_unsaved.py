"""`--no-save` and `--no-snapshots`: what is not to be kept is nowhere."""

from __future__ import annotations

from array import array
from pathlib import Path

import pytest

from shell import edge, edge_here
from terminal import at_terminal
from tiny_home import furnish

SHORT = ("--max-tokens", "4", "--temperature", "0")
WORD = "xylophagous"
TALK = {
    f"a {WORD} word": "cut at the limit",
    f"/system {'a xylophagous rule ' * 9}": "the system prompt is: ",
    "/model other": "other answers from now on",
    "what did I say?": "cut at the limit",
    "/new": "goes back",
    "an aside": "cut at the limit",
    "/list": "LAST USED",
}


@pytest.fixture(autouse=True)
def tiny(edge_home: Path) -> Path:
    """A home whose two models write random bytes."""
    furnish(edge_home, n_ctx=32_768)
    furnish(edge_home, name="other")
    return edge_home


def files(home: Path) -> dict[Path, bytes]:
    """Every file below a folder, with its bytes."""
    return {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}


def test_a_chat_that_is_not_saved_leaves_not_a_byte_and_says_so(tiny, tmp_path):
    assert edge_here("chat", "tiny", *SHORT, stdin=b"said before").code == 0
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    before = files(tiny)
    with at_terminal("chat", "tiny", "--no-save", *SHORT, TMPDIR=str(temporary)) as screen:
        screen.wait_prompt()
        assert screen.lines[1].startswith("a new conversation that is not kept; ")
        for line, answer in TALK.items():
            screen.type(line)
            screen.wait(answer)
            screen.wait_prompt()
        first = screen.text.split("until you leave, /load ")[1].split()[0]
        screen.type(f"/load {first}")
        screen.wait("> what did I say?")
        screen.wait_prompt()
        assert files(tiny) == before
        screen.press("d")
        assert screen.wait_end() == 0
    assert "nothing of this talk is kept" in screen.text
    assert "to go on:" not in screen.text
    assert files(tiny) == before
    assert list(temporary.iterdir()) == []


def test_a_chat_that_is_saved_lies_in_the_store_and_in_a_snapshot(tiny):
    """What the test above looks for can be found."""
    assert edge_here("chat", "tiny", *SHORT, stdin=f"a {WORD} word".encode()).code == 0
    holding = {path.suffix for path, found in files(tiny).items() if holds(found)}
    assert holding == {".db", ".kv"}


def holds(found: bytes) -> bool:
    """Whether bytes hold the word, as text or as tokens (a tiny model's are the bytes)."""
    return WORD.encode() in found or array("I", list(WORD.encode())).tobytes() in found


def test_an_answer_that_is_not_saved_leaves_not_a_byte(tiny):
    before = files(tiny)
    ran = edge("ask", "-m", "tiny", "--no-save", *SHORT, f"a {WORD} word")
    assert ran.code == 0
    assert ran.out
    assert files(tiny) == before


def test_where_the_settings_save_nothing_a_flag_does():
    ask = ("ask", "-m", "tiny", *SHORT)
    refused = edge_here(*ask, "-c", "hi", EDGE_SAVE="0")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == (
        "edge: with save = false (from EDGE_SAVE) nothing is kept, so no earlier conversation "
        "can go on; try: the same with --save\n"
    )
    for more in ([], ["-c"]):
        assert edge_here(*ask, "--save", *more, "hi", EDGE_SAVE="0").code == 0


def test_without_snapshots_the_text_alone_is_kept(tiny):
    chat = ("chat", "tiny", *SHORT)
    assert edge_here(*chat, "--no-snapshots", stdin=b"hi").code == 0
    assert not list(tiny.rglob("*.kv"))
    assert edge_here(*chat, "-c", stdin=b"hi", EDGE_SNAPSHOTS="0").code == 0
    assert not list(tiny.rglob("*.kv"))
    assert edge_here(*chat, "-c", "--snapshots", stdin=b"hi", EDGE_SNAPSHOTS="0").code == 0
    assert len(list(tiny.rglob("*.kv"))) == 1
