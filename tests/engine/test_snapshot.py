"""A timeline comes back from the disk as it was, or not at all."""

from __future__ import annotations

import itertools
import os
import random
import stat
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from hashlib import blake2b
from pathlib import Path

import pytest

from edge.engine.edge.snapshot import Snapshot, Snapshots, forget
from small_disk import make_read_only, small_disk

SNAPSHOT = Snapshot((1, 2, 3, 70_000), b"the state of a cache" * 50)


@pytest.fixture
def snapshots(tmp_path: Path) -> Snapshots:
    return Snapshots(tmp_path / "snapshots", "model|build|4096", budget_bytes=10_000_000)


def the_file(snapshots: Snapshots) -> Path:
    (path,) = snapshots.folder.glob("*.kv")
    return path


def names(snapshots: Snapshots) -> list[str]:
    return sorted(path.name for path in snapshots.folder.iterdir())


def test_a_timeline_comes_back_as_it_was(snapshots: Snapshots) -> None:
    snapshots.write("talk", SNAPSHOT)
    assert snapshots.read("talk") == SNAPSHOT
    assert snapshots.read("another") is None


def test_a_snapshot_is_as_private_as_the_talk(snapshots: Snapshots) -> None:
    snapshots.write("talk", SNAPSHOT)
    assert stat.S_IMODE(the_file(snapshots).stat().st_mode) == 0o600
    assert stat.S_IMODE(snapshots.folder.stat().st_mode) == 0o700


def test_forgetting_a_talk_leaves_nothing_that_may_hold_its_words(snapshots: Snapshots) -> None:
    for name in ("talk", "another", snapshots.name_of([1, 2])):
        snapshots.write(name, SNAPSHOT)
    (snapshots.folder / "cut.part").write_bytes(b"half a talk")
    forget(snapshots.folder, "talk")
    forget(snapshots.folder, "../another")
    assert names(snapshots) == ["another.kv", "talk.gone"]
    assert (snapshots.folder / "talk.gone").read_bytes() == b""


def test_a_talk_that_was_forgotten_is_not_kept_again_nor_its_system_prompt(
    snapshots: Snapshots,
) -> None:
    forget(snapshots.folder, "talk")
    snapshots.write("talk", SNAPSHOT)
    snapshots.write(snapshots.name_of([1, 2]), SNAPSHOT, "talk")
    snapshots.write("another", SNAPSHOT)
    assert names(snapshots) == ["another.kv", "talk.gone"]
    assert stat.S_IMODE(snapshots.folder.stat().st_mode) == 0o700


def interrupted(work: Callable[[], None], by: Callable[[], None], at: int) -> bool:
    """Do one thing whole before call number `at` of another; False where it has no such call."""
    ahead = at

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal ahead
        ahead -= event == "c_call"
        if ahead == 0:
            sys.setprofile(None)
            by()

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return ahead <= 0


@pytest.mark.parametrize("first", ["the write", "the end"])
def test_at_whatever_moment_a_talk_is_forgotten_nothing_of_it_stays(
    snapshots: Snapshots, first: str
) -> None:
    for at in itertools.count(1):
        here = replace(snapshots, folder=snapshots.folder / str(at))
        here.write("talk", SNAPSHOT)
        write = partial(here.write, "talk", SNAPSHOT)
        end = partial(forget, here.folder, "talk")
        work, by = (write, end) if first == "the write" else (end, write)
        if not interrupted(work, by, at):
            break
        assert names(here) == ["talk.gone"], at
    assert at > 20  # so many moments were tried


def test_it_is_not_remembered_for_ever_what_was_forgotten(snapshots: Snapshots) -> None:
    forget(snapshots.folder, "long-ago")
    forget(snapshots.folder, "lately")
    os.utime(snapshots.folder / "long-ago.gone", (0, 0))
    forget(snapshots.folder, "now")
    assert names(snapshots) == ["lately.gone", "now.gone"]


# Whatever is wrong with one, it is not there.


def test_another_model_build_or_context_finds_nothing(snapshots: Snapshots) -> None:
    snapshots.write("talk", SNAPSHOT)
    assert replace(snapshots, fingerprint="model|build|2048").read("talk") is None


def test_a_system_prompt_has_a_name_of_its_own_on_each_engine(snapshots: Snapshots) -> None:
    other = replace(snapshots, fingerprint="another model")
    told = {each.name_of(tokens) for each in (snapshots, other) for tokens in ([1, 2], [1, 3])}
    assert len(told) == 4
    assert snapshots.name_of([1, 2]) == snapshots.name_of((1, 2))


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


