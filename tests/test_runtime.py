"""The embedder's door: what opening a model promises before a word is said."""

from __future__ import annotations

from pathlib import Path

import pytest

import edge
from edge.core.errors import BadModelFile, DoesNotFit, UnknownName
from edge.core.event import Delta, Done, Notice, NoticeCode
from edge.device.profile import DeviceProfile
from edge.loading.model import choose, load, open_library
from edge.models.library import Library
from edge.settings.chosen import Settings
from edge.settings.folders import Folders
from edge.store.state import State
from tiny_gguf import TinyShape
from tiny_home import furnish


@pytest.fixture
def folders(edge_home: Path) -> Folders:
    furnish(edge_home)
    return Folders.below(edge_home)


@pytest.fixture
def library(folders: Folders) -> Library:
    return open_library(folders)


def test_ten_lines_hold_a_conversation(folders: Folders) -> None:
    with edge.open("tiny", max_tokens=8) as runtime:
        events = list(runtime.session().send("hi"))
    assert any(isinstance(event, Delta) for event in events)
    assert isinstance(events[-1], Done)


def test_an_imported_file_answers_in_its_familys_format(library: Library) -> None:
    model = library.find("tiny")
    assert (model.spec.arch, model.spec.template) == ("qwen2", "qwen2.5")
    assert model.spec.licence == "unknown"
    assert model.spec.licence_warning


def test_a_template_nobody_knows_is_told_once(folders: Folders) -> None:
    with edge.open("tiny", max_tokens=2) as runtime:
        session = runtime.session()
        told = [
            event.code
            for text in ("one", "two")
            for event in session.send(text)
            if isinstance(event, Notice)
        ]
    assert told == [NoticeCode.UNKNOWN_TEMPLATE]


def test_a_model_that_is_not_here_names_the_command_that_brings_it(edge_home: Path) -> None:
    with pytest.raises(UnknownName) as missing:
        edge.open("qwen2.5-0.5b")
    assert missing.value.hint == "edge pull qwen2.5-0.5b"
    with pytest.raises(UnknownName) as nothing:
        edge.open()
    assert nothing.value.hint.startswith("edge pull ")


def test_the_model_used_last_is_the_one_opened(folders: Folders, library: Library) -> None:
    furnish(folders.home, name="other", n_ctx=2048)
    with edge.open("tiny"):
        pass
    assert choose(library, Settings(), State(folders)) == library.find("tiny")
    with edge.open("other"):
        pass
    assert choose(library, Settings(), State(folders)) == library.find("other")


def test_a_model_used_last_and_removed_since_is_forgotten(
    folders: Folders, library: Library
) -> None:
    State(folders).remember_model("gone")
    assert choose(library, Settings(), State(folders)) == library.find("tiny")


def test_a_model_that_does_not_fit_is_refused_before_it_is_loaded(library: Library) -> None:
    small = DeviceProfile("small", 1, memory_bytes=2**28, free_bytes=2**26)
    with pytest.raises(DoesNotFit) as refused:
        load(library.find("tiny"), Settings(), small)
    assert "64 MiB is free" in refused.value.message


def test_a_refusal_names_what_would_fit(library: Library) -> None:
    shape = TinyShape(n_layers=64, n_kv_heads=2, n_heads=2)
    furnish(library.shelf.folder.parent, name="wide", shape=shape)
    # Weights and buffers fit beside the margin, the cache of 4096 tokens does not.
    device = DeviceProfile("small", 1, memory_bytes=2**31, free_bytes=150 * 2**20)
    with pytest.raises(DoesNotFit) as refused:
        load(library.find("wide"), Settings(n_ctx=4096), device)
    assert "--ctx " in refused.value.hint


def test_a_talk_is_kept_under_the_name_that_brings_the_model_back(folders: Folders) -> None:
    with edge.open("tiny", max_tokens=2) as runtime:
        session = runtime.session()
        list(session.send("hi"))
        assert session.conversation is not None
        assert session.conversation.model == runtime.model_name == "tiny"


def test_a_file_that_changed_on_the_disk_is_not_opened(folders: Folders) -> None:
    (path,) = folders.models.glob("sha256-*.gguf")
    path.chmod(0o600)
    with path.open("r+b") as file:
        file.seek(200)
        file.write(b"\xff")
    with pytest.raises((BadModelFile, edge.EdgeError)):
        edge.open("tiny")


def test_a_session_goes_on_by_its_id_and_by_latest(folders: Folders) -> None:
    with edge.open("tiny", max_tokens=2) as runtime:
        first = runtime.session(system="be brief")
        list(first.send("hi"))
        assert runtime.session(first.conversation_id).turns == first.turns
    with edge.open("tiny") as runtime:
        again = runtime.session(resume=True)
        assert (again.conversation_id, again.system) == (first.conversation_id, "be brief")
        with pytest.raises(UnknownName):
            runtime.session("zzzzzzzz")


def test_nothing_to_continue_is_an_error_not_a_new_conversation(folders: Folders) -> None:
    with edge.open("tiny") as runtime, pytest.raises(UnknownName):
        runtime.session(resume=True)


def test_a_context_beyond_the_models_own_is_cut_to_it(folders: Folders) -> None:
    with edge.open("tiny", n_ctx=100_000) as runtime:
        assert runtime.n_ctx == 4096


def test_closing_the_runtime_in_a_reply_keeps_what_was_shown(folders: Folders) -> None:
    runtime = edge.open("tiny", n_ctx=4096)
    session = runtime.session()
    events = session.send("hi")
    shown = next(event.text for event in events if isinstance(event, Delta))
    runtime.close()
    with edge.open("tiny") as again:
        (turn,) = again.session(session.conversation_id).turns
    assert turn.outcome == "stopped"
    assert turn.reply.text.startswith(shown)


def test_an_old_conversation_keeps_its_system_prompt(
    folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    with edge.open("tiny", max_tokens=2) as runtime:
        list(runtime.session(system="speak like a pirate").send("hi"))
    monkeypatch.setenv("EDGE_SYSTEM", "the default of this machine")
    with edge.open("tiny") as runtime:
        assert runtime.session(resume=True).system == "speak like a pirate"
        assert runtime.session().system == "the default of this machine"
    with edge.open("tiny", system="asked for now") as runtime:
        assert runtime.session(resume=True).system == "asked for now"
