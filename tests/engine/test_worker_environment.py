"""What a worker inherits: enough to start, and nothing anybody could spend or log in with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from asking import MakeEngine, ask

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc tells it on Linux")

SECRETS = (
    "DASHSCOPE_API_KEY", "EDGE_CLOUD_API_KEY", "EDGE_ACME_API_KEY", "OPENAI_API_KEY", "HF_TOKEN",
    "HUGGING_FACE_HUB_TOKEN", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "CLIENT_SECRET",
    "DB_PASSWORD", "PGPASSWORD", "HTTPS_PROXY", "ALL_PROXY", "SSH_AUTH_SOCK", "EDGE_CLOUD_MODE",
)  # fmt: skip
ALLOWED = {
    "PATH", "PYTHONPATH", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "TMPDIR",
    "TEMP", "TMP", "EDGE_LANG",
}  # fmt: skip
CANARY = "sk-canary-7c1f"


def test_no_key_no_token_and_no_proxy_reaches_a_worker(
    make_engine: MakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in SECRETS:
        monkeypatch.setenv(name, CANARY)
    engine = make_engine()
    list(engine.stream(ask("hello")))
    process = Path(f"/proc/{engine.worker_pid}")
    environment = (process / "environ").read_bytes()
    names = {line.partition(b"=")[0].decode() for line in environment.split(b"\0") if line}
    assert "PATH" in names
    assert names <= ALLOWED
    assert CANARY.encode() not in environment + (process / "cmdline").read_bytes()


def test_what_says_it_left_the_network_has_left_it() -> None:
    asked = """
import socket, sys
from edge.engine.edge.isolation import leave_network
left = leave_network()
print(left, socket.if_nameindex(), sep="\\n")
"""
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    left, interfaces = done.stdout.splitlines()
    if left != "True":
        pytest.skip("this kernel grants no network namespace")
    assert interfaces == "[(1, 'lo')]"
