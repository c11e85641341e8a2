"""`edge ask`: what goes in, what comes out on which stream, and with which exit code."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.cli.export.answer import SCHEMA_VERSION
from edge.cli.page.escape import safe
from edge.cli.talk.piped import LIMIT_BYTES, gather
from edge.core.errors import UsageError
from shell import EDGE, edge
from terminal import at_terminal
from tiny_home import furnish

KEYS = {
    "text",
    "reasoning",
    "model",
    "target",
    "stop_reason",
    "conversation_id",
    "turn_id",
    "usage",
    "cost",
    "confidence",
    "decision",
    "attempts",
    "switched",
    "schema_version",
}
USAGE = {"prompt_tokens", "cached_tokens", "completion_tokens", "ttft_s", "prefill_s", "decode_s"}
CONFIDENCE = {"mean_logprob", "min_logprob", "first_margin"}
UNKNOWN_TEMPLATE = "the file carries a chat template edge has not seen; 'qwen2.5' is used\n"
CUT = "the reply was cut at the limit of --max-tokens\n"


@pytest.fixture
def tiny(edge_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose one model writes random bytes."""
    furnish(edge_home, n_ctx=32_768)
    # Two threads that wait for each other on a busy machine take seconds for nothing.
    monkeypatch.setenv("EDGE_THREADS", "1")
    return edge_home


def piped(data: bytes) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(data), encoding="ascii")


# The prompt.


@pytest.mark.parametrize(
    ("args", "data", "prompt"),
    [
        (["what", "is this?"], b"", "what is this?"),
        (["explain"], b"line 1\n line 2\r\n", "explain\n\nline 1\n line 2"),
        ([], b"hi\n", "hi"),
        (["-"], b"hi\n", "hi"),
        (["sum up", "-"], b"x", "sum up -\n\nx"),
        (["one"], b" \n", "one"),
        ([""], b"two", "two"),
        ([], "\ufeff\u4f60\u597d".encode(), "\u4f60\u597d"),
    ],
)
def test_the_prompt_is_the_words_then_a_blank_line_then_what_was_piped(args, data, prompt):
    assert gather(args, piped(data)) == prompt


@pytest.mark.parametrize(
    ("args", "data", "said"),
    [
        ([], b"", "there is no prompt"),
        ([""], b"\n", "the prompt is empty"),
        (["hi"], b"a\nb\xff", "not UTF-8 text: byte 0xff at position 3 (line 2)"),
        (["hi"], b"\xe4\xbd", "not UTF-8 text: byte 0xe4 at position 0 (line 1)"),
        (["hi"], b"a\0b", "not text: a NUL byte at position 1 (line 1)"),
        (["hi \udcff"], b"", "the prompt is not UTF-8 text at character 3"),
    ],
)
def test_what_is_no_text_is_refused_with_its_position(args, data, said):
    with pytest.raises(UsageError) as refused:
        gather(args, piped(data))
    assert said in refused.value.line()


def test_a_closed_standard_input_is_an_empty_one():
    assert gather(["hi"], None) == "hi"


@given(st.binary(max_size=64))
def test_any_bytes_are_a_prompt_or_a_usage_error(data):
    try:
        prompt = gather([], piped(data))
    except UsageError:
        return
    assert prompt.strip()
    assert "\0" not in prompt


def test_more_than_any_context_holds_is_not_read_to_its_end():
    with open("/dev/zero", "rb") as endless:
        ran = subprocess.run([*EDGE, "ask"], stdin=endless, capture_output=True, check=False)
    assert ran.returncode == 24
    assert f"more than {LIMIT_BYTES // 2**20} MiB" in ran.stderr.decode()


# Bad words: one line each, before a model is looked for.


