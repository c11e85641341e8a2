"""The value in force, where it came from, and folders that are there when needed."""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from edge.core.errors import DiskFull, UsageError
from edge.settings.chosen import Settings, env_name, load_settings
from edge.settings.folders import Folders, cannot_write, private_folder

CHECKOUT = Path(__file__).parents[1]


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders.below(tmp_path)


def write(folders: Folders, text: str) -> str:
    folders.config_file.write_text(text, encoding="utf-8")
    return str(folders.config_file)


def test_without_a_word_from_the_user_all_is_default(folders: Folders) -> None:
    settings = load_settings(environ={}, folders=folders)
    assert settings == Settings()
    assert (settings.model, settings.cpu_only, settings.memory) == (None, False, "auto")
    assert settings.origin("n_ctx") == "default"
    assert list(folders.home.iterdir()) == []


def test_flag_beats_environment_beats_file_beats_default(folders: Folders) -> None:
    path = write(folders, "n_ctx = 1000\nseed = 1\ntemperature = 0.1\n")
    settings = load_settings(
        flags={"n_ctx": 3000, "model": None},
        environ={"EDGE_CTX": "2000", "EDGE_SEED": "2"},
        folders=folders,
    )
    assert (settings.n_ctx, settings.seed, settings.temperature) == (3000, 2, 0.1)
    names = ("n_ctx", "seed", "temperature", "model")
    assert [settings.origin(name) for name in names] == ["flag", "EDGE_SEED", path, "default"]


def test_every_setting_can_be_given_in_each_of_the_three_places(folders: Folders) -> None:
    values = {
        "model": "toy",
        "n_ctx": 4096,
        "n_threads": 2,
        "thinking": True,
        "system": "be brief",
        "temperature": 0.5,
        "max_tokens": 10,
        "seed": 7,
        "cpu_only": True,
        "memory": "low",
        "offline": True,
    }
    expected = Settings(**values)
    environ = {env_name(name): str(value) for name, value in values.items()}
    assert load_settings(flags=values, environ={}, folders=folders) == expected
    assert load_settings(environ=environ, folders=folders) == expected
    lines = [
        f"{name} = {str(v).lower() if v in (True, False) else repr(v)}"
        for name, v in values.items()
    ]
    write(folders, "\n".join(lines))
    assert load_settings(environ={}, folders=folders) == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", True), ("Yes", True), ("on", True), ("TRUE", True), ("0", False), ("off", False)],
)
def test_a_variable_says_yes_or_no_in_the_usual_words(
    folders: Folders, text: str, value: bool
) -> None:
    environ = {"EDGE_THINKING": text}
    assert load_settings(environ=environ, folders=folders).thinking is value


def test_no_beats_yes_from_a_weaker_place(folders: Folders) -> None:
    write(folders, "cpu_only = true\nsnapshots = true\n")
    settings = load_settings(
        flags={"cpu_only": False}, environ={"EDGE_SNAPSHOTS": "no"}, folders=folders
    )
    assert (settings.cpu_only, settings.snapshots) == (False, False)


def test_an_empty_variable_counts_as_not_given(folders: Folders) -> None:
    settings = load_settings(environ={"EDGE_MODEL": "", "EDGE_CTX": ""}, folders=folders)
    assert settings == Settings()


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("n_ctx", "many", "a whole number at least 256"),
        ("n_ctx", "255", "a whole number at least 256"),
        ("n_ctx", "4096.0", "a whole number"),
        ("n_threads", "0", "at least 1"),
        ("temperature", "-0.1", "a number at least 0"),
        ("temperature", "nan", "a number"),
        ("temperature", "inf", "at most 5"),
        ("max_tokens", "9" * 5000, "a whole number"),
        ("seed", "4294967295", "at most 4294967294"),
        ("thinking", "maybe", "true or false"),
        ("system", "\udcff", "valid UTF-8"),
    ],
)
def test_a_bad_variable_is_named_with_what_it_must_be(
    folders: Folders, name: str, text: str, wanted: str
) -> None:
    with pytest.raises(UsageError) as caught:
        load_settings(environ={env_name(name): text}, folders=folders)
    assert f"{name} is " in caught.value.message
    assert f"(from {env_name(name)})" in caught.value.message
    assert wanted in caught.value.message
    assert caught.value.hint.startswith(f"export {env_name(name)}=")
    assert len(caught.value.line()) < 250
    caught.value.line().encode()


@pytest.mark.parametrize(
    "line",
    [
        'n_ctx = "4096"',
        "n_threads = true",
        "n_ctx = 4096.5",
        "thinking = 1",
        'offline = "yes"',
        "model = 3",
        'model = ""',
        "temperature = inf",
        "system = []",
        "seed = 1979-05-27",
        "[model]\nname = 'x'",
    ],
)
def test_a_bad_value_in_the_file_is_named_with_its_file(folders: Folders, line: str) -> None:
    path = write(folders, line)
    with pytest.raises(UsageError) as caught:
        load_settings(environ={}, folders=folders)
    assert f"(from {path})" in caught.value.message
    assert " = " in caught.value.hint


def test_a_bad_flag_is_named_as_one(folders: Folders) -> None:
    with pytest.raises(UsageError, match=r"n_threads is '4' \(from flag\)"):
        load_settings(flags={"n_threads": "4"}, environ={}, folders=folders)


