"""The doors by which somebody talks to edge, and what can go wrong behind each."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import edge
from cloud_server import Script, cut, error, reply
from edge.core.errors import EdgeError
from edge.core.event import Delta
from edge.settings.folders import Folders
from shell import EDGE, PATIENCE_S, Ran, environ

CLOUD_SAYS = "The cloud answers this, and nothing that anybody told it."
CLOUDS: dict[str, Script] = {
    "up": reply(CLOUD_SAYS, chunks=CLOUD_SAYS.split(" ")),
    "failing": error(500, "InternalError"),
    "cutting": cut(CLOUD_SAYS, after=9),
}
N_CTX = 2048
SOUND, TOO_LONG, KILLED = "sound", "too long", "killed"
DEVICES = {SOUND: 0, TOO_LONG: 24, KILLED: 23}  # how a turn ends that nobody else answers
REFUSED = 30
# A tiny model takes every byte for a token.
_BALLAST = " and so on" * (N_CTX // 8)
_NUMBER = "My number is 11010519491231002X, and"
_KEY = "api_key = sk-proj-abcdefghijklmnopqrstuvwx1234567890ABCD"


@dataclass(frozen=True, slots=True)
class Case:
    """A private text at one of the doors, and the state of both engines behind it."""

    door: str
    cloud: str = "up"
    device: str = SOUND
    as_json: bool = False

    @property
    def flags(self) -> tuple[str, ...]:
        """What every command is told."""
        # The end of a short reply would come before its writer is killed.
        limit = str(N_CTX - 600) if self.device == KILLED else "4"
        return ("--temperature", "0", "--max-tokens", limit, "--ctx", str(N_CTX))

    def sized(self, text: str) -> str:
        """The text, too long for the device where this is the case for that."""
        return text + _BALLAST if self.device == TOO_LONG else text

    def __str__(self) -> str:
        return ", ".join((self.door, self.cloud, self.device, *(["json"] if self.as_json else [])))


Door = Callable[[Case, str], Ran]


def ask_private(case: Case, secret: str) -> Ran:
    return _ask(case, "--private", case.sized(f"Dear diary, {secret}."))


def ask_identifier(case: Case, secret: str) -> Ran:
    return _ask(case, case.sized(f"{_NUMBER} {secret}"))


def ask_piped(case: Case, secret: str) -> Ran:
    return _ask(case, "What does this say?", piped=case.sized(f"{secret} {_KEY}"))


def ask_for_the_cloud(case: Case, secret: str) -> Ran:
    return _ask(case, "--cloud", "--private", f"Dear diary, {secret}.")


def system(case: Case, secret: str) -> Ran:
    """The prompt may go, the system prompt may not."""
    return _ask(case, "--system", case.sized(f"Be brief. {secret} {_KEY}"), "name a river")


def go_on(case: Case, secret: str) -> Ran:
    """A harmless prompt, behind one that was private."""
    _in_process(Case(case.door), f"Dear diary, {secret}.", private=True)
    return _ask(case, "--continue", case.sized("And what was that?"))


def copied(case: Case, secret: str) -> Ran:
    """Another conversation, public, repeats what was said in a private one."""
    _in_process(Case(case.door), f"Dear diary, {secret}.", private=True)
    return _ask(case, case.sized(f"What is this: {secret}?"))


def chat_private(case: Case, secret: str) -> Ran:
    return _chat(case, "/private", case.sized(f"Dear diary, {secret}."))


def chat_identifier(case: Case, secret: str) -> Ran:
    return _chat(case, case.sized(f"{_NUMBER} {secret}"))


def chat_public(case: Case, secret: str) -> Ran:
    """Lifting a text out of a private talk wants a person's yes, and there is nobody."""
    return _chat(case, "/private", "hello", f"/public Dear diary, {secret}.")


def chat_cloud(case: Case, secret: str) -> Ran:
    return _chat(case, f"/cloud {_NUMBER} {secret}")


def runtime(case: Case, secret: str) -> Ran:
    return _in_process(case, case.sized(f"Dear diary, {secret}."), private=True)


def runtime_identifier(case: Case, secret: str) -> Ran:
    return _in_process(case, case.sized(f"{_NUMBER} {secret}"), private=False)


