"""`edge doctor`: a line for each part, also for the broken ones, and what to type."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.cli.main import run
from shell import CHECKOUT, FaultyServer, Ran, as_on_the_hub, edge, environ, given, on_the_shelf
from tiny_gguf import make_tiny


@pytest.fixture
def doctor(monkeypatch, capsys) -> Callable[..., Ran]:
    """Runs `edge doctor` in this process; what it starts are processes of their own."""

    def ask(*args: str, hub: FaultyServer | None = None, **more: str) -> Ran:
        for name, value in environ(hub, **more).items():
            monkeypatch.setenv(name, value)
        code = run(["doctor", *args])
        return Ran(code, *capsys.readouterr())

    return ask


def lines(out: str) -> dict[str, str]:
    """The lines by the part they speak of; of several the last."""
    return {line.split()[1]: line for line in out.splitlines()}


def test_a_sound_installation_is_ok_and_leaves_nothing_behind(edge_home):
    ran = edge("doctor")
    assert (ran.code, ran.err) == (0, "")
    found = lines(ran.out)
    parts = "python binding cpu gpu isolation memory settings disk models store"
    around = "terminal colours width fonts editor language"
    assert list(found) == [*parts.split(), *around.split()]
    assert found["binding"].startswith("ok   binding   llama-cpp-python 0.3.36")
    assert found["models"].startswith("warn models    none is here; try: edge pull qwen")
    assert "journal mode 'delete'" in found["store"]
    assert not edge_home.exists()


def test_json_is_one_object_with_a_hint_for_each_part_that_is_not_ok(doctor):
    document = json.loads(doctor("--json").out)
    assert document["schema_version"] == 1
    assert {check["state"] for check in document["checks"]} <= {"ok", "warn", "broken"}
    models = next(check for check in document["checks"] if check["name"] == "models")
    assert (models["state"], models["hint"][:10]) == ("warn", "edge pull ")


@pytest.mark.parametrize(
    ("binding", "said"),
    [
        ("raise ImportError('no libllama.so')", "cannot be used: ImportError: no libllama.so; try"),
        ("import os; os.kill(os.getpid(), 4)", "built for another CPU"),
        ("import os; os.abort()", "ends the process (signal 6)"),
        ("__version__ = '0.0.1'", "cannot be used: "),
    ],
)
def test_a_broken_binding_is_a_line_and_what_to_type(tmp_path, binding, said, doctor):
    package = tmp_path / "broken" / "llama_cpp"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(binding)
    ran = doctor(PYTHONPATH=f"{package.parent}:{CHECKOUT}")
    found = lines(ran.out)
    assert (ran.code, ran.err) == (1, "")
    assert found["binding"].startswith("FAIL binding")
    assert said in found["binding"]
    assert "; try: in edge's checkout: pip install " in found["binding"]
    assert found["binding"].endswith(" .")
    assert "store" in found


def test_a_damaged_store_is_broken_and_stays_as_it_is(edge_home, doctor):
    store = edge_home / "data" / "edge.db"
    store.parent.mkdir(parents=True)
    store.write_bytes(b"SQLite format 3\0" + b"\xff" * 9000)
    ran = doctor()
    assert ran.code == 1
    assert lines(ran.out)["store"].startswith("FAIL store")
    assert store.read_bytes().endswith(b"\xff" * 9000)


def test_settings_say_where_they_come_from(edge_home, doctor):
    edge_home.mkdir()
    (edge_home / "config.toml").write_text("n_ctx = 2048\n")
    found = lines(doctor(EDGE_SEED="7").out)
    assert f"n_ctx = 2048 ({edge_home / 'config.toml'})" in found["settings"]
    assert "seed = 7 (EDGE_SEED)" in found["settings"]


def test_settings_that_cannot_be_read_are_broken_and_the_rest_is_still_checked(edge_home, doctor):
    edge_home.mkdir()
    (edge_home / "config.toml").write_text("n_ctx = 'many'\n")
    ran = doctor("--network")
    found = lines(ran.out)
    assert ran.code == 1
    assert found["settings"].startswith("FAIL settings")
    assert found["store"].startswith("ok")
    # Nobody is asked: the setting that forbids it may be among those not read.
    assert ran.out.count("not asked, edge is offline") == 2


def test_a_language_that_is_none_is_told_once_and_the_hint_is_english(doctor):
    found = lines(doctor(EDGE_LANG="fr").out)
    assert found["settings"].endswith('; try: export EDGE_LANG="en"')
    assert "; try: edge pull qwen" in found["models"]


def test_a_folder_nobody_can_write_in_is_broken(edge_home, doctor):
    edge_home.write_text("a file where the home should be")
    edge_home.chmod(0o700)
    ran = doctor()
    assert ran.code == 1
    assert lines(ran.out)["disk"].startswith("FAIL disk")


def test_weights_that_changed_are_broken(tmp_path, doctor):
    given("import", make_tiny(tmp_path / "tiny.gguf"))
    assert "tiny (" in lines(doctor().out)["models"]
    on_the_shelf()[0].write_bytes(b"no model")
    ran = doctor()
    assert ran.code == 1
    assert lines(ran.out)["models"].startswith("FAIL models")


def test_unfinished_pulls_are_counted(edge_home, doctor):
    partial = edge_home / "models" / "partial"
    partial.mkdir(parents=True)
    (partial / "sha256-0.part").write_bytes(bytes(3 * 2**20))
    assert "3 MiB of unfinished pulls" in lines(doctor().out)["models"]


def test_the_network_is_asked_only_when_told_to(doctor):
    with FaultyServer(as_on_the_hub(b"x")) as hub:
        assert "network" not in lines(doctor(hub=hub).out)
        assert hub.requests == []
        ran = doctor("--network", hub=hub)
        assert [(asked.method, asked.path) for asked in hub.requests] == [("HEAD", "/")]
        assert "authorization" not in hub.requests[0].headers
    told = [line for line in ran.out.splitlines() if line.split()[1] == "network"]
    assert len(told) == 3
    assert told[0].startswith(f"ok   network   {hub.url.removeprefix('http://')}: model files")
    assert told[0].endswith("; reachable")
    assert told[1].startswith("warn network   127.0.0.1:9: ")
    assert "pip" in told[2]
    assert ran.code == 0


def test_an_address_that_is_none_is_a_broken_part_and_no_end_of_the_check(doctor):
    ran = doctor("--network", "--json", HF_ENDPOINT="junk")
    parts = {each["name"] + each["state"]: each for each in json.loads(ran.out)["checks"]}
    assert parts["networkbroken"]["text"] == "HF_ENDPOINT is 'junk', which is no address"
    assert "HF_ENDPOINT=https://" in parts["networkbroken"]["hint"]
    assert (ran.code, ran.err) == (1, "")


def test_offline_is_kept_also_by_the_network_check(doctor):
    with FaultyServer(as_on_the_hub(b"x")) as hub:
        ran = doctor("--network", hub=hub, EDGE_OFFLINE="1")
        assert hub.requests == []
    assert "not asked, edge is offline" in ran.out


def test_the_doctor_asks_for_no_file_of_the_current_folder(tmp_path, monkeypatch, doctor):
    # A file beside the user's own must not be run in place of the library.
    (tmp_path / "llama_cpp.py").write_text("raise ImportError('planted')")
    monkeypatch.chdir(tmp_path)
    assert "planted" not in doctor().out
    assert Path("llama_cpp.py").exists()
