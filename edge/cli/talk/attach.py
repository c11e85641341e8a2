"""Files that go along with a prompt: read, framed for the model, and measured before they go."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from edge.cli.talk import piped
from edge.cli.words import files as words
from edge.core.message import Message, Role
from edge.routing.signals import estimate_tokens

if TYPE_CHECKING:
    from edge.cli.page.writer import Writer
    from edge.cli.talk.opening import Talk
    from edge.core.event import Progress

_FENCE = "```"
# Opened by such a name, a file that is redirected would be read anew, and piped in once more.
_STANDARD_INPUT = ("-", "/dev/stdin", "/dev/fd/0")
# Many more than a tokenizer makes of one token in any text that was measured: what has
# more characters than these per token of room need not be counted to be known too long.
_MOST_CHARS_PER_TOKEN = 16
_SAMPLE_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class Attached:
    """A text file as it was read. `bare`: its text alone is told, as if it had been typed."""

    name: str
    text: str
    bare: bool = False

    @property
    def told(self) -> str:
        """Its name and its text, fenced so that a small model knows where both end."""
        if self.bare:
            return self.text
        longest = max((len(run) for run in re.findall("`+", self.text)), default=0)
        fence = "`" * max(len(_FENCE), longest + 1)
        kind = re.sub(r"\W", "", Path(self.name).suffix)
        return f"File {self.name}:\n\n{fence}{kind}\n{self.text}\n{fence}"


@dataclass(frozen=True, slots=True)
class Room:
    """What a prompt may take of a context.

    `count` None: nobody counts, it is estimated. `binds` False: what takes more may yet
    be for the cloud.
    """

    n_ctx: int
    budget_tokens: int
    count: Callable[[str], int] | None = None
    binds: bool = True

    def is_far_below(self, texts: Sequence[str]) -> bool:
        """Whether a text is known to be too long for it without being counted."""
        return max(map(len, texts)) > _MOST_CHARS_PER_TOKEN * self.n_ctx

    def for_texts(self, texts: Sequence[str]) -> Room:
        """The same room; where a text is far too long, nothing is counted, nor a model loaded."""
        return replace(self, count=None) if self.is_far_below(texts) else self

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


def attach_or_read(path: Path, stdin: TextIO | None) -> Attached:
    """`attach`, but "-" and other names of standard input mean what is piped in."""
    if str(path) not in _STANDARD_INPUT:
        return attach(path)
    text = "" if stdin is None else piped.read(stdin)
    if not text.strip():
        raise words.empty(words.standard_input())
    return Attached(words.standard_input(), text)


def with_files(files: Sequence[Attached], prompt: str) -> str:
    """The files, and behind them the prompt: what is asked last is what a model answers."""
    return "\n\n".join(filter(None, [*(file.told for file in files), prompt]))


def as_text(files: Sequence[Attached]) -> tuple[Attached, ...]:
    """Files that stand where a text would: one alone as it is, several by their names."""
    return (replace(files[0], bare=True),) if len(files) == 1 else tuple(files)


def measured(
    talk: Talk,
    files: Sequence[Attached],
    prompt: str,
    writer: Writer,
    *,
    counted: bool = True,
) -> tuple[str, ...]:
    """What `told_sizes` says in a talk, beside its system prompt.

    Where it is `counted` the model is loaded for it, and the writer shows how far that is.
    """
    room, system = _room_in(talk, writer.show), talk.session.system
    try:
        return told_sizes(
            files, f"{system}\n{prompt}", room if counted else replace(room, count=None)
        )
    finally:
        writer.end()


def refuse_what_is_far_too_long(talk: Talk, prompt: str) -> None:
    """Raises ContextFull, with how much fits; what may yet fit is left to who counts it."""
    room = _room_in(talk, lambda _: None)
    if room.is_far_below([prompt]):
        told_sizes([Attached(words.the_prompt(), prompt, bare=True)], talk.session.system, room)


def _room_in(talk: Talk, show: Callable[[Progress], None]) -> Room:
    """The room for a talk's next prompt; `show` hears how far the loading is."""
    answering = talk.session.answering

    def count(text: str) -> int:
        answering.engine.prepare(show)
        return answering.engine.count_tokens([Message(Role.USER, text)], thinking=False)

    return Room(answering.n_ctx, answering.budget_tokens, count, binds=talk.cloud is None)


def told_sizes(files: Sequence[Attached], prompt: str, room: Room) -> tuple[str, ...]:
    """A line of each file's size; raises ContextFull where they do not fit.

    `prompt` is all that is sent, the system prompt too; the files are in it, or follow.
    """
    room = room.for_texts([file.text for file in files])
    frame = room.size("")  # what the template puts around any message
    sizes = [room.size(file.told) - frame for file in files]
    at = sizes.index(max(sizes))
    beside = room.size(_without(files, prompt))
    left = room.budget_tokens - beside - (sum(sizes) - sizes[at])
    if sizes[at] > left and room.binds:
        beginning = _fitting(files[at].text, left, room)
        raise words.too_large(files[at].name, sizes[at], left, beginning)
    exact = room.count is not None
    told = zip(files, sizes, strict=True)
    return tuple(words.size(file.name, n, room.n_ctx, exact=exact) for file, n in told)


def _without(files: Sequence[Attached], prompt: str) -> str:
    for file in files:
        prompt = prompt.replace(file.told, "", 1)
    return prompt


def _fitting(text: str, left_tokens: int, room: Room) -> str:
    """About as much of a text's beginning as there is room for."""
    if left_tokens <= 0:
        return ""
    head = text[: 4 * left_tokens]
    return text[: len(head) * left_tokens // max(room.size(head), 1)]


def _name(path: Path) -> str:
    """The file's name on one line, whatever bytes it has."""
    return " ".join(path.name.encode("utf-8", "replace").decode().split()) or str(path)
