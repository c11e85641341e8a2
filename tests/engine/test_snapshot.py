"""A timeline comes back from the disk as it was, or not at all."""

from __future__ import annotations

import random
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from asking import TOKEN_BY_TOKEN, MakeEngine, ask

from edge.core.event import Delta
from edge.core.message import Message, Role
from edge.core.spec import Sampling
from edge.engine.edge.engine import EdgeEngine
from edge.engine.edge.frames import Keep
from edge.engine.edge.snapshot import Snapshot, Snapshots
from edge.engine.protocol import Answered, Request
from tiny_gguf import make_tiny

SNAPSHOT = Snapshot((1, 2, 3, 70_000), b"the state of a cache" * 50)
FEW = Sampling(temperature=0, max_tokens=20)


@pytest.fixture
def snapshots(tmp_path: Path) -> Snapshots:
    return Snapshots(tmp_path / "snapshots", "model|build|4096", budget_bytes=10_000_000)


def the_file(snapshots: Snapshots) -> Path:
    (path,) = snapshots.folder.glob("*.kv")
    return path


def test_a_timeline_comes_back_as_it_was(snapshots: Snapshots) -> None:
    snapshots.write("talk", SNAPSHOT)
    assert snapshots.read("talk") == SNAPSHOT
    assert snapshots.read("another") is None


def test_a_snapshot_is_as_private_as_the_talk(snapshots: Snapshots) -> None:
    snapshots.write("talk", SNAPSHOT)
    assert stat.S_IMODE(the_file(snapshots).stat().st_mode) == 0o600
    assert stat.S_IMODE(snapshots.folder.stat().st_mode) == 0o700
    snapshots.forget("talk")
    assert list(snapshots.folder.iterdir()) == []


def test_another_model_build_or_context_finds_nothing(snapshots: Snapshots) -> None:
    snapshots.write("talk", SNAPSHOT)
    assert replace(snapshots, fingerprint="model|build|2048").read("talk") is None


def test_any_change_makes_it_count_as_not_there(snapshots: Snapshots) -> None:
    snapshots.write("talk", SNAPSHOT)
    path, dice = the_file(snapshots), random.Random(7)
    sound = path.read_bytes()
    for _ in range(200):
        at = dice.randrange(len(sound))
        kind = dice.choice(["flip", "cut", "grow", "swap"])
        match kind:
            case "flip":
                changed = (
                    sound[:at] + bytes([sound[at] ^ (1 << dice.randrange(8))]) + sound[at + 1 :]
                )
            case "cut":
                changed = sound[:at]
            case "grow":
                changed = sound + dice.randbytes(1 + at % 40)
            case _:
                changed = sound[:at] + dice.randbytes(8) + sound[at + 8 :]
        path.write_bytes(changed)
        assert changed == sound or snapshots.read("talk") is None, (kind, at)
    path.write_bytes(sound)
    assert snapshots.read("talk") == SNAPSHOT


@pytest.mark.parametrize("name", ["../talk", "/tmp/talk", "", "a" * 65, "a\0b", "a/b"])
def test_a_name_that_is_no_plain_word_is_kept_nowhere(snapshots: Snapshots, name: str) -> None:
    snapshots.write(name, SNAPSHOT)
    assert snapshots.read(name) is None
    assert not snapshots.folder.exists()


def test_the_least_recently_used_go_first(snapshots: Snapshots) -> None:
    for n in range(3):
        snapshots.write(f"talk{n}", SNAPSHOT)
    size = the_file_of(snapshots, "talk0").stat().st_size
    assert snapshots.read("talk0") == SNAPSHOT
    replace(snapshots, budget_bytes=3 * size).write("talk3", SNAPSHOT)
    assert sorted(path.stem for path in snapshots.folder.glob("*.kv")) == [
        "talk0",
        "talk2",
        "talk3",
    ]


def the_file_of(snapshots: Snapshots, name: str) -> Path:
    return snapshots.folder / f"{name}.kv"


def test_a_disk_that_takes_nothing_costs_nothing_but_the_snapshot(snapshots: Snapshots) -> None:
    blocked = replace(snapshots, folder=Path("/proc/nowhere"))
    blocked.write("talk", SNAPSHOT)
    assert blocked.read("talk") is None


# Through the engine: a new process goes on where the last one was.


def told(engine: EdgeEngine, messages: list[Message]) -> tuple[str, Answered]:
    events = list(engine.stream(Request("talk", tuple(messages), FEW)))
    assert isinstance(events[-1], Answered)
    return "".join(e.text for e in events if isinstance(e, Delta)), events[-1]


@pytest.mark.parametrize(("arch", "template"), [("qwen2", "qwen2.5"), ("qwen35", "qwen3.5")])
@pytest.mark.parametrize("damage", [None, "flip", "context"])
def test_a_new_process_goes_on_warm_and_right(
    make_engine: MakeEngine, tmp_path: Path, arch: str, template: str, damage: str | None
) -> None:
    path = make_tiny(tmp_path / "tiny.gguf", arch)
    keep = Keep(str(tmp_path / "snapshots"), "a hash", 10_000_000)
    first = make_engine(path, template=template, layout=TOKEN_BY_TOKEN, keep=keep, n_ctx=1024)
    messages = [Message(Role.SYSTEM, "the rule"), Message(Role.USER, "begin " * 20)]
    reply, _ = told(first, messages)
    first.rest()
    first.close()
    messages += [Message(Role.ASSISTANT, reply), Message(Role.USER, "go on")]
    (kept,) = Path(keep.folder).glob("*.kv")
    if damage == "flip":
        raw = bytearray(kept.read_bytes())
        raw[len(raw) // 2] ^= 4
        kept.write_bytes(raw)
    n_ctx = 768 if damage == "context" else 1024
    second = make_engine(path, template=template, layout=TOKEN_BY_TOKEN, keep=keep, n_ctx=n_ctx)
    cold = make_engine(path, template=template, layout=TOKEN_BY_TOKEN, n_ctx=n_ctx)
    text, answered = told(second, messages)
    assert text == told(cold, messages)[0]
    used = answered.usage
    assert (used.cached_tokens > used.prompt_tokens // 2) == (damage is None)


def test_leaving_right_after_the_reply_keeps_the_timeline(
    make_engine: MakeEngine, tmp_path: Path
) -> None:
    keep = Keep(str(tmp_path / "snapshots"), "a hash", 10_000_000)
    engine = make_engine(keep=keep)
    told(engine, [Message(Role.USER, "one question")])
    engine.close()
    assert len(list(Path(keep.folder).glob("*.kv"))) == 1


def test_two_conversations_on_one_engine_each_come_back(
    make_engine: MakeEngine, tmp_path: Path
) -> None:
    engine = make_engine(keep=Keep(str(tmp_path / "snapshots"), "a hash", 10_000_000))
    one, two = ask("the first talk " * 9, FEW), ask("another talk " * 9, FEW)
    for request, name in ((one, "one"), (two, "two"), (one, "one")):
        events = list(engine.stream(replace(request, timeline_id=name)))
        engine.rest()
    assert isinstance(events[-1], Answered)
    # All but the one token that must be read to draw the next.
    assert events[-1].usage.cached_tokens >= events[-1].usage.prompt_tokens - 1
