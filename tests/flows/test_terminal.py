"""Somebody chats offline at a terminal: it remembers, it stops, it goes on the next day."""

from __future__ import annotations

import json
import subprocess

import pytest

from cloud_home import furnish_cloud
from cloud_server import CloudServer, cut
from edge.settings.folders import Folders
from edge.store.conversations import Conversations
from edge.store.database import open_database
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


def test_a_cloud_answer_that_breaks_off_is_finished_here_and_why_tells_of_both(weights_home):
    counted = "1, 2, 3, 4, 5, 6,"
    with CloudServer(cut(counted, after=len(counted))) as server:
        furnish_cloud(weights_home, server)
        with at_terminal("chat", CODER, "--temperature", "0", "--max-tokens", "40") as screen:
            screen.wait_prompt()
            screen.type("Count from 1 to 9 in one line, with commas.")
            screen.wait("the device goes on (the cloud failed)")
            screen.wait("cloud qwen-plus · ")
            screen.wait_prompt()
            screen.type("/why")
            screen.wait("2 of 2: end")
            screen.wait("Left this machine: ")
            screen.wait_prompt()
            screen.press("d")
            assert screen.wait_end() == 0
    ran = edge("why", "--json")
    whose = [each["target"] for each in json.loads(ran.out)["attempts"]]
    assert whose == ["cloud", "edge"]
    database = open_database(Folders.below(weights_home).store)
    (turn,) = Conversations(database).latest().turns
    database.close()
    assert turn.reply.text.replace(" ", "").startswith("1,2,3,4,5,6,7,8,9")