FLAGS: list[tuple[str, object, str]] = [
    ("model", "", '--model "qwen3-0.6b"'),
    ("n_ctx", 1, "--ctx 4096"),
    ("n_threads", 0, "--threads 4"),
    ("thinking", "yes", "--think"),
    ("system", "\udcff", '--system "Answer in one sentence."'),
    ("temperature", 9.0, "--temperature 0.7"),
    ("max_tokens", 0, "--max-tokens 512"),
    ("seed", -1, "--seed 42"),
    ("cpu_only", 1, "--cpu"),
    ("memory", "tiny", '--memory "low"'),
    ("snapshots", 1, "--no-snapshots"),
    ("offline", 1, "offline = true"),  # no command has a flag for it
]


@pytest.mark.parametrize(("name", "value", "hint"), FLAGS)
def test_the_hint_of_a_bad_flag_is_the_flag_as_it_is_typed(
    folders: Folders, name: str, value: object, hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        load_settings(flags={name: value}, environ={}, folders=folders)
    assert caught.value.hint == hint


def test_a_bad_value_is_an_error_though_a_stronger_place_hides_it(folders: Folders) -> None:
    path = write(folders, "n_ctx = 1")
    with pytest.raises(UsageError, match=path):
        load_settings(flags={"n_ctx": 4096}, environ={}, folders=folders)


def test_an_unknown_name_is_an_error_with_near_names(folders: Folders) -> None:
    write(folders, "n_cxt = 4096")
    with pytest.raises(UsageError, match="'n_cxt'") as caught:
        load_settings(environ={}, folders=folders)
    assert "n_ctx" in caught.value.hint
    with pytest.raises(UsageError, match="'zzz'") as caught:
        load_settings(flags={"zzz": 1}, environ={}, folders=Folders.below(folders.data))
    assert "temperature" in caught.value.hint
    with pytest.raises(UsageError):
        Settings().origin("origins")


@pytest.mark.parametrize(
    "content", [b"n_ctx = ", b"\xff\xfe", b"[[", b"n_ctx = 1\nn_ctx = 2", b"a = " + b"[" * 5000]
)
def test_a_file_that_is_no_toml_is_named(folders: Folders, content: bytes) -> None:
    folders.config_file.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        load_settings(environ={}, folders=folders)
    assert str(folders.config_file) in caught.value.message
    assert str(folders.config_file) in caught.value.hint


def test_a_file_of_an_editor_that_marks_utf_8_is_read(folders: Folders) -> None:
    folders.config_file.write_bytes(b"\xef\xbb\xbfsystem = '\xe4\xbd\xa0\xe5\xa5\xbd'\r\n")
    assert load_settings(environ={}, folders=folders).system == "你好"


@pytest.mark.timeout(10)
@pytest.mark.parametrize("kind", ["folder", "pipe", "device"])
def test_what_is_no_plain_file_in_the_files_place_is_an_error(folders: Folders, kind: str) -> None:
    if kind == "folder":
        folders.config_file.mkdir()
    elif kind == "pipe":
        os.mkfifo(folders.config_file)
    else:
        folders.config_file.symlink_to("/dev/null")
    with pytest.raises(UsageError, match="cannot read"):
        load_settings(environ={}, folders=folders)


def test_everything_lies_below_edge_home(tmp_path: Path) -> None:
    folders = Folders.find({"EDGE_HOME": str(tmp_path / "home")})
    assert folders.home == tmp_path / "home"
    for path in (folders.config_file, folders.data, folders.cache, folders.models, folders.store):
        assert path.is_relative_to(folders.home)
    assert not folders.home.exists()


def test_edge_home_may_be_relative_or_begin_with_a_tilde(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    assert Folders.find({"EDGE_HOME": "here"}).home == tmp_path / "here"
    assert Folders.find({"EDGE_HOME": "~/there"}).home == tmp_path / "me" / "there"


def test_without_edge_home_the_platform_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DATA", "CONFIG", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    folders = Folders.find({})
    assert folders.store == tmp_path / "data" / "edge" / "edge.db"
    assert folders.config_file == tmp_path / "config" / "edge" / "config.toml"
    assert folders.cache == tmp_path / "cache" / "edge"
    assert folders.models == tmp_path / "data" / "edge" / "models"


HOMELESS = """
import os, sys
sys.path[:] = sys.argv[1].split(os.pathsep)
os.chdir("/")
import platformdirs.unix, edge.settings.chosen, edge.settings.folders as folders
os.setuid(int(sys.argv[2]))
loaded = edge.settings.chosen.load_settings(flags={"seed": 1}, environ={})
assert loaded.seed == 1
try:
    folders.private_folder(folders.Folders.find({}).data)
except folders.UsageError as error:
    print(error.line())
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user without a home")
def test_a_user_without_a_home_meets_an_error_only_when_something_is_written() -> None:
    known = {entry.pw_uid for entry in pwd.getpwall()}
    nobody = next(uid for uid in range(50_000, 60_000) if uid not in known)
    paths = os.pathsep.join([str(CHECKOUT), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", HOMELESS, paths, str(nobody)],
        env={},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "no home directory" in done.stdout
    assert "export EDGE_HOME=" in done.stdout


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
def test_a_folder_we_make_is_private_whatever_the_umask_says(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        private_folder(tmp_path / "mine")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "mine").stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_made_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot write") as caught:
        private_folder(tmp_path / "file" / "mine")
    assert "EDGE_HOME" in caught.value.hint


def test_a_full_disk_is_told_from_a_refusal(tmp_path: Path) -> None:
    assert isinstance(cannot_write(tmp_path, OSError(28, "No space left on device")), DiskFull)
    assert isinstance(cannot_write(tmp_path, PermissionError(13, "Permission denied")), UsageError)


def test_loading_settings_imports_no_heavy_package() -> None:
    heavy = ("pydantic", "platformdirs", "tomlkit", "filelock", "sqlite3")
    code = f"import sys, edge.settings.chosen; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
