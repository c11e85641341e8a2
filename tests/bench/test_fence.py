"""The fence on real processes; where groups are not allowed, the refusal is what is tested."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from edge.bench.fence import Counts, Fence, Place, fence, find_place, read_counts
from edge.bench.page_cache import forget_cached
from edge.core.errors import UsageError
from edge.core.units import MIB
from small_machine import put

LIMIT = 64 * MIB
ON_LINUX = pytest.mark.skipif(
    sys.platform in ("darwin", "win32"), reason="trees of /proc and /sys are Linux's"
)

# Each waits for a line before it takes anything, and for another with what it took in its hands.
HOLD = """
import sys
sys.stdin.readline()
held = b"1" * int(sys.argv[1])
print("held", flush=True)
sys.stdin.readline()
"""
READ = """
import sys
sys.stdin.readline()
with open(sys.argv[1], "rb") as file:
    while file.read(1 << 20):
        pass
print("read", flush=True)
sys.stdin.readline()
"""


@contextmanager
def waiting(code: str, argument: object) -> Iterator[subprocess.Popen[str]]:
    """A Python process that waits for its first line, and is gone afterwards."""
    command = [sys.executable, "-c", code, str(argument)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def proceed(process: subprocess.Popen[str]) -> str:
    """Give it a line; what it says then, nothing when it died."""
    process.stdin.write("\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def fenced(test: Callable[[Fence], None]) -> Callable[[], None]:
    """Run a test inside a fence of 64 MiB; where none is allowed, see that the refusal says so."""

    def run() -> None:
        with ExitStack() as stack:
            try:
                standing = stack.enter_context(fence(LIMIT))
            except UsageError as error:
                refusal = error
            else:
                test(standing)
                return
        assert refusal.message.startswith("cannot set a memory limit of 64 MiB: ")
        assert refusal.hint.startswith("systemd-run --user --scope -p MemoryMax=64M ")

    return run


# Inside.


@fenced
def test_a_process_that_takes_more_than_the_limit_is_killed(standing):
    with waiting(HOLD, 2 * LIMIT) as process:
        standing.enclose(process.pid)
        assert proceed(process) == ""
        assert process.wait() == -signal.SIGKILL
    assert standing.oom_kills == 1
    assert 0.9 * LIMIT < standing.peak_bytes <= LIMIT == standing.limit_bytes


@fenced
def test_a_process_below_the_limit_lives_and_its_peak_is_told(standing):
    with waiting(HOLD, LIMIT // 2) as process:
        standing.enclose(process.pid)
        assert proceed(process) == "held"
        assert process.poll() is None
        assert standing.oom_kills == 0
        assert LIMIT // 2 <= standing.peak_bytes < LIMIT


@fenced
def test_a_file_that_was_forgotten_is_charged_to_its_reader(standing):
    # /tmp may be memory itself, where nothing can be forgotten; /var/tmp outlives the power.
    with tempfile.NamedTemporaryFile(dir="/var/tmp") as file, waiting(READ, file.name) as process:
        file.write(bytes(LIMIT // 2))
        file.flush()
        assert forget_cached(Path(file.name)) == 0
        standing.enclose(process.pid)
        assert proceed(process) == "read"
        assert standing.peak_bytes > LIMIT // 2


@fenced
def test_a_file_larger_than_the_limit_is_read_through_it_and_nobody_is_killed(standing):
    with tempfile.NamedTemporaryFile(dir="/var/tmp") as file, waiting(READ, file.name) as process:
        file.write(bytes(LIMIT * 3 // 2))
        file.flush()
        forget_cached(Path(file.name))
        standing.enclose(process.pid)
        assert proceed(process) == "read"
        assert standing.oom_kills == 0
        assert 0.9 * LIMIT < standing.peak_bytes <= LIMIT


@fenced
def test_a_process_that_is_gone_cannot_be_enclosed(standing):
    with waiting(HOLD, 1) as process:
        process.kill()
        process.wait()
    with pytest.raises(UsageError, match=f"process {process.pid}: No such process"):
        standing.enclose(process.pid)


# Afterwards.


@fenced
def test_who_is_inside_at_the_end_lives_on_outside_and_the_group_is_gone(standing):
    with waiting(HOLD, LIMIT // 4) as process:
        standing.enclose(process.pid)
        assert proceed(process) == "held"
        assert standing.folder.name in groups_of(process)
        standing.leave()
        assert not standing.folder.exists()
        assert standing.folder.name not in groups_of(process)
        assert process.poll() is None


def groups_of(process: subprocess.Popen[str]) -> str:
    return Path(f"/proc/{process.pid}/cgroup").read_text()


@fenced
def test_what_was_counted_is_known_after_the_end(standing):
    with waiting(HOLD, 2 * LIMIT) as process:
        standing.enclose(process.pid)
        assert proceed(process) == ""
    standing.leave()
    assert not standing.folder.exists()
    assert standing.oom_kills == 1
    assert standing.peak_bytes > 0.9 * LIMIT


# Where a group can be made.


def test_a_system_without_groups_is_refused_with_what_to_type(tmp_path):
    with pytest.raises(UsageError, match="64 MiB") as refused, fence(LIMIT, tmp_path):
        pass
    assert "systemd-run --user --scope -p MemoryMax=64M" in refused.value.hint


@ON_LINUX
def test_a_group_of_version_1_is_made_below_our_own(tmp_path):
    put(tmp_path, "proc/self/cgroup", "4:memory:/box\n0::/")
    put(tmp_path, "sys/fs/cgroup/memory/box/memory.limit_in_bytes", "9223372036854771712")
    own = tmp_path / "sys/fs/cgroup/memory/box"
    assert find_place(tmp_path) == Place(parent=own, home=own)


@ON_LINUX
def test_a_group_of_version_2_is_made_beside_our_own_which_holds_processes(tmp_path):
    put(tmp_path, "proc/self/cgroup", "0::/user/shell")
    put(tmp_path, "sys/fs/cgroup/cgroup.subtree_control", "cpu memory pids")
    put(tmp_path, "sys/fs/cgroup/user/cgroup.subtree_control", "memory pids")
    put(tmp_path, "sys/fs/cgroup/user/shell/cgroup.subtree_control", "")
    user = tmp_path / "sys/fs/cgroup/user"
    assert find_place(tmp_path) == Place(parent=user, home=user / "shell")


@ON_LINUX
def test_a_group_that_limits_no_memory_is_no_place(tmp_path):
    put(tmp_path, "proc/self/cgroup", "0::/app")
    put(tmp_path, "sys/fs/cgroup/app/cgroup.subtree_control", "cpu pids")
    assert find_place(tmp_path) is None


# What the kernel counts.


def test_the_counts_of_version_2_are_read(tmp_path):
    put(tmp_path, "memory.peak", "1000")
    put(tmp_path, "memory.events", "max 7\noom 3\noom_kill 2")
    put(tmp_path, "memory.stat", "anon 5\npgmajfault 11\nworkingset_refault_file 13")
    assert read_counts(tmp_path) == Counts(1000, oom_kills=2, major_faults=11, refaults=13)


def test_the_counts_of_version_1_are_read(tmp_path):
    put(tmp_path, "memory.max_usage_in_bytes", "1000")
    put(tmp_path, "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2")
    put(tmp_path, "memory.stat", "cache 5\npgmajfault 11\nworkingset_refault 13")
    assert read_counts(tmp_path) == Counts(1000, oom_kills=2, major_faults=11, refaults=13)


def test_what_an_old_kernel_does_not_count_is_not_known(tmp_path):
    put(tmp_path, "memory.stat", "pgmajfault 11")
    assert read_counts(tmp_path) == Counts(None, oom_kills=0, major_faults=11, refaults=None)
