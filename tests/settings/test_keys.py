"""A key is found in one order, kept where nobody else reads it, and shown to nobody."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backends.fail import Keyring as Fail
from keyring.backends.null import Keyring as Null

import keyrings
from edge.core.cloud import Provider, Secret
from edge.core.errors import UsageError
from edge.engine.edge.link import ProcessLink
from edge.settings.folders import Folders
from edge.settings.keys import (
    KEYRING,
    checked_key,
    find_key,
    forget_key,
    keep_in_file,
    keep_in_keyring,
    key_file,
    key_variable,
    needs_key,
    without_keys,
)

CHECKOUT = Path(__file__).parents[2]
KEY = "sk-canary0123456789"
OWN = '[cloud.my-box]\nbase_url = "https://box.example/v1"\n'


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders.below(tmp_path / "home")


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A key store of the test's own; the one of before comes back."""
    monkeypatch.setenv("EDGE_TEST_KEYRING", str(tmp_path / "keyring.json"))
    before = keyring.get_keyring()
    keyring.set_keyring(keyrings.Sound())
    yield
    keyring.set_keyring(before)


def found(folders: Folders, provider: str = "my-box", **environ: str) -> tuple[str, str] | None:
    kept = find_key(provider, folders, environ, patience_s=0.2)
    return (kept.secret.reveal(), kept.origin) if kept else None


def write_config(folders: Folders, text: str, mode: int = 0o600) -> Path:
    folders.config.mkdir(parents=True, exist_ok=True)
    folders.config_file.write_text(text)
    folders.config_file.chmod(mode)
    return folders.config_file


# Where it is looked for.


def test_without_a_key_there_is_none(folders):
    assert found(folders) is None
    assert not folders.config.exists()


def test_the_variable_comes_before_the_store_before_the_files(folders):
    file = keep_in_file("my-box", Secret("key-own-file"), folders)
    assert found(folders) == ("key-own-file", file)
    config = write_config(folders, f'{OWN}key = "key-config"\n')
    assert found(folders) == ("key-config", str(config))
    assert keep_in_keyring("my-box", Secret("key-keyring"))
    assert found(folders) == ("key-keyring", KEYRING)
    assert found(folders, EDGE_MY_BOX_API_KEY="key-env") == ("key-env", "EDGE_MY_BOX_API_KEY")


def test_a_key_is_its_providers_alone(folders):
    keep_in_keyring("my-box", Secret("key-keyring"))
    keep_in_file("my-box", Secret("key-own-file"), folders)
    assert found(folders, "other", EDGE_MY_BOX_API_KEY="x", DASHSCOPE_API_KEY="y") is None
    assert found(folders, "dashscope", DASHSCOPE_API_KEY="y") == ("y", "DASHSCOPE_API_KEY")
    assert key_variable("a-1") == "EDGE_A_1_API_KEY"


def test_an_empty_variable_counts_as_not_given(folders):
    assert found(folders, EDGE_MY_BOX_API_KEY="") is None


def test_a_forgotten_key_is_nowhere(folders):
    write_config(folders, f'# mine\n{OWN}key = "key-config"\n')
    keep_in_keyring("my-box", Secret("key-keyring"))
    keep_in_file("my-box", Secret("key-own-file"), folders)
    keep_in_file("other", Secret("key-other"), folders)
    assert len(forget_key("my-box", folders)) == 3
    assert found(folders) is None
    assert folders.config_file.read_text() == f"# mine\n{OWN}"
    assert found(folders, "other") is not None
    assert forget_key("my-box", folders) == ()


def test_only_this_machine_is_asked_without_a_key():
    assert needs_key(Provider("a", "https://a.example/v1"))
    assert not needs_key(Provider("a", "http://127.0.0.1:80/v1"))
    assert not needs_key(Provider("a", "http://[::1]:80/v1"))


# Files.


def test_the_key_file_is_its_owners_alone(folders):
    keep_in_file("my-box", Secret(KEY), folders)
    assert stat.S_IMODE(key_file(folders).stat().st_mode) == 0o600
    assert not (folders.config_file).exists()


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o660, 0o777])
@pytest.mark.parametrize("which", ["config", "own"])
def test_a_file_others_may_read_gives_no_key(folders, mode, which):
    if which == "config":
        file = write_config(folders, f'{OWN}key = "{KEY}"\n')
    else:
        file = Path(keep_in_file("my-box", Secret(KEY), folders))
    file.chmod(mode)
    with pytest.raises(UsageError, match="others may read it") as caught:
        found(folders)
    assert caught.value.hint == f"chmod 600 {file}"
    assert KEY not in caught.value.line()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_gives_no_key(folders):
    file = Path(keep_in_file("my-box", Secret(KEY), folders))
    os.chown(file, 12345, 12345)
    with pytest.raises(UsageError, match="another user"):
        found(folders)


