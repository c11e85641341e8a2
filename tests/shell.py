"""Runs `edge` as a shell does: processes of its own that can reach this machine alone."""

from __future__ import annotations

import hashlib
import io
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from edge.cli.main import run
from faulty_server import Answer, FaultyServer, failing, serving
from tiny_gguf import make_tiny

CHECKOUT = Path(__file__).parents[1]
EDGE = (sys.executable, "-m", "edge")
PATIENCE_S = 60
NOBODY = "http://127.0.0.1:9"  # the discard port: no one listens
REFERENCE = "hf:toys/Toy-GGUF/Toy-F32.gguf"


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


def environ(hub: FaultyServer | None = None, **more: str) -> dict[str, str]:
    """The test's own home, and hubs that are not given cannot be reached."""
    ours = {
        "HF_ENDPOINT": hub.url if hub else NOBODY,
        "EDGE_MODELSCOPE_ENDPOINT": NOBODY,
        "PIP_INDEX_URL": NOBODY,
        "PIP_RETRIES": "0",
        "HF_HOME": str(Path(os.environ["EDGE_HOME"], "hf")),
        "HOME": os.environ["EDGE_HOME"],
        "PYTHONPATH": str(CHECKOUT),
    }
    return os.environ | ours | more


def edge(
    *args: str | Path, stdin: bytes = b"", hub: FaultyServer | None = None, **more: str
) -> Ran:
    """One command with pipes for all its streams; `more` joins its environment.

    Whatever the command does, it shows no traceback.
    """
    return ran([*EDGE, *map(str, args)], stdin, environ(hub, **more))


def edge_here(*args: str | Path, stdin: bytes = b"", **more: str) -> Ran:
    """The same in this process, which costs half: where no claim is about a process of its own."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with (
        patch.dict(os.environ, environ(**more)),
        patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), "utf-8")),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        code = run([*map(str, args)])
    return Ran(code, *(stream.buffer.getvalue().decode() for stream in (out, err)))


def edge_in_shell(words: str) -> Ran:
    """`edge` with words for a shell, such as redirections; standard input is empty."""
    return ran(["sh", "-c", f"{shlex.join(EDGE)} {words}"], b"", environ())


def ran(command: Sequence[str], stdin: bytes, variables: Mapping[str, str]) -> Ran:
    """Run a command to its end."""
    done = subprocess.run(
        command,
        input=stdin,
        env=variables,
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def given(*args: str | Path) -> None:
    """What a test begins with: a command that ends well, run here since a process costs more."""
    assert run([*map(str, args)]) == 0


def as_on_the_hub(payload: bytes) -> Answer:
    """A hub that serves these bytes and states their size and hash, as the real one does."""
    linked = {
        "X-Linked-Etag": f'"{hashlib.sha256(payload).hexdigest()}"',
        "X-Linked-Size": str(len(payload)),
        "X-Repo-Commit": "a" * 40,
    }
    return serving(payload, linked=linked)


def failing_hub(payload: bytes, fault: str, after_bytes: int) -> Answer:
    """A hub whose first transfer ends in a fault; the question before it is for size and hash."""
    return failing(as_on_the_hub(payload), fault, [0, after_bytes])


def tiny_bytes(folder: Path, arch: str = "qwen2") -> bytes:
    """The bytes of a small sound model."""
    return make_tiny(folder / f"{arch}-source.gguf", arch).read_bytes()


def on_the_shelf() -> list[Path]:
    """The weights in the test's home."""
    return sorted(Path(os.environ["EDGE_HOME"], "models").glob("sha256-*.gguf"))


def flip_a_byte(path: Path) -> None:
    """Damage a file as a bad disk does: one byte, the time stamp as it was."""
    stamp = path.stat()
    with path.open("r+b") as file:
        file.seek(stamp.st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