@pytest.mark.parametrize(
    ("args", "stdin", "code", "said"),
    [
        (["ask"], b"", 2, 'edge: there is no prompt; try: edge ask "a question"\n'),
        (["ask", "hi"], b"\xff", 2, "edge: standard input is not UTF-8 text: byte 0xff at"),
        (["ask", "hi"], b"\0", 2, "edge: standard input is not text: a NUL byte at position 0"),
        (["ask", "-m", "qwen2.5-codr-0.5b", "hi"], b"", 2, "; try: qwen2.5-coder-0.5b"),
        (["ask", "--temperature", "9", "hi"], b"", 2, "must be a number at least 0 and at most 5"),
        (["ask", "-c", "hi"], b"", 2, "there is no conversation to continue; try: edge chat\n"),
        (["ask", "--conversation", "\udcff", "hi"], b"", 2, "--conversation is not UTF-8 text"),
        (["chat", "--conversation", "zzz"], b"", 2, "there is no conversation 'zzz'"),
        (
            ["ask", "--no-save", "-c", "hi"],
            b"",
            2,
            "edge: with --no-save nothing is kept, so no earlier conversation can go on; "
            "try: the same without --no-save\n",
        ),
        (["chat", "--no-save", "--conversation", "zzz"], b"", 2, "; try: the same without --no-"),
        (["chat", "nope"], b"", 2, "no model is called 'nope'; try: edge models\n"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(args, stdin, code, said):
    ran = edge(*args, stdin=stdin)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1


def no_home() -> list[str]:
    """A user the system has no home for, where the kernel lets us be one."""
    command = ["unshare", "--map-user=54321"]
    able = (
        shutil.which("unshare") and subprocess.run([*command, "true"], check=False).returncode == 0
    )
    return command if able else []


@pytest.mark.parametrize(
    "home",
    [{}, {"HOME": "/dev/null"}, {"EDGE_HOME": "/dev/null/edge"}],
    ids=["none", "a home that is no folder", "a home that cannot be written"],
)
def test_without_a_folder_to_write_in_there_is_one_line(home):
    environ = {"PATH": os.environ["PATH"], **(home or {"HOME": "relative"})}
    command = [*EDGE, "chat", "-c"]
    if not home and (stranger := no_home()):
        del environ["HOME"]
        command = [*stranger, *command]
    ran = subprocess.run(
        command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    said = ran.stderr.decode()
    assert ran.returncode == 2, said
    assert "try: export EDGE_HOME=/a/writable/folder" in said
    assert said.count("\n") == 1


# Replies of a model that writes at random.


def test_the_answer_alone_is_on_standard_output_with_its_control_characters_spelled_out(tiny):
    flags = ["--max-tokens", "60", "--temperature", "5", "--seed", "16", "hi"]
    shown, told = edge("ask", *flags), edge("ask", "--json", *flags)
    said = json.loads(told.out)["text"]
    assert {c for c in said if c < " "} - {"\n", "\t"}, "the seed should give control characters"
    assert shown.out == safe(said).rstrip("\n") + "\n"
    assert shown.err == told.err == UNKNOWN_TEMPLATE
    assert (shown.code, told.code) == (0, 0)


def test_raw_text_is_for_pipes_alone(tiny):
    flags = ["--max-tokens", "100", "--temperature", "5", "--seed", "1", "hi"]
    raw = edge("ask", "--raw", *flags)
    assert safe(raw.out) != raw.out
    with at_terminal("ask", "--raw", *flags) as screen:
        assert screen.wait_end() == 2
    assert "--raw is for files and pipes" in screen.text


def test_json_is_one_object_of_exactly_the_promised_keys_in_plain_ascii(tiny):
    ran = edge("ask", "--json", "--max-tokens", "5", "--temperature", "0", stdin="你好".encode())
    assert ran.out.isascii()
    assert ran.out.count("\n") == 1
    told = json.loads(ran.out)
    assert set(told) == KEYS
    assert set(told["usage"]) == USAGE
    assert set(told["confidence"]) == CONFIDENCE
    assert told["usage"]["completion_tokens"] == 5
    assert (told["model"], told["target"], told["stop_reason"]) == ("tiny", "edge", "max_tokens")
    assert told["decision"]["reason"] == "cloud_off"
    assert told["decision"]["signals"]["label"] == "private"
    assert (told["cost"], len(told["attempts"]), told["switched"]) == (None, 1, False)
    assert told["schema_version"] == SCHEMA_VERSION
    assert ran.err == UNKNOWN_TEMPLATE + CUT


def test_a_conversation_goes_on_by_its_id_and_as_the_latest(tiny):
    def ask(*flags: str) -> dict:
        return json.loads(edge("ask", "--json", "--max-tokens", "2", *flags, "hi").out)

    first, second = ask("--system", "be brief"), ask()
    by_id = ask("--conversation", first["conversation_id"])
    latest = ask("-c")
    ids = [told["conversation_id"] for told in (first, second, by_id, latest)]
    assert ids[0] == ids[2] == ids[3] != ids[1]
    assert len({told["turn_id"] for told in (first, second, by_id, latest)}) == 4
    assert latest["usage"]["prompt_tokens"] > first["usage"]["prompt_tokens"]
    assert latest["decision"]["signals"]["turn_index"] == 2


def test_a_context_as_long_as_the_models_own_is_not_to_be_doubled(edge_home):
    furnish(edge_home, n_ctx=512)
    ran = edge("ask", "-m", "tiny", "--temperature", "0", "--ctx", "512", "hi")
    assert ran.err.endswith(
        "the reply was cut: the context of 512 tokens is full; no more of it fits here\n"
    )


def test_ten_megabytes_are_more_than_the_context(tiny):
    ran = edge("ask", stdin=b"all work and no play " * 500_000)
    assert (ran.code, ran.out) == (24, "")
    assert "tokens" in ran.err


def endless(*more: str) -> list[str]:
    """A reply that goes on for thousands of tokens: its likeliest words turn in a circle."""
    return ["ask", "--temperature", "0", "--ctx", "32768", *more, "hi"]


def test_a_reader_who_leaves_early_hears_nothing_and_the_turn_is_kept(tiny):
    with subprocess.Popen(
        [*EDGE, *endless()], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as ask:
        ask.stdout.read(1)
        ask.stdout.close()
        said = ask.stderr.read().decode()
    assert (ask.returncode, said) == (141, UNKNOWN_TEMPLATE)
    kept = json.loads(edge("ask", "--json", "-c", "--max-tokens", "1", "hi").out)
    assert kept["decision"]["signals"]["turn_index"] == 1


def test_control_c_stops_the_reply_and_keeps_what_was_shown(tiny):
    with subprocess.Popen(
        [*EDGE, *endless()], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as ask:
        first = ask.stdout.read(1)
        ask.send_signal(signal.SIGINT)
        rest, said = ask.communicate()
    assert ask.returncode == 130
    assert said.decode() == UNKNOWN_TEMPLATE + "stopped; what was shown is kept\n"
    assert (first + rest).endswith(b"\n")


def test_control_c_still_gives_the_whole_json_object(tiny):
    with at_terminal(*endless("--json")) as screen:
        screen.wait("is used")
        screen.press("c")
        assert screen.wait_end() == 130
    assert '"stop_reason": "cancelled"' in screen.text.replace("\n", "")


# The network.


def watched(log: Path) -> list[str]:
    """Writes down who is connected to; or, where that cannot be watched, forbids it."""
    if shutil.which("strace"):
        return ["strace", "-f", "-qq", "-e", "trace=connect,sendto,sendmsg", "-o", str(log)]
    log.touch()
    return ["unshare", "-rn"]


@pytest.mark.skipif(
    not shutil.which("strace") and not shutil.which("unshare"), reason="neither strace nor unshare"
)
@pytest.mark.parametrize("model", ["tiny", "qwen2.5-0.5b"])
def test_asking_connects_to_nobody(tiny, model, tmp_path):
    """Neither for a reply, nor when a model is missing and nobody agreed to fetch it."""
    log = tmp_path / "calls"
    command = [*watched(log), *EDGE, "ask", "-m", model, "--max-tokens", "2", "hi"]
    ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert ran.returncode == (0 if model == "tiny" else 2), ran.stderr.decode()
    assert [call for call in log.read_text().splitlines() if "AF_INET" in call] == []
