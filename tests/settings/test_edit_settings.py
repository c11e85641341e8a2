"""A setting is written into the user's own file: the rest of it stays as it was."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.errors import UsageError
from edge.core.units import Money
from edge.settings.cloud import load_cloud
from edge.settings.edit import edited, preview, write_settings
from edge.settings.folders import Folders

MINE = """\
# what I like
n_ctx = 4096   # long enough

[cloud.dashscope]
region = "singapore"   # my key's

[privacy]
words = [ "Heron",  # the project
  "Otter" ]
"""


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders.below(tmp_path / "home")


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_a_new_file_is_its_owners_alone_whatever_the_umask_says(folders, umask):
    before = os.umask(umask)
    try:
        write_settings(folders, {("cloud", "mode"): "ask"})
    finally:
        os.umask(before)
    assert mode_of(folders.config_file) == 0o600
    assert mode_of(folders.config) == 0o700
    assert load_cloud(folders, {}).mode == "ask"


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640, 0o644])
def test_a_file_keeps_the_mode_it_had(folders, mode):
    folders.config.mkdir()
    folders.config_file.write_text(MINE)
    folders.config_file.chmod(mode)
    write_settings(folders, {("seed",): 1})
    assert mode_of(folders.config_file) == mode


def test_comments_and_order_stay(folders):
    folders.config.mkdir()
    folders.config_file.write_text(MINE)
    write_settings(folders, {("cloud", "mode"): "auto", ("privacy", "new"): "public"})
    text = folders.config_file.read_text()
    kept = [line for line in MINE.splitlines() if line]
    assert [line for line in text.splitlines() if line in kept] == kept
    assert tomllib.loads(text)["cloud"] == {"mode": "auto", "dashscope": {"region": "singapore"}}


def test_a_value_is_taken_away_and_its_comments_neighbours_stay(folders):
    folders.config.mkdir()
    folders.config_file.write_text(MINE)
    write_settings(folders, {("n_ctx",): None})
    write_settings(folders, {("cloud", "nothing", "there"): None})
    text = folders.config_file.read_text()
    assert "n_ctx" not in text
    assert text.startswith("# what I like\n")
    assert text.endswith(MINE[MINE.index("[cloud") :])


def test_an_amount_is_kept_to_the_last_digit(folders):
    write_settings(folders, {("budget", "CNY", "month"): Decimal("19.90")})
    assert load_cloud(folders, {}).caps[0].limit == Money(Decimal("19.90"), "CNY")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("cloud", "mode"), "always"),
        (("budget", "CNY", "month"), Decimal(-1)),
        (("n_ctx",), 1),
        (("n_cxt",), 4096),
        (("cloud", "provider"), "nobody"),
        (("n_ctx", "deep"), 1),
    ],
)
def test_what_could_not_be_read_again_is_not_written(folders, path, value):
    folders.config.mkdir()
    folders.config_file.write_text(MINE)
    with pytest.raises(UsageError):
        write_settings(folders, {path: value})
    assert folders.config_file.read_text() == MINE
    assert list(folders.config.iterdir()) == [folders.config_file]


def test_a_preview_writes_nothing(folders):
    assert preview(folders, {("cloud", "mode"): "ask"}).mode == "ask"
    assert not folders.config.exists()


def test_a_link_stays_a_link(folders, tmp_path):
    folders.config.mkdir()
    real = tmp_path / "dotfiles.toml"
    real.write_text(MINE)
    folders.config_file.symlink_to(real)
    write_settings(folders, {("seed",): 1})
    assert folders.config_file.is_symlink()
    assert tomllib.loads(real.read_text())["seed"] == 1


def test_a_broken_file_is_left_alone(folders):
    folders.config.mkdir()
    folders.config_file.write_text("n_ctx = = 1")
    with pytest.raises(UsageError, match="not valid TOML"):
        write_settings(folders, {("seed",): 1})
    assert folders.config_file.read_text() == "n_ctx = = 1"


def test_line_ends_of_windows_stay():
    text = edited("# mine\r\nseed = 1\r\n", {("n_ctx",): 4096}, Path("c"))
    assert text.startswith("# mine\r\nseed = 1\r\n")
    assert tomllib.loads(text) == {"seed": 1, "n_ctx": 4096}


@pytest.mark.parametrize(
    "text",
    [
        "cloud.mode = 'off'\n",
        "cloud = { mode = 'off' }\n",
        "[cloud]\n[cloud.dashscope]\nregion = 'us'\n[privacy]\n[cloud.other]\nbase_url = 'x'\n",
        "[cloud]\nmode = 'off'\n\n\n# end",
        "[budget.CNY]\nday = 1\n[cloud]\n",
        "budget = { CNY = { day = 1 } }\n",
    ],
)
def test_every_way_to_write_a_table_takes_a_new_value(text):
    changes = {("cloud", "mode"): "ask", ("budget", "USD", "month"): Decimal(3), ("policy",): "x"}
    got = tomllib.loads(edited(text, changes, Path("c")))
    before = tomllib.loads(text)
    assert got["cloud"] == before.get("cloud", {}) | {"mode": "ask"}
    assert got["budget"] == before.get("budget", {}) | {"USD": {"month": "3"}}
    assert got["policy"] == "x"


KEYS = st.sampled_from(["a", "b", "mode", "x y", "键"])
VALUES = st.one_of(st.text(max_size=5), st.integers(-9, 9), st.booleans())
TABLES = st.dictionaries(KEYS, st.one_of(VALUES, st.dictionaries(KEYS, VALUES, max_size=3)))


@given(TABLES, st.lists(KEYS, min_size=1, max_size=3), st.none() | VALUES)
def test_only_what_was_asked_for_changes(document, path, value):
    import tomlkit

    text = tomlkit.dumps(document)
    try:
        got = tomllib.loads(edited(text, {tuple(path): value}, Path("c")))
    except UsageError:
        return  # a plain value stands where a table is wanted
    table = got
    for key in path[:-1]:
        table = table.get(key, {}) if isinstance(table, dict) else {}
    if value is None:
        assert not isinstance(table, dict) or path[-1] not in table
    else:
        assert table[path[-1]] == value
    untouched = {key: kept for key, kept in document.items() if key != path[0]}
    assert {key: kept for key, kept in got.items() if key != path[0]} == untouched


KILLED = """
import os, signal, sys
from pathlib import Path
from edge.settings.config_file import write_private
import os as real
real.fsync = lambda fd: os.kill(os.getpid(), signal.SIGKILL)
write_private(Path(sys.argv[1]), "seed = 2\\n")
"""


def test_a_writer_that_is_killed_leaves_the_file_as_it_was(tmp_path):
    file = tmp_path / "config.toml"
    file.write_text(MINE)
    done = subprocess.run([sys.executable, "-c", KILLED, str(file)], check=False)
    assert done.returncode == -9
    assert file.read_text() == MINE