def test_an_older_format_is_not_read_even_when_its_digest_holds(snapshots: Snapshots) -> None:
    snapshots.write("talk", SNAPSHOT)
    path = the_file(snapshots)
    body = b"\x02\0\0\0{}" + b"a state"
    digest = blake2b(body, digest_size=32).digest()
    path.write_bytes(b"edge timeline 1\n" + digest + body)
    assert snapshots.read("talk") is None


@pytest.mark.parametrize("kind", ["pipe", "folder", "too large", "of somebody else"])
def test_what_is_no_file_of_ours_is_not_read(snapshots: Snapshots, kind: str) -> None:
    snapshots.write("talk", SNAPSHOT)
    path = the_file(snapshots)
    match kind:
        case "pipe":  # whoever opened it would wait for ever
            path.unlink()
            os.mkfifo(path)
        case "folder":
            path.unlink()
            path.mkdir()
        case "too large":
            snapshots = replace(snapshots, budget_bytes=path.stat().st_size - 1)
        case _:
            if os.geteuid() != 0:
                pytest.skip("only root can give a file away")
            os.chown(path, 12345, 12345)
    assert snapshots.read("talk") is None


@pytest.mark.parametrize("name", ["../talk", "/tmp/talk", "", "a" * 65, "a\0b", "a/b"])
def test_a_name_that_is_no_plain_word_is_kept_nowhere(snapshots: Snapshots, name: str) -> None:
    snapshots.write(name, SNAPSHOT)
    assert snapshots.read(name) is None
    assert not snapshots.folder.exists()


# Room.


def test_the_least_recently_used_go_first(snapshots: Snapshots) -> None:
    for n in range(3):
        snapshots.write(f"talk{n}", SNAPSHOT)
        os.utime(snapshots.folder / f"talk{n}.kv", ns=(n, n))
    size = (snapshots.folder / "talk0.kv").stat().st_size
    assert snapshots.read("talk0") == SNAPSHOT
    replace(snapshots, budget_bytes=3 * size).write("talk3", SNAPSHOT)
    assert names(snapshots) == ["talk0.kv", "talk2.kv", "talk3.kv"]


def test_one_that_alone_exceeds_the_budget_is_not_written_and_displaces_none(
    snapshots: Snapshots,
) -> None:
    snapshots.write("talk", SNAPSHOT)
    size = the_file(snapshots).stat().st_size
    small = replace(snapshots, budget_bytes=size)
    small.write("larger", replace(SNAPSHOT, state=bytes(SNAPSHOT.state) + b"!"))
    assert names(snapshots) == ["talk.kv"]
    assert small.takes(size)
    assert not small.takes(size + 1)


def test_what_a_killed_process_left_half_written_is_cleared_away_later(
    snapshots: Snapshots,
) -> None:
    snapshots.folder.mkdir()
    for name in ("left", "under-way"):
        (snapshots.folder / f"{name}.part").write_bytes(b"half")
    os.utime(snapshots.folder / "left.part", (0, 0))
    snapshots.write("talk", SNAPSHOT)
    assert names(snapshots) == ["talk.kv", "under-way.part"]


def test_a_full_disk_keeps_what_was_there_and_no_half_file(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 256 * 1024) as disk:
        snapshots = Snapshots(disk / "snapshots", "model", budget_bytes=10_000_000)
        snapshots.write("talk", SNAPSHOT)
        snapshots.write("large", replace(SNAPSHOT, state=bytes(512 * 1024)))
        assert names(snapshots) == ["talk.kv"]
        snapshots.write("talk", replace(SNAPSHOT, state=bytes(512 * 1024)))
        assert snapshots.read("talk") == SNAPSHOT


def test_a_disk_that_takes_nothing_costs_nothing_but_the_snapshot(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with small_disk(tmp_path / "disk", 256 * 1024) as disk:
        kept = Snapshots(disk, "model", budget_bytes=10_000_000)
        kept.write("talk", SNAPSHOT)
        make_read_only(disk)
        for folder in (disk, disk / "new", tmp_path / "file", Path("/proc/nowhere")):
            blocked = replace(kept, folder=folder)
            blocked.write("another", SNAPSHOT)
            assert blocked.read("another") is None
        assert kept.read("talk") == SNAPSHOT
