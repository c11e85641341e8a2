"""A conversation goes on in a new process as in one, and no prompt waits for the disk."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest
from asking import TOKEN_BY_TOKEN, MakeEngine, ask, options_for
from keeping import FAMILIES, FEW, await_write, keep_in, kept, told, warm

from edge.core.memory import Layout
from edge.core.message import Message, Role
from edge.engine.edge.engine import EdgeEngine
from edge.engine.edge.frames import Keep
from edge.engine.edge.link import ProcessLink, ThreadLink
from edge.engine.protocol import Answered
from small_disk import make_read_only, small_disk
from tiny_gguf import make_tiny

SLOW_DISK_WORKER = str(Path(__file__).with_name("slow_disk_worker.py"))


@pytest.fixture
def keep(tmp_path: Path) -> Keep:
    return keep_in(tmp_path / "snapshots")


# A new process goes on where the last one was.


@dataclass(frozen=True)
class Change:
    """What is different when the second process starts, and the bytes of the snapshot then."""

    weights: str = "a hash"
    n_ctx: int = 1024
    layout: Layout = TOKEN_BY_TOKEN
    damage: str = ""

    def done_to(self, path: Path) -> None:
        raw = bytearray(path.read_bytes())
        match self.damage:
            case "flip":
                raw[len(raw) // 2] ^= 4
            case "cut":
                del raw[len(raw) // 2 :]
            case "older format":
                raw[:16] = b"edge timeline 1\n"
        path.write_bytes(raw)


CHANGES = {
    "none": Change(),
    "a flipped bit": Change(damage="flip"),
    "cut short": Change(damage="cut"),
    "an older format": Change(damage="older format"),
    "another model": Change(weights="another hash"),
    "another context": Change(n_ctx=768),
    "flash": Change(layout=replace(TOKEN_BY_TOKEN, flash=True)),
    "a smaller cache": Change(layout=replace(TOKEN_BY_TOKEN, flash=True, kv_q8=True)),
}


@dataclass(frozen=True)
class Begun:
    """A talk whose first process has ended: its model, what was said, and what was kept."""

    path: Path
    template: str
    messages: tuple[Message, ...]
    kept: Path


@pytest.fixture(scope="module", params=FAMILIES, ids=[arch for arch, _ in FAMILIES])
def begun(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Begun:
    """The same for every change; nobody changes this one."""
    (arch, template), folder = request.param, tmp_path_factory.mktemp("begun")
    path, keep = make_tiny(folder / "tiny.gguf", arch), keep_in(folder / "snapshots")
    messages = [Message(Role.SYSTEM, "the rule"), Message(Role.USER, "begin " * 20)]
    how = {"template": template, "layout": TOKEN_BY_TOKEN, "n_ctx": 1024}
    with closing(EdgeEngine(options_for(path, keep=keep, **how))) as engine:
        messages.append(Message(Role.ASSISTANT, told(engine, messages)[0]))
        engine.rest()
    return Begun(path, template, tuple(messages), Path(keep.folder))


@pytest.mark.parametrize("change", CHANGES)
def test_a_new_process_goes_on_right_and_warm_where_nothing_changed(
    make_engine: MakeEngine, keep: Keep, begun: Begun, change: str
) -> None:
    now = CHANGES[change]
    shutil.copytree(begun.kept, keep.folder)
    now.done_to(Path(keep.folder, "talk.kv"))
    messages = [*begun.messages, Message(Role.USER, "go on")]
    options = {"template": begun.template, "n_ctx": now.n_ctx, "layout": now.layout}
    second = make_engine(begun.path, keep=replace(keep, weights=now.weights), **options)
    cold = make_engine(begun.path, connect=ThreadLink, **options)
    text, answered = told(second, messages)
    assert text == told(cold, messages)[0]
    assert warm(answered) == (change == "none")


def test_leaving_right_after_the_reply_keeps_the_timeline(
    make_engine: MakeEngine, keep: Keep
) -> None:
    engine = make_engine(keep=keep)
    told(engine, [Message(Role.USER, "one question")])
    engine.close()
    assert kept(keep) == ["talk.kv"]


def test_two_conversations_on_one_engine_each_come_back(
    make_engine: MakeEngine, keep: Keep
) -> None:
    engine = make_engine(keep=keep)
    one, two = ask("the first talk " * 9, FEW), ask("another talk " * 9, FEW)
    for request, name in ((one, "one"), (two, "two"), (one, "one")):
        events = list(engine.stream(replace(request, timeline_id=name)))
        engine.rest()
    assert isinstance(events[-1], Answered)
    # All but the one token that must be read to draw the next.
    assert events[-1].usage.cached_tokens >= events[-1].usage.prompt_tokens - 1


def test_without_a_place_to_keep_it_nothing_is_written(
    make_engine: MakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    engine = make_engine()
    told(engine, [Message(Role.SYSTEM, "the rule " * 30), Message(Role.USER, "hello")])
    engine.close()
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == before


# The disk.


def test_no_prompt_waits_for_a_disk_that_does_not_answer_and_the_newest_is_kept(
    make_engine: MakeEngine, tmp_path: Path, keep: Keep
) -> None:
    gate = tmp_path / "gate"
    connect = partial(ProcessLink, [sys.executable, SLOW_DISK_WORKER, str(gate)])
    # Where a reply waited for the disk its worker would show no progress, and be replaced.
    engine = make_engine(connect=connect, keep=keep, n_ctx=1024, patience_s=20.0)
    worker, messages = None, []
    for question in ("one", "two", "three"):
        messages.append(Message(Role.USER, question))
        reply, _ = told(engine, messages)
        messages.append(Message(Role.ASSISTANT, reply))
        engine.rest()
        worker = worker or engine.worker_pid
        part = await_write(keep)
        assert kept(keep) == [part.name]  # the first is still being written
    assert engine.worker_pid == worker
    gate.touch()
    engine.close()
    assert kept(keep) == ["talk.kv"]
    later = make_engine(keep=keep, n_ctx=1024)
    last = told(later, [*messages, Message(Role.USER, "four")])[1].usage
    # Only what the fourth prompt adds is read: the turns between were not lost.
    new = later.count_tokens([Message(Role.USER, "four")], thinking=False)
    assert last.prompt_tokens - last.cached_tokens < new


def test_a_full_disk_costs_the_snapshot_and_nothing_else(
    make_engine: MakeEngine, tmp_path: Path, keep: Keep
) -> None:
    with small_disk(tmp_path / "disk", 64 * 1024) as disk:
        full = replace(keep, folder=str(disk / "snapshots"))
        engine, free = make_engine(keep=full), make_engine(connect=ThreadLink)
        messages = [Message(Role.USER, "begin " * 40)]
        for _ in range(2):
            reply, _ = told(engine, messages)
            engine.rest()
            assert reply == told(free, messages)[0]
            messages += [Message(Role.ASSISTANT, reply), Message(Role.USER, "go on")]
        engine.close()
        assert kept(full) == []


@pytest.mark.parametrize("place", ["read-only", "a file", "of somebody else"])
def test_a_folder_that_takes_nothing_costs_the_snapshot_and_nothing_else(
    make_engine: MakeEngine, tmp_path: Path, keep: Keep, place: str
) -> None:
    with small_disk(tmp_path / "disk", 1024 * 1024) as disk:
        folder = disk / "snapshots"
        match place:
            case "read-only":
                make_read_only(disk)
            case "a file":
                folder.touch()
            case _:
                folder.mkdir(mode=0o700)
                (folder / "t.kv").write_bytes(b"theirs")
                for path in (folder, folder / "t.kv"):
                    os.chown(path, 12345, 12345)
        engine = make_engine(keep=replace(keep, folder=str(folder)))
        for _ in range(2):
            assert told(engine, [Message(Role.USER, "hello")], "t")[0]
            engine.rest()
        engine.close()


def test_a_state_larger_than_the_whole_budget_is_not_kept(
    make_engine: MakeEngine, keep: Keep
) -> None:
    engine = make_engine(keep=replace(keep, budget_bytes=10_000))
    told(engine, [Message(Role.USER, "begin " * 40)])
    engine.close()
    assert not Path(keep.folder).exists()
