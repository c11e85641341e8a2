"""`edge cloud`: turned on knowingly, with a key that is seen nowhere, and off again at a word."""

from __future__ import annotations

import io
import json
import os
import stat
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keyring
import pexpect
import pytest
from keyring.backends.fail import Keyring as Fail

import keyrings
from edge.cli.main import run
from shell import CHECKOUT, EDGE, PATIENCE_S, Ran, edge, environ

KEY = "sk-canary0123456789abcd"


@pytest.fixture(autouse=True)
def no_store(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No key of the user, no key store; and a machine that has both is as before afterwards."""
    monkeypatch.delenv("DASHSCOPE_API_KEY", raising=False)
    before = keyring.get_keyring()
    keyring.set_keyring(Fail())
    yield
    keyring.set_keyring(before)


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """`edge cloud` with pipes, run here since a process costs more; it never shows a key."""

    def cloud(*args: str, stdin: str = "", **variables: str) -> Ran:
        capsys.readouterr()
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
            for name, value in variables.items():
                patched.setenv(name, value)
            code = run(["cloud", *args])
        told = capsys.readouterr()
        assert "canary" not in told.out + told.err
        return Ran(code, told.out, told.err)

    return cloud


def as_process(*args: str, stdin: str = "", **variables: str) -> Ran:
    """The same in a process of its own."""
    done = edge("cloud", *args, stdin=stdin.encode(), **elsewhere(**variables))
    assert "canary" not in done.out + done.err
    return done


def elsewhere(**more: str) -> dict[str, str]:
    """What a process of its own is told: there is no key store."""
    return {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"} | more


@contextmanager
def at_keyboard(*args: str, **more: str) -> Iterator[pexpect.spawn]:
    """`edge cloud` at a terminal; `logfile_read` holds all that was shown."""
    process = pexpect.spawn(
        EDGE[0],
        [*EDGE[1:], "cloud", *args],
        env={"TERM": "xterm"} | environ(**elsewhere(**more)),
        encoding="utf-8",
        timeout=PATIENCE_S,
        dimensions=(30, 200),
    )
    process.logfile_read = open(Path(os.environ["EDGE_HOME"]).parent / "seen", "w+")  # noqa: SIM115
    try:
        yield process
    finally:
        process.close(force=True)
        process.logfile_read.close()


def seen() -> str:
    return (Path(os.environ["EDGE_HOME"]).parent / "seen").read_text()


def ended(process: pexpect.spawn) -> int:
    process.expect(pexpect.EOF)
    process.close()
    return process.exitstatus


def config(home: Path) -> dict[str, object]:
    return tomllib.loads((home / "config.toml").read_text())


def files_with_key(home: Path) -> list[str]:
    """Where the key lies, of all files of the test."""
    files = (path for path in home.parent.rglob("*") if path.is_file())
    return sorted(path.name for path in files if b"canary" in path.read_bytes())


# Login at a terminal.


def test_a_person_logs_in_and_the_key_is_never_on_the_screen(edge_home):
    with at_keyboard("login") as process:
        process.expect("Key for dashscope")
        process.sendline(KEY)
        process.expect("How do new conversations start")
        inside = Path(f"/proc/{process.pid}")
        told = inside.joinpath("cmdline").read_bytes() + inside.joinpath("environ").read_bytes()
        process.sendline("publik")
        process.expect("answer private or public")
        process.sendline("public")
        process.expect("ask you each time")
        process.sendline("auto")
        process.expect("No key store is here")
        process.sendline("y")
        assert ended(process) == 0
    assert b"canary" not in told
    assert "canary" not in seen()
    assert "qwen-plus at dashscope.aliyuncs.com" in seen()
    assert "those you have stay private" in seen()
    assert "at most 2 CNY a day, 20 CNY a month: edge budget" in seen()
    assert "edge cloud logout" in seen()
    assert files_with_key(edge_home) == ["keys.toml"]
    for name in ("keys.toml", "config.toml"):
        assert stat.S_IMODE((edge_home / name).stat().st_mode) == 0o600
    assert config(edge_home) == {
        "cloud": {"provider": "dashscope", "mode": "auto"},
        "privacy": {"new": "public"},
    }


def test_enter_alone_takes_the_careful_answers(edge_home):
    with at_keyboard("login") as process:
        process.expect("Key for dashscope")
        process.sendline(KEY)
        for question in ("How do new conversations", "ask you each time", "No key store"):
            process.expect(question)
            process.sendline("")
        assert ended(process) == 0
    assert config(edge_home)["cloud"] == {"provider": "dashscope", "mode": "ask"}
    assert config(edge_home)["privacy"] == {"new": "private"}


@pytest.mark.parametrize("leave", ["no", "interrupt"])
def test_who_leaves_at_the_last_question_has_changed_nothing(edge_home, leave):
    with at_keyboard("login", "--new", "private", "--mode", "ask") as process:
        process.expect("Key for dashscope")
        process.sendline(KEY)
        process.expect("No key store is here")
        if leave == "no":
            process.sendline("n")
        else:
            process.sendintr()
        assert ended(process) == 130
    assert not edge_home.exists()
    assert "canary" not in seen()


def test_how_conversations_start_is_asked_once(edge_home, cloud):
    assert cloud("login", "--yes", "--new", "public", stdin=KEY).code == 0
    # A key of the environment is not asked for, either.
    with at_keyboard("login", "--mode", "auto", DASHSCOPE_API_KEY=KEY) as process:
        assert ended(process) == 0
    assert "How do new conversations" not in seen()
    assert config(edge_home)["privacy"] == {"new": "public"}


# Login through a pipe.


def test_a_piped_key_without_a_key_store_wants_a_yes(edge_home, cloud):
    refused = cloud("login", stdin=KEY)
    assert refused.code == 2
    assert "--yes" in refused.err
    assert not edge_home.exists()
    assert cloud("login", "--yes", stdin=f"{KEY}\n").code == 0
    assert files_with_key(edge_home) == ["keys.toml"]


def test_with_a_key_store_no_file_of_ours_holds_the_key(edge_home, tmp_path, cloud):
    keyring.set_keyring(keyrings.Sound())
    store = {"EDGE_TEST_KEYRING": str(tmp_path / "keyring.json")}
    done = cloud("login", stdin=KEY, **store)
    assert (done.code, done.err) == (0, "")
    assert "the key is in the system's key store" in done.out
    assert files_with_key(edge_home) == ["keyring.json"]
    assert "…abcd from the system's key store" in cloud("status", **store).out
    assert "the key is forgotten (the system's key store)" in cloud("logout", **store).out
    assert files_with_key(edge_home) == []


@pytest.mark.parametrize("backend", ["fail", "null"])
def test_without_a_key_store_the_key_is_in_a_file(edge_home, backend):
    store = {"PYTHON_KEYRING_BACKEND": f"keyring.backends.{backend}.Keyring"}
    assert as_process("login", "--yes", stdin=KEY, **store).code == 0
    assert files_with_key(edge_home) == ["keys.toml"]
    assert f"…abcd from {edge_home / 'keys.toml'}" in as_process("status", **store).out


@pytest.mark.parametrize("hostile", [keyrings.Failing, keyrings.Forgetting, keyrings.Prompting])
def test_a_hostile_key_store_is_none(edge_home, tmp_path, monkeypatch, cloud, hostile):
    monkeypatch.setenv("EDGE_TEST_KEYRING", str(tmp_path / "keyring.json"))
    keyring.set_keyring(hostile())
    assert cloud("login", "--yes", stdin=KEY).code == 0
    assert files_with_key(edge_home) == ["keys.toml"]
    assert f"…abcd from {edge_home / 'keys.toml'}" in cloud("status").out
    assert cloud("logout").code == 0
    assert files_with_key(edge_home) == []


def test_a_key_of_the_environment_is_not_copied(edge_home, cloud):
    done = cloud("login", DASHSCOPE_API_KEY=KEY)
    assert done.code == 0
    assert "the one in DASHSCOPE_API_KEY, and is not kept" in done.out
    assert files_with_key(edge_home) == []
    assert json.loads(cloud("status", "--json", DASHSCOPE_API_KEY=KEY).out)["key"] == {
        "from": "DASHSCOPE_API_KEY",
        "ends": "abcd",
    }


def test_no_key_is_no_login(edge_home, cloud):
    done = cloud("login", "--yes", stdin="\n")
    assert done.code == 2
    assert "there is no key" in done.err
    assert not edge_home.exists()


@pytest.mark.parametrize("text", ["canary with spaces", "canary\nsecond line", "sk-sp-canary0123"])
def test_a_bad_key_is_refused_and_not_shown(edge_home, text, cloud):
    done = cloud("login", "--yes", stdin=text, EDGE_DEBUG="0")
    assert done.code == 2
    assert not edge_home.exists()


@pytest.mark.parametrize(
    "args",
    [
        ("login", KEY),
        ("login", "dashscope", KEY),
        ("login", "--key", KEY),
        ("login", f"--api-key={KEY}"),
        ("login", "--model", KEY),
        ("login", "--region", KEY),
        ("login", "--new", KEY),
        (KEY,),
        ("login", f"--kye={KEY}"),
    ],
)
def test_a_key_on_the_command_line_is_refused_and_not_repeated(edge_home, args, cloud):
    done = cloud(*args)
    assert done.code == 2
    assert not edge_home.exists()


def test_without_detectors_the_cloud_cannot_be_turned_on(edge_home, tmp_path):
    (tmp_path / "phonenumbers.py").write_text("raise ImportError('not installed')")
    paths = os.pathsep.join(map(str, (tmp_path, CHECKOUT)))
    done = as_process("login", "--yes", stdin=KEY, PYTHONPATH=paths)
    assert done.code == 2
    assert "try: pip install 'edge-qwen[cloud]'" in done.err
    assert not edge_home.exists()


# Who is asked.


def test_a_provider_of_ones_own_is_named_with_its_address_and_model(edge_home, cloud):
    here = ("--base-url", "http://127.0.0.1:8080/v1", "--model", "toy")
    done = cloud("login", "my-box", *here, "--yes")
    assert done.code == 0
    assert "toy at 127.0.0.1:8080" in done.out
    assert "no key is sent to it" in done.out
    assert "it is on this machine and has no price" in done.out
    assert config(edge_home)["cloud"] == {
        "mode": "ask",
        "provider": "my-box",
        "model": "toy",
        "my-box": {"base_url": "http://127.0.0.1:8080/v1", "models": ["toy"]},
    }
    # And back: its model is of no use at Model Studio.
    assert cloud("login", "dashscope", "--yes", stdin=KEY).code == 0
    assert "model" not in config(edge_home)["cloud"]
    assert cloud("login", "my-box", "--yes").code == 0


def test_a_remote_provider_without_a_price_is_told_to_be_sent_nothing(edge_home, cloud):
    there = ("--base-url", "https://models.example/v1", "--model", "toy")
    done = cloud("login", "far", *there, "--yes", stdin=KEY)
    assert done.code == 0
    assert "its price is not known, so nothing is sent" in done.out


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("my-box",), "--base-url https://HOST/v1"),
        (("my-box", "--base-url", "https://a.example/v1"), "--model NAME"),
        (("my-box", "--base-url", "http://a.example/v1", "--model", "m"), "https; http is for"),
        (("my-box", "--base-url", "https://a.example", "--region", "us"), "--region"),
        (("My_Box", "--base-url", "https://a.example", "--model", "m"), "hyphens"),
        (("--region", "singapur"), '"singapore"'),
        (("--region", "eu-central-1"), "workspace"),
        (("--mode", "always"), "ask, auto"),
        (("--new", "open"), "private, public"),
        (("a", "b"), "2 words"),
    ],
)
def test_a_wrong_word_is_refused_before_the_key_is_kept(edge_home, args, said, cloud):
    done = cloud("login", *args, "--yes", stdin=KEY)
    assert done.code == 2
    assert said in done.err
    assert not edge_home.exists()


def test_a_region_has_its_host_and_its_currency(cloud):
    done = cloud("login", "--region", "singapore", "--yes", stdin=KEY)
    assert "dashscope-intl.aliyuncs.com" in done.out
    assert "at most 0.3 USD a day, 3 USD a month" in done.out


def test_a_budget_that_is_there_stays(edge_home, cloud):
    edge_home.mkdir()
    (edge_home / "config.toml").write_text('# mine\n[budget.CNY]\nday = "1"\n')
    done = cloud("login", "--yes", stdin=KEY)
    assert "at most 1 CNY a day, 20 CNY a month" in done.out
    assert config(edge_home)["budget"] == {"CNY": {"day": "1"}}
    assert (edge_home / "config.toml").read_text().startswith("# mine\n")


def test_what_keeps_the_cloud_off_all_the_same_is_said(edge_home, cloud):
    edge_home.mkdir()
    (edge_home / "config.toml").write_text("offline = true\n")
    assert "offline = true is set" in cloud("login", "--yes", stdin=KEY).out
    assert "mode              off" in cloud("status").out
    assert "offline = true" in cloud("test").err


# Logout, status, models and prices.


def test_logout_turns_it_off_and_forgets_the_key(edge_home, cloud):
    assert cloud("login", "--yes", "--mode", "auto", stdin=KEY).code == 0
    done = cloud("logout", DASHSCOPE_API_KEY=KEY)
    assert done.code == 0
    assert "the cloud is off; the key is forgotten" in done.out
    assert "DASHSCOPE_API_KEY is still set" in done.out
    assert config(edge_home)["cloud"]["mode"] == "off"
    assert files_with_key(edge_home) == []
    assert cloud("logout").out == "the cloud is off; no key was kept\n"
    assert cloud("test").code == 2


def test_logout_of_another_provider_leaves_the_cloud_on(edge_home, cloud):
    assert cloud("login", "--yes", stdin=KEY).code == 0
    assert "the cloud is on" in cloud("logout", "my-box").out
    assert config(edge_home)["cloud"]["mode"] == "ask"
    assert files_with_key(edge_home) == ["keys.toml"]


def test_logout_where_nothing_was_ever_on_writes_nothing(edge_home, cloud):
    assert cloud("logout").code == 0
    assert not edge_home.exists()


def test_status_says_all_of_it_and_at_most_four_letters_of_the_key(edge_home, cloud):
    assert cloud("login", "--yes", "--new", "public", stdin=KEY).code == 0
    told = json.loads(cloud("status", "--json").out)
    assert told == {
        "schema_version": 1,
        "mode": "ask",
        "mode_from": str(edge_home / "config.toml"),
        "provider": "dashscope",
        "host": "dashscope.aliyuncs.com",
        "region": "mainland",
        "models": ["qwen-plus", "qwen-long"],
        "key": {"from": str(edge_home / "keys.toml"), "ends": "abcd"},
        "key_fault": None,
        "policy": "edge-first",
        "new_conversations": "public",
        "strict_model": False,
        "budget": [
            {"scope": scope, "amount": amount, "currency": currency}
            for scope, amount, currency in [  # of the policy edge-first
                *(("day", "2", "CNY"), ("month", "20", "CNY")),
                *(("day", "0.3", "USD"), ("month", "3", "USD")),
            ]
        ],
        "detectors_ready": True,
    }
    off = json.loads(cloud("status", "--json", EDGE_CLOUD="off").out)
    assert (off["mode"], off["mode_from"]) == ("off", "EDGE_CLOUD")
    assert (off["policy"], off["new_conversations"]) == ("offline", "private")


def test_status_tells_of_a_key_that_others_may_read(edge_home, cloud):
    assert cloud("login", "--yes", stdin=KEY).code == 0
    (edge_home / "keys.toml").chmod(0o644)
    assert f"chmod 600 {edge_home / 'keys.toml'}" in cloud("status").out


def test_test_asks_once_and_says_how_it_went(edge_home, cloud, httpserver):
    said = [
        {"choices": [{"delta": {"content": "OK"}, "finish_reason": "stop"}], "model": "toy"},
        {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 1}, "model": "toy"},
    ]
    stream = "".join(f"data: {json.dumps(event)}\n\n" for event in said) + "data: [DONE]\n\n"
    httpserver.expect_request("/v1/chat/completions").respond_with_data(
        stream, content_type="text/event-stream"
    )
    here = ("--base-url", httpserver.url_for("/v1"), "--model", "toy", "--mode", "auto", "--yes")
    assert cloud("login", "my-box", *here, stdin=KEY).code == 0
    assert httpserver.log == []
    done = cloud("test")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"toy at localhost:{httpserver.port} answers")
    ((request, _),) = httpserver.log
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert files_with_key(edge_home) == ["keys.toml"]


def test_models_marks_those_in_use(cloud):
    rows = [line.split("\t") for line in cloud("models").out.splitlines()]
    uses = {row[0]: row[4] for row in rows[1:]}
    assert uses["qwen-plus"] == "usual"
    assert uses["qwen-long"] == "long prompts"
    assert uses["qwen-flash"] == "-"
    listed = json.loads(cloud("models", "--json").out)["models"]
    assert [entry["name"] for entry in listed] == list(uses)


def test_prices_are_marked_when_they_are_old(edge_home, cloud):
    edge_home.mkdir()
    (edge_home / "clouds.toml").write_text(
        "[clouds.toy]\nn_ctx = 4096\nmax_output_tokens = 512\n"
        '[[clouds.toy.prices]]\nregion = "home"\ncurrency = "EUR"\nas_of = 2999-01-01\n'
        "tiers = [ { per_million_in = 0.10, per_million_out = 1 } ]\n"
    )
    listed = json.loads(cloud("prices", "--json").out)["prices"]
    old = {(entry["model"], entry["region"]): entry["old"] for entry in listed}
    assert old["toy", "home"] is False
    assert old["qwen-plus", "mainland"] is True  # of 2026-05-30
    own = next(entry for entry in listed if entry["model"] == "toy")
    assert own["tiers"][0]["per_million_in"] == "0.10"
    done = cloud("prices")
    assert "! 2026-05-30" in done.out
    assert "2999-01-01" in done.out
    assert "! 2999" not in done.out
    assert "older than 90 days" in done.err


def test_a_misspelt_command_brings_the_nearest(cloud):
    assert "edge cloud status" in cloud("statsu").err
    assert cloud().code == 2
