"""The engine's parts as a child process finds them: a broken binding is a line, not a crash."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from edge.cli.doctor.checkup import Check, State
from edge.cli.table import printable
from edge.core.say import noted, say, say_noted
from edge.settings.keys import without_keys

# The author's own builds for common machines; they may lag behind the source.
WHEELS = "https://abetlen.github.io/llama-cpp-python/whl/cpu"
_INSTALL = f"pip install --upgrade --extra-index-url {WHEELS} ."
_REBUILD = "pip install --force-reinstall --no-binary llama-cpp-python --no-cache-dir ."
_PATIENCE_S = 60.0
_PACKAGE_ROOT = str(Path(__file__).parents[2])
_COMPILERS = ("c++", "g++", "clang++", "cl")
_GET_COMPILER = {
    "linux": noted("apt install g++, or the like of your system"),
    "darwin": "xcode-select --install",
    "win32": noted("install the Visual Studio Build Tools for C++"),
}
# In the worker's order: the network is left before the library is loaded. Each
# line stands for itself, so a crash takes only what comes after it.
_PROBE = """
import json
from edge.engine.edge.isolation import leave_network
print(json.dumps({"isolated": leave_network()}), flush=True)
from edge.engine.edge.capi import binding as capi
print(json.dumps({"version": capi.BINDING}), flush=True)
print(json.dumps({"info": capi.system_info(), "offload": capi.can_offload()}), flush=True)
"""


def check_engine() -> Iterator[Check]:
    """The binding with what it was built for, the compiler where it matters, and the isolation."""
    found, problem, died = _ask_child()
    if "info" in found:
        yield Check("binding", State.OK, f"llama-cpp-python {found['version']}")
        yield Check("cpu", State.OK, _features(str(found["info"])))
        yield _gpu(bool(found["offload"]))
    else:
        yield _broken(problem, died=died)
        if not _installed():
            yield _compiler()
    yield _isolation(bool(found.get("isolated")))


def _ask_child() -> tuple[dict[str, object], str, bool]:
    """What the child found before it ended, its last words, and whether it ended by a signal."""
    path = os.pathsep.join(filter(None, [_PACKAGE_ROOT, os.environ.get("PYTHONPATH")]))
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", _PROBE],
            env=without_keys(os.environ) | {"PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return {}, str(error), False
    found: dict[str, object] = {}
    for line in done.stdout.splitlines():
        if line.startswith(b"{"):  # the library may print, too
            found |= json.loads(line)
    return found, _last_words(done), done.returncode < 0


def _last_words(done: subprocess.CompletedProcess[bytes]) -> str:
    if done.returncode == -signal.SIGILL:
        return say("it was built for another CPU (illegal instruction)")
    if done.returncode < 0:
        return say("it ends the process (signal {n})", n=-done.returncode)
    lines = done.stderr.decode("utf-8", "replace").split("\n")
    return printable(
        next((line for line in reversed(lines) if line.strip()), say("no reason given"))
    )


def _broken(problem: str, *, died: bool) -> Check:
    if not _installed():
        told = say("llama-cpp-python is not installed")
        return Check("binding", State.BROKEN, told, _in_checkout(_INSTALL))
    told = say("llama-cpp-python cannot be used: {why}", why=problem)
    hint = _in_checkout(_REBUILD if died else _INSTALL)
    return Check("binding", State.BROKEN, told, hint)


def _in_checkout(command: str) -> str:
    return say("in edge's checkout: {command}", command=command)


def _installed() -> bool:
    return importlib.util.find_spec("llama_cpp") is not None


def _features(info: str) -> str:
    """The names that are switched on, from "CPU : AVX2 = 1 | FMA = 0 | …"."""
    words = info.replace(":", "|").split("|")
    pairs = [word.partition("=") for word in words]
    return ", ".join(name.strip() for name, _, value in pairs if value.strip() == "1") or info


def _gpu(offload: bool) -> Check:
    built = say("offload is built in")
    missing = say("offload is not built in: models run on the CPU")
    return Check("gpu", State.OK, built if offload else missing)


def _compiler() -> Check:
    found = next(filter(None, map(shutil.which, _COMPILERS)), None)
    if found:
        text = say(
            "{compiler}; without a ready build the binding takes about ten minutes to compile",
            compiler=found,
        )
        return Check("compiler", State.OK, text)
    hint = say_noted(_GET_COMPILER.get(sys.platform, noted("install a C++ compiler")))
    told = say("none found; only a ready build can be installed")
    return Check("compiler", State.WARN, told, hint)


def _isolation(isolated: bool) -> Check:
    if isolated:
        return Check("isolation", State.OK, say("the engine's process has no network at all"))
    text = say("the engine's process could reach the network, though it never asks for it")
    hint = "sysctl user.max_user_namespaces kernel.apparmor_restrict_unprivileged_userns"
    return Check("isolation", State.WARN, text, hint if sys.platform == "linux" else "")
