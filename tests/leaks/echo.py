"""A device whose replies hold more than they were asked: what is made of a text is that text's."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from forms import canary

from edge.core.errors import EngineDied
from edge.core.event import Channel, Delta, StopReason, Usage
from edge.core.message import Label, Message, Role
from edge.engine.protocol import Answered, EngineEvent, Request


class Echo:
    """Answers with words made of all it was told: where some of that is private, with a canary.

    The canaries are in `secrets`: nobody said them before, so only their label
    keeps them here. `dies_after` makes the next reply end in an error after so
    many pieces.
    """

    ready = True
    queue = 0
    worker_pid = None

    def __init__(self) -> None:
        self.secrets: list[str] = []
        self.dies_after: int | None = None

    def count_tokens(self, messages: Sequence[Message], *, thinking: bool) -> int:
        return sum(len(message.text) for message in messages) // 4

    def stream(self, request: Request) -> Generator[EngineEvent, None, None]:
        private = any(message.label is Label.PRIVATE for message in request.messages)
        secret = canary() if private else ""
        said = f"As you told me: {secret}." if private else "A fair answer, in some words."
        for at in range(0, len(said), 8):
            if self.dies_after is not None and at >= 8 * self.dies_after:
                self.dies_after = None
                raise EngineDied("the engine's process ended")
            if request.cancel.requested:
                yield Answered(StopReason.CANCELLED, _usage(request), None)
                return
            yield Delta(said[at : at + 8], Channel.ANSWER)
        if private:  # what was cut before its end nobody knows, so nobody can tell it
            self.secrets.append(secret)
        yield Answered(StopReason.END, _usage(request), None)

    def close(self) -> None:
        pass


def _usage(request: Request) -> Usage:
    n_prompt = sum(len(m.text) for m in request.messages if m.role is not Role.SYSTEM)
    return Usage(n_prompt, 0, 8, 0.01, 0.01, 0.01)
