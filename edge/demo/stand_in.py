"""A stand-in for a cloud: a small OpenAI-compatible server on this very machine.

Its answers were written beforehand; whatever it is asked, it gives the next one,
word by word, and it can break off in the middle. It listens on 127.0.0.1 alone.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from types import TracebackType
from typing import Any, Self

_THIS_MACHINE = "127.0.0.1"
_PATH = "/v1/chat/completions"
_WORD = re.compile(r"\s*\S+")
_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said next; with `is_cut` the connection breaks behind it, and it has no end."""

    text: str
    is_cut: bool = False

    @property
    def words(self) -> list[str]:
        """The pieces it is sent in."""
        return _WORD.findall(self.text)


class StandIn:
    """Answers while it is entered; asked more often than it has answers, it is out of service.

    `model` is what it calls itself, `word_s` the pause after each word, in seconds.
    """

    def __init__(self, answers: Iterable[Answer], *, model: str, word_s: float = 0.0) -> None:
        self.model, self.word_s = model, word_s
        self._left = list(answers)
        self._taking = threading.Lock()
        self._server = _Server(self)

    @property
    def host(self) -> str:
        """Where it listens: address and port."""
        return f"{_THIS_MACHINE}:{self._server.server_address[1]}"

    @property
    def base_url(self) -> str:
        """What a client is to be told."""
        return f"http://{self.host}/v1"

    def take(self) -> Answer | None:
        """The next answer, None where there is none left."""
        with self._taking:
            return self._left.pop(0) if self._left else None

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=[_POLL_S], daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingTCPServer):
    # Not http.server's own: that one asks the network for the name of this machine.
    daemon_threads = True
    block_on_close = False  # an answer nobody listens to any more is not waited for

    def __init__(self, stand_in: StandIn) -> None:
        self.stand_in = stand_in
        super().__init__((_THIS_MACHINE, 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        """Read what is asked, and say the next answer."""
        with suppress(ConnectionError):  # whoever asked has left
            told = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = self.server.stand_in.take() if self.path == _PATH else None
            if answer is None:
                self.send_error(503 if self.path == _PATH else 404)
            else:
                self._say(answer, _usage(told, answer))

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of requests: the standard library would, on standard error."""

    def _say(self, answer: Answer, usage: dict[str, int]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Connection", "close")
        self.end_headers()
        for word in answer.words:
            self._send(self._piece({"content": word}))
            time.sleep(self.server.stand_in.word_s)
        if answer.is_cut:
            return  # without the chunk that ends a body, so it is known to be cut
        self._send(self._piece({}, finish="stop"))
        self._send({"model": self.server.stand_in.model, "choices": [], "usage": usage})
        self._send_text("data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def _piece(self, delta: dict[str, str], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return {"model": self.server.stand_in.model, "choices": [choice]}

    def _send(self, event: dict[str, Any]) -> None:
        self._send_text(f"data: {json.dumps(event)}\n\n")

    def _send_text(self, text: str) -> None:
        self.wfile.write(f"{len(text.encode()):x}\r\n{text}\r\n".encode())


def _usage(told: bytes, answer: Answer) -> dict[str, int]:
    """Tokens as a provider would count them; here there is no tokenizer, so four for three words.

    Nothing that is told is kept.
    """
    prompt, reply = sum(map(_count, _texts(told))), _count(answer.text)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": reply,
        "total_tokens": prompt + reply,
    }


def _texts(told: bytes) -> Iterator[str]:
    with suppress(ValueError, KeyError, TypeError):
        for message in json.loads(told)["messages"]:
            yield message["content"]


def _count(text: str) -> int:
    return -(-4 * len(_WORD.findall(text)) // 3)
