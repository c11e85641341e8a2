"""Pulls that are killed, and pulls that meet: real processes, one store, no unverified file."""

from __future__ import annotations

import fcntl
import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pulling import HUB, holds, options, processes, pull_from_hub, quant_of

from edge.models.shelf import Shelf
from faulty_server import Asked, FaultyServer, serving, some_bytes

MIB = 1024 * 1024


def unverified(folder: Path) -> list[Path]:
    """Files under a final name whose bytes are not those the name says."""
    return [
        path
        for path in folder.glob("sha256-*.gguf")
        if path.name != f"sha256-{hashlib.sha256(path.read_bytes()).hexdigest()}.gguf"
    ]


def test_thirty_kills_cost_few_bytes_and_never_show_an_unverified_file(tmp_path):
    payload = some_bytes(16 * MIB, seed=8)
    shelf, quant = Shelf(tmp_path), quant_of(payload, HUB)
    part = shelf.part_path(quant.sha256)
    # The server kills its client when it has come this far: no clock decides.
    kills = sorted(random.Random(9).sample(range(len(payload)), 30))
    victims = []

    def kill_when_due(_asked: Asked, position: int) -> None:
        if kills and position >= kills[0]:
            kills.pop(0)
            # Megabytes can lie in the kernel's buffers of a loopback line, and
            # are no process's to save; on a slower line the client keeps up.
            while not part.exists() or part.stat().st_size < position - 65536:
                time.sleep(0.001)
            os.kill(victims[-1].pid, signal.SIGKILL)
            raise BrokenPipeError("nobody is there any more")

    with FaultyServer(serving(payload), kill_when_due) as server:
        while not victims or victims[-1].exitcode:
            args = (tmp_path, quant, server.url)
            victims.append(processes.Process(target=pull_from_hub, args=args))
            victims[-1].start()
            victims[-1].join()
            assert victims[-1].exitcode in (0, -signal.SIGKILL)
            assert unverified(tmp_path) == []
        assert len(victims) == 31
        assert server.sent_bytes <= 1.2 * len(payload)
    assert holds(shelf.get(quant.sha256), payload)


def killed_at(step: int, folder: Path, quant, endpoint: str) -> None:
    """Pull, but die by SIGKILL right before the given file operation."""
    watched = {"open", "os.rename", "os.remove", "os.mkdir", "os.chmod", "os.link"}
    seen = 0

    def die(event: str, args: tuple[object, ...]) -> None:
        nonlocal seen
        if event in watched and str(folder) in str(args[0]):
            seen += 1
            if seen == step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(die)
    pull_from_hub(folder, quant, endpoint)


def test_a_kill_at_any_file_operation_leaves_nothing_unverified(tmp_path):
    payload = some_bytes(200_000, seed=10)
    quant = quant_of(payload, HUB)
    with FaultyServer(serving(payload)) as server:
        for step in range(1, 100):
            folder = tmp_path / str(step)
            child = processes.Process(target=killed_at, args=(step, folder, quant, server.url))
            child.start()
            child.join()
            assert unverified(folder) == []
            if child.exitcode == 0:
                break
            shelved = Shelf(folder)
            # A file that has its name is on the shelf; it will not be fetched again.
            assert len(shelved.entries()) == len(list(folder.glob("sha256-*.gguf")))
            # And the next pull of the same store ends well.
            pull_from_hub(folder, quant, server.url)
            assert holds(shelved.get(quant.sha256), payload)
    assert child.exitcode == 0
    assert step > 8


def test_eight_processes_share_one_transfer(tmp_path):
    payload = some_bytes(4 * MIB, seed=11)
    quant = quant_of(payload, HUB)
    with FaultyServer(serving(payload)) as server:
        pull_together(8, pull_from_hub, tmp_path, quant, server.url)
        assert server.sent_bytes == len(payload)
    assert holds(Shelf(tmp_path).get(quant.sha256), payload)


def without_locks(folder: Path, quant, endpoint: str) -> None:
    """As on network disks where taking a lock succeeds and means nothing."""
    fcntl.flock = lambda *_: None
    pull_from_hub(folder, quant, endpoint)


def test_eight_processes_agree_on_the_bytes_where_locks_do_nothing(tmp_path):
    payload = some_bytes(4 * MIB, seed=12)
    quant = quant_of(payload, HUB)
    with FaultyServer(serving(payload)) as server:
        pull_together(8, without_locks, tmp_path, quant, server.url)
    assert unverified(tmp_path) == []
    assert holds(Shelf(tmp_path).get(quant.sha256), payload)


def refusing_locks(folder: Path, quant, endpoint: str) -> None:
    """As on disks that know no locks and say so."""

    def refuse(*_: object) -> None:
        raise OSError(37, "No locks available")

    fcntl.flock = refuse
    pull_from_hub(folder, quant, endpoint)


def test_processes_that_get_no_lock_each_write_a_part_of_their_own(tmp_path):
    payload = some_bytes(MIB, seed=13)
    quant = quant_of(payload, HUB)
    with FaultyServer(serving(payload)) as server:
        pull_together(3, refusing_locks, tmp_path, quant, server.url)
    assert holds(Shelf(tmp_path).get(quant.sha256), payload)
    assert list(tmp_path.glob("partial/*.part")) == []


def pull_together(count: int, target, *args: object) -> None:
    together = [processes.Process(target=target, args=args) for _ in range(count)]
    for process in together:
        process.start()
    for process in together:
        process.join()
    assert [process.exitcode for process in together] == [0] * count


def test_a_pull_that_waits_for_another_says_so(tmp_path):
    from filelock import FileLock

    from edge.models.download import pull

    payload = some_bytes(100_000, seed=14)
    shelf, quant = Shelf(tmp_path), quant_of(payload, HUB)
    lock = FileLock(f"{shelf.part_path(quant.sha256)}.lock", preserve_lock_file=True)
    notes: list[str] = []

    def heard(note: str) -> None:
        notes.append(note)
        lock.release()

    with FaultyServer(serving(payload)) as server:
        lock.acquire()
        assert holds(pull(quant, "toy", shelf, options(server, on_note=heard)), payload)
    assert notes == ["another process is pulling 'toy'; waiting for it"]


@pytest.mark.skipif(not shutil.which("strace"), reason="strace shows the order of system calls")
def test_bytes_are_on_the_disk_before_their_name_and_the_name_before_the_end(tmp_path):
    payload = some_bytes(100_000, seed=15)
    quant = quant_of(payload, HUB)
    log = tmp_path / "calls"
    with FaultyServer(serving(payload)) as server:
        script = (
            "from pathlib import Path; from edge.core.spec import *; from pulling import *;"
            f"pull_from_hub(Path({str(tmp_path / 'models')!r}), {quant!r}, {server.url!r})"
        )
        command = ["strace", "-f", "-y", "-o", str(log), "-e", "trace=/fsync|rename"]
        subprocess.run(
            [*command, sys.executable, "-c", script],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            check=True,
        )
    calls = log.read_text()
    order = [
        rf"fsync\(\d+<[^>]*/partial/sha256-{quant.sha256}\.part>",
        rf"rename\w*\(.*partial/sha256-{quant.sha256}\.part.*sha256-{quant.sha256}\.gguf",
        rf"fsync\(\d+<{re.escape(str(tmp_path / 'models'))}>",
    ]
    places = [found.start() for call in order if (found := re.search(call, calls))]
    assert len(places) == 3, calls
    assert places == sorted(places)