def test_a_key_that_is_no_text_is_named_by_its_place(folders):
    write_config(folders, f"{OWN}key = 3\n")
    with pytest.raises(UsageError, match=r"cloud\.my-box\.key"):
        found(folders)


# What a key may be.


@pytest.mark.parametrize("text", ["", " ", "a b", "a\nb", "sk-ключ", "a\x00b", "x" * 513, "�"])
def test_what_cannot_be_sent_in_a_header_is_no_key_and_is_not_shown(text):
    with pytest.raises(UsageError) as caught:
        checked_key("my-box", text, "what was given")
    assert "what was given" in caught.value.message
    assert not text.strip() or text not in caught.value.line()


def test_white_space_around_a_key_is_nobodys_meaning():
    assert checked_key("my-box", f"\t{KEY}\r\n", "x").reveal() == KEY


def test_a_coding_plan_key_is_refused_where_it_cannot_work():
    with pytest.raises(UsageError, match="Coding Plan") as caught:
        checked_key("dashscope", "sk-sp-0123456789", "DASHSCOPE_API_KEY")
    assert "https://coding.dashscope.aliyuncs.com/v1" in caught.value.hint
    assert "0123456789" not in caught.value.line()
    assert checked_key("coding-plan", "sk-sp-0123456789", "x").reveal() == "sk-sp-0123456789"


# Key stores that are none.


HOSTILE = [
    *(Fail, Null, keyrings.Failing, keyrings.Forgetting, keyrings.Hanging, keyrings.Prompting)
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_store_that_cannot_keep_a_key_is_none(folders, hostile):
    keyring.set_keyring(hostile())
    assert not keep_in_keyring("my-box", Secret(KEY), patience_s=0.2)
    assert found(folders) is None
    file = keep_in_file("my-box", Secret(KEY), folders)
    assert found(folders) == (KEY, file)


LOOK = """
import sys, time
from pathlib import Path
from edge.settings.folders import Folders
from edge.settings.keys import find_key
began = time.monotonic()
print(find_key("my-box", Folders.below(Path(sys.argv[1])), {}, patience_s=1))
assert time.monotonic() - began < 30
"""


def look(home: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LOOK, str(home)],
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)} | environ,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )


def test_a_bus_that_says_nothing_keeps_nobody_waiting(tmp_path):
    with socket.socket(socket.AF_UNIX) as bus:
        bus.bind(str(tmp_path / "bus"))
        bus.listen()
        done = look(
            tmp_path,
            DBUS_SESSION_BUS_ADDRESS=f"unix:path={tmp_path / 'bus'}",
            PYTHON_KEYRING_BACKEND="keyring.backends.SecretService.Keyring",
        )
    assert (done.stdout, done.stderr) == ("None\n", "")


@pytest.mark.parametrize("name", ["keyring.backends.none.Keyring", "nonsense", "os.path"])
def test_a_store_that_is_not_there_is_none(tmp_path, name):
    done = look(tmp_path, PYTHON_KEYRING_BACKEND=name)
    assert (done.stdout, done.stderr) == ("None\n", "")


def test_without_the_package_there_is_no_store(tmp_path):
    (tmp_path / "keyring.py").write_text("raise ImportError('not installed')")
    done = look(tmp_path, PYTHONPATH=f"{tmp_path}{os.pathsep}{CHECKOUT}")
    assert (done.stdout, done.stderr) == ("None\n", "")


def test_keyring_waits_until_a_key_is_looked_for():
    code = "import sys, edge.settings.keys; print({'keyring', 'tomlkit'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"


# Children.


def test_a_child_gets_no_key():
    environ = {
        "PATH": "/bin",
        "DASHSCOPE_API_KEY": KEY,
        "EDGE_MY_BOX_API_KEY": KEY,
        "EDGE_THREADS": "1",
    }
    assert without_keys(environ) == {"PATH": "/bin", "EDGE_THREADS": "1"}


def test_the_engines_process_gets_no_key(monkeypatch):
    for name in ("DASHSCOPE_API_KEY", "EDGE_MY_BOX_API_KEY"):
        monkeypatch.setenv(name, KEY)
    link = ProcessLink((sys.executable, "-c", "import sys; sys.stdin.read()"))
    try:
        deadline = time.monotonic() + 30
        while b"sys.stdin" not in (seen := of_process(link.pid, "cmdline")):
            assert time.monotonic() < deadline
        assert KEY.encode() not in seen + of_process(link.pid, "environ")
    finally:
        link.close()


def of_process(pid: int, what: str) -> bytes:
    return Path(f"/proc/{pid}/{what}").read_bytes()
