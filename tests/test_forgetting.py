"""What is not to be kept, or not any longer, is in no file."""

from __future__ import annotations

import sys
import time
from array import array
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

import edge
from edge.core.errors import UnknownName, UsageError
from edge.device.probe import probe_device
from edge.engine.edge.engine import EdgeEngine
from edge.engine.edge.link import ProcessLink
from edge.loading.forgetting import forget_conversation
from edge.loading.model import engine_options, load, open_library
from edge.runtime import Runtime
from edge.settings.chosen import Settings
from edge.settings.folders import Folders
from edge.store.conversations import Conversations
from edge.store.database import open_database
from tiny_home import furnish

SLOW_DISK_WORKER = str(Path(__file__).parent / "engine" / "slow_disk_worker.py")


@pytest.fixture
def folders(edge_home: Path) -> Folders:
    furnish(edge_home)
    return Folders.below(edge_home)


def holding(home: Path, word: str) -> list[str]:
    """The files below a folder that hold a word, as text or as tokens (here: the bytes)."""
    spelled = word.encode(), array("I", list(word.encode())).tobytes()
    files = [path for path in home.rglob("*") if path.is_file()]
    return [path.name for path in files if any(each in path.read_bytes() for each in spelled)]


def converse(session: edge.Session, *prompts: str) -> None:
    for prompt in prompts:
        for _ in session.send(prompt):
            pass


def slow_disk_runtime(folders: Folders, gate: Path) -> Runtime:
    """A runtime whose worker writes no snapshot before there is a gate."""
    settings = Settings(max_tokens=4, n_threads=1)
    loaded = load(open_library(folders).find("tiny"), settings, probe_device())
    connect = partial(ProcessLink, [sys.executable, SLOW_DISK_WORKER, str(gate)])
    engine = EdgeEngine(engine_options(loaded, settings, folders), connect=connect)
    store = open_database(folders.store)
    return Runtime(engine, loaded.model.spec, store, settings, loaded)


@pytest.mark.parametrize("held", [True, False], ids=["in the cache", "on the disk alone"])
def test_a_conversation_that_is_deleted_is_in_no_file_and_comes_back_to_none(
    folders: Folders, held: bool
) -> None:
    with edge.open("tiny", max_tokens=4, n_ctx=2048) as runtime:
        one, other = runtime.session(system="a xylophagous rule " * 9), runtime.session()
        converse(one, "a xylophagous word")
        converse(other, "hello")
        runtime.unload()
        assert {name.split("-")[0] for name in holding(folders.home, "xylophagous")} == {
            "edge.db", f"{one.conversation_id}.kv", "system",
        }  # fmt: skip
        if held:
            converse(one, "once more")
        assert one.conversation_id
        runtime.delete(one.conversation_id)
        assert holding(folders.home, "xylophagous") == []
        converse(other, "go on")
    assert holding(folders.home, "xylophagous") == []
    with edge.open("tiny") as runtime:
        assert len(runtime.session(other.conversation_id).turns) == 2
        with pytest.raises(UnknownName):
            runtime.delete(one.conversation_id)
    assert (folders.data / "snapshots" / f"{other.conversation_id}.kv").exists()


def test_a_turn_that_had_begun_when_its_conversation_was_deleted_leaves_nothing(
    folders: Folders,
) -> None:
    with edge.open("tiny", max_tokens=4) as runtime:
        session = runtime.session()
        events = session.send("a xylophagous word")
        next(events)  # the prompt is kept; no engine has heard of it
        assert session.conversation_id
        runtime.delete(session.conversation_id)
        assert list(events) == []
        runtime.engine.rest()
    assert holding(folders.home, "xylophagous") == []


def test_what_waits_to_be_written_when_a_conversation_is_deleted_never_is(
    folders: Folders, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    with slow_disk_runtime(folders, gate) as runtime:
        session = runtime.session()
        # The first state is on its way to the disk, the second behind it.
        converse(session, "a xylophagous word", "and another")
        runtime.engine.rest()
        assert session.conversation_id
        runtime.delete(session.conversation_id)
        gate.touch()
        converse(runtime.session(), "hello")
    assert holding(folders.home, "xylophagous") == []


def test_what_another_process_deletes_is_not_kept_again_by_who_answered_it(
    folders: Folders, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    system = "a xylophagous rule " * 9  # worth a snapshot of its own
    with slow_disk_runtime(folders, gate) as runtime:
        session = runtime.session(system=system)
        converse(runtime.session(), "hello")  # is on its way to the disk, and the rest behind it
        converse(session, "a xylophagous word", "and another")
        runtime.engine.rest()
        with closing(open_database(folders.store)) as other:
            assert session.conversation_id
            forget_conversation(folders.store, Conversations(other), session.conversation_id)
        gate.touch()
    assert holding(folders.home, "xylophagous") == []


def test_a_conversation_whose_snapshot_cannot_be_deleted_is_still_there(folders: Folders) -> None:
    with edge.open("tiny", max_tokens=2) as runtime:
        session = runtime.session()
        converse(session, "hi")
        assert session.conversation_id
        in_the_way = folders.data / "snapshots" / "system-.kv"
        in_the_way.mkdir(parents=True)
        with pytest.raises(UsageError, match="snapshots"):
            runtime.delete(session.conversation_id)
        in_the_way.rmdir()
        assert runtime.session(session.conversation_id).turns == session.turns
        runtime.delete(session.conversation_id)


def test_a_runtime_that_does_not_save_writes_nothing_and_another_sees_what_it_holds(
    folders: Folders,
) -> None:
    before = sorted(folders.home.rglob("*"))
    with edge.open("tiny", save=False, max_tokens=2, n_ctx=1024) as runtime:
        session = runtime.session()
        converse(session, "hi", "and?")
        with edge.open("tiny", save=False) as other:
            assert other.session(session.conversation_id).turns == session.turns
        assert runtime.session(resume=True).turns == session.turns
        assert session.conversation_id
        runtime.delete(session.conversation_id)
    with edge.open("tiny", save=False) as later, pytest.raises(UnknownName):
        later.session(resume=True)
    assert sorted(folders.home.rglob("*")) == before


def test_what_a_talk_is_to_be_called_is_asked_beside_it_and_not_kept(folders: Folders) -> None:
    with edge.open("tiny", max_tokens=4, n_ctx=2048, temperature=0.0) as runtime:
        session = runtime.session()
        converse(session, "a xylophagous beetle")
        path = folders.data / "snapshots" / f"{session.conversation_id}.kv"
        while not (runtime.engine.settled and path.exists()):
            time.sleep(0.01)
        before = path.read_bytes()
        session.name_it()
        used = session.turns[-1].attempts[-1].usage
    assert path.read_bytes() == before  # also after all that waited was written
    with edge.open("tiny", max_tokens=4, n_ctx=2048, temperature=0.0) as runtime:
        session = runtime.session(resume=True)
        converse(session, "go on")
        assert session.turns[-1].attempts[-1].usage.cached_tokens >= used.prompt_tokens