DOORS: dict[str, Door] = {
    door.__name__.replace("_", " "): door
    for door in (
        ask_private, ask_identifier, ask_piped, ask_for_the_cloud, system, go_on, copied,
        chat_private, chat_identifier, chat_public, chat_cloud, runtime, runtime_identifier,
    )
}  # fmt: skip
_WITH_JSON = [name for name in DOORS if not name.startswith(("chat", "runtime"))]
_NEVER_ASKS = ("ask for the cloud", "chat public", "chat cloud")  # neither engine
CASES = tuple(
    Case(door, cloud, device, as_json)
    for door, cloud, device, as_json in product(DOORS, CLOUDS, DEVICES, (False, True))
    if (door in _WITH_JSON or not as_json) and (door not in _NEVER_ASKS or device == SOUND)
)


def codes_of(case: Case) -> set[int]:
    """How it may end: as the device ends it, whatever the cloud would do."""
    if case.door in _NEVER_ASKS:
        return {REFUSED}
    by_device = {DEVICES[case.device]}
    if case.device == KILLED and not case.as_json:
        by_device.add(0)  # random weights may end a reply before they can be killed
    if case.door != "system":
        return by_device
    # The prompt goes to the cloud, whose error stands where it is too long for the device.
    of_cloud = {"up": 0, "failing": 33, "cutting": 34}[case.cloud]
    return {of_cloud} if case.cloud == "up" or case.device == TOO_LONG else by_device


def books_of(home: Path) -> bytes:
    """All that is kept of what was sent, of how the cloud has been, and of policies."""
    with sqlite3.connect(Folders.below(home).store) as connection:
        tables = ("sends", "reservations", "health", "policies")
        kept = [connection.execute(f"SELECT * FROM {name}").fetchall() for name in tables]
    connection.close()
    return repr(kept).encode()


def _ask(case: Case, *words: str, piped: str = "") -> Ran:
    form = ["--json"] if case.as_json else []
    return _ran(case, ["ask", "-m", "tiny", *case.flags, *form, *words], piped)


def _chat(case: Case, *lines: str) -> Ran:
    return _ran(case, ["chat", "tiny", *case.flags], "\n".join(lines))


def _ran(case: Case, words: list[str], told: str) -> Ran:
    """A command in a process of its own; where its device is killed, from its first word on."""
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen([*EDGE, *words], env=environ(), **pipes) as program:
        assert program.stdin
        assert program.stdout
        program.stdin.write(told.encode())
        program.stdin.close()
        program.stdin = None
        begun = b""
        if case.device == KILLED and not case.as_json:
            begun = program.stdout.read(1)
        with _killing(program.pid) if case.device == KILLED else _sparing():
            out, err = program.communicate(timeout=PATIENCE_S)
    assert b"Traceback" not in err, err.decode()
    return Ran(program.returncode, (begun + out).decode(errors="replace"), err.decode())


def _in_process(case: Case, words: str, *, private: bool) -> Ran:
    """The embedder's door, in this process."""
    said, limit = "", int(case.flags[3])
    with edge.open("tiny", temperature=0, max_tokens=limit, n_ctx=N_CTX) as opened:
        try:
            for event in opened.session(private=private).send(words):
                said += event.text if isinstance(event, Delta) else ""
                worker = opened.engine.worker_pid
                if case.device == KILLED and said and worker:
                    _kill(worker)
        except EdgeError as failed:
            return Ran(failed.exit_code, said, failed.line())
    return Ran(0, said, "")


@contextmanager
def _sparing() -> Iterator[None]:
    yield


@contextmanager
def _killing(pid: int) -> Iterator[None]:
    """Within, whatever process this one starts is killed at once."""
    over = threading.Event()

    def kill() -> None:
        while not over.wait(0.005):
            for child in _children(pid):
                _kill(child)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield
    finally:
        over.set()
        killer.join()


def _children(pid: int) -> Iterator[int]:
    with suppress(OSError):  # it has ended
        for thread in Path(f"/proc/{pid}/task").iterdir():
            yield from map(int, (thread / "children").read_text().split())


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
