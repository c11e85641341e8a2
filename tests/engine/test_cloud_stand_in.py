"""A cloud nobody here wrote: the binding's own server, asked over a real connection."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from asking_cloud import ask, how

from edge.core.cloud import Dialect, Provider
from edge.core.event import Delta, StopReason
from edge.core.spec import Sampling


@contextmanager
def serving(model: Path, log: Path) -> Iterator[Provider]:
    """The binding's server with this model; it is asked only once it listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "llama_cpp.server", "--model", str(model), "--n_ctx", "512"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--chat_format", "chatml"]
    command += ["--n_threads", "2"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
        try:
            wait_for(port, process, log)
            yield Provider("stand-in", f"http://127.0.0.1:{port}/v1", Dialect.OPENAI, ("stand-in",))
        finally:
            process.kill()
            process.wait()


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(1200):
        assert process.poll() is None, log.read_text()
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the stand-in does not listen")


def test_a_server_nobody_here_wrote_streams_an_answer(tiny_qwen2, tmp_path):
    pytest.importorskip("fastapi")
    with serving(tiny_qwen2, tmp_path / "log") as provider:
        heard = ask(provider, how(sampling=Sampling(temperature=0, max_tokens=12)), "hi")
    # Random weights: what they say is nobody's business, how it is carried is.
    assert heard.answer.stop_reason in (StopReason.MAX_TOKENS, StopReason.END)
    usage = heard.answer.usage
    assert (usage.prompt_tokens, usage.completion_tokens) == (0, 0)  # it counts no streams


@pytest.mark.weights
def test_a_real_model_answers_over_the_wire(weights_path, tmp_path):
    pytest.importorskip("fastapi")
    with serving(weights_path, tmp_path / "log") as provider:
        short = how(sampling=Sampling(temperature=0, max_tokens=16))
        heard = ask(provider, short, "What is the capital of France? One word.")
    assert "Paris" in heard.text
    assert heard.answer.stop_reason is StopReason.END
    assert len([each for each in heard.events if isinstance(each, Delta)]) >= 1
    assert heard.answer.usage.ttft_s > 0
