"""Somebody chats offline at a terminal: it remembers, it stops, it goes on the next day."""

from __future__ import annotations

import subprocess

import pytest

from shell import EDGE, edge
from terminal import at_terminal

CODER = "qwen2.5-coder-0.5b"
COUNT = "Count from 1 to 300, one number on each line."
TALK = {
    "My dog is called Rex. Just say OK.": "OK",
    "What is 2 + 2?": "4",
    "What is my dog called?": "Rex",
}

pytestmark = pytest.mark.weights


def test_a_fact_of_the_first_turn_is_known_in_the_third_and_after_a_restart(weights_home):
    with at_terminal("chat", CODER, "--temperature", "0", "--max-tokens", "12") as screen:
        screen.wait_prompt()
        for line, answer in TALK.items():
            screen.type(line)
            screen.wait(answer)
            screen.wait_prompt()
        screen.press("d")
        assert screen.wait_end() == 0
    with at_terminal("chat", "--continue", "--temperature", "0", "--max-tokens", "12") as screen:
        screen.wait_prompt()
        assert screen.lines[0].startswith(f"{CODER} q4_k_m, context ")
        assert "> What is my dog called?" in screen.lines
        screen.type("Say the name of my dog once more.")
        screen.wait("Rex")
        screen.wait_prompt()
        screen.press("d")
        assert screen.wait_end() == 0


def test_a_stopped_reply_is_kept_and_the_next_line_is_answered(weights_home):
    with at_terminal("chat", CODER, "--temperature", "0", "--max-tokens", "400") as screen:
        screen.wait_prompt()
        screen.type(COUNT)
        screen.wait("\n3\r\n4")
        screen.press("c")
        screen.wait("stopped; what was shown is kept")
        screen.wait_prompt()
        screen.type("What is 2 + 2? Answer with the number alone.")
        screen.wait("4\r\n")
        screen.wait_prompt()
        screen.press("d")
        assert screen.wait_end() == 0
    assert "\n300\n" not in screen.text


def test_the_first_line_is_enough_for_head(weights_home):
    ask_to_count = [*EDGE, "ask", "-m", CODER, "--temperature", "0", COUNT]
    both = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(ask_to_count, **both) as ask:
        with subprocess.Popen(["head", "-1"], stdin=ask.stdout, stdout=subprocess.PIPE) as head:
            ask.stdout.close()  # head alone reads
            assert head.stdout.read() == b"1\n"
        assert ask.stderr.read() == b""
    assert ask.returncode == 141


def test_a_question_about_a_piped_text_is_answered_from_it(weights_home):
    ran = edge(
        "ask", "-m", CODER, "--temperature", "0", "--max-tokens", "30", "What does this print?",
        stdin=b"print('hello from line one')\n",
    )  # fmt: skip
    assert ran.code == 0
    assert "hello from line one" in ran.out
