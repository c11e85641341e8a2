"""Files that go along with a prompt: read, framed for the model, and measured before they go."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from edge.cli.talk import piped
from edge.cli.words import files as words
from edge.core.message import Message, Role
from edge.routing.signals import estimate_tokens

if TYPE_CHECKING:
    from edge.chat.session import Session

_FENCE = "```"
# Many more than a tokenizer makes of one token in any text that was measured: what has
# more characters than these per token of room need not be counted to be known too long.
_MOST_CHARS_PER_TOKEN = 16
_SAMPLE_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class Attached:
    """A text file as it was read."""

    name: str
    text: str

    @property
    def framed(self) -> str:
        """Its name and its text, fenced so that a small model knows where both end."""
        longest = max((len(run) for run in re.findall("`+", self.text)), default=0)
        fence = "`" * max(len(_FENCE), longest + 1)
        kind = re.sub(r"\W", "", Path(self.name).suffix)
        return f"File {self.name}:\n\n{fence}{kind}\n{self.text}\n{fence}"


@dataclass(frozen=True, slots=True)
class Room:
    """What a prompt may take of a context; `count` None: nobody counts, it is estimated."""

    n_ctx: int
    budget_tokens: int
    count: Callable[[str], int] | None = None

    def for_texts(self, texts: Sequence[str]) -> Room:
        """The same room; where a text is far too long, nothing is counted, nor a model loaded."""
        longest = max(map(len, texts))
        return replace(self, count=None) if longest > _MOST_CHARS_PER_TOKEN * self.n_ctx else self

    def size(self, text: str) -> int:
        """Tokens of a text."""
        if self.count is not None:
            return self.count(text)
        sample = text[:_SAMPLE_CHARS]
        return estimate_tokens(sample) * len(text) // max(len(sample), 1)


def attach(path: Path) -> Attached:
    """Read a file; raises UsageError where it is no text, ContextFull past 64 MiB."""
    name = _name(path)
    try:
        with path.open("rb") as file:
            raw = file.read(piped.LIMIT_BYTES + 1)
    except OSError as cause:
        raise words.unreadable(name, cause.strerror or str(cause)) from cause
    if len(raw) > piped.LIMIT_BYTES:
        raise words.more_than_a_context(name, piped.LIMIT_BYTES)
    text = piped.decode(raw, name).rstrip("\r\n")
    if not text.strip():
        raise words.empty(name)
    return Attached(name, text)


def with_files(files: Sequence[Attached], prompt: str) -> str:
    """The files, and behind them the prompt: what is asked last is what a model answers."""
    return "\n\n".join([*(file.framed for file in files), prompt])


def room_in(session: Session, *, counted: bool = True) -> Room:
    """The room for a session's next prompt. Where it is `counted` the model is loaded for it."""
    answering = session.answering

    def count(text: str) -> int:
        return answering.engine.count_tokens([Message(Role.USER, text)], thinking=False)

    return Room(answering.n_ctx, answering.budget_tokens, count if counted else None)


def told_sizes(files: Sequence[Attached], beside: str, room: Room) -> tuple[str, ...]:
    """A line of each file's size; raises ContextFull where they do not fit.

    `beside` is what else the prompt takes along: its words, and the system prompt.
    """
    room = room.for_texts([file.text for file in files])
    frame = room.size("")  # what the template puts around any message
    sizes = [room.size(file.framed) - frame for file in files]
    at = sizes.index(max(sizes))
    left = room.budget_tokens - room.size(beside) - (sum(sizes) - sizes[at])
    if sizes[at] > left:
        beginning = _fitting(files[at].text, left, room)
        raise words.too_large(files[at].name, sizes[at], left, beginning)
    exact = room.count is not None
    told = zip(files, sizes, strict=True)
    return tuple(words.size(file.name, n, room.n_ctx, exact=exact) for file, n in told)


def _fitting(text: str, left_tokens: int, room: Room) -> str:
    """About as much of a text's beginning as there is room for."""
    if left_tokens <= 0:
        return ""
    head = text[: 4 * left_tokens]
    return text[: len(head) * left_tokens // max(room.size(head), 1)]


def _name(path: Path) -> str:
    """The file's name on one line, whatever bytes it has."""
    return " ".join(path.name.encode("utf-8", "replace").decode().split()) or str(path)
