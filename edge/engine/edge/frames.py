"""What parent and worker say to each other: small values, sent as length-prefixed JSON.

Frames towards the parent carry token ids, so the parent mirrors the tape and a
new worker can go on where a dead one stopped. They carry the number of their
job, so what is left of one that was given up is never taken for another's.
"""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass
from typing import IO, Any

from edge.core import errors
from edge.core.errors import EdgeError
from edge.core.event import StopReason
from edge.core.memory import Layout
from edge.core.spec import Sampling
from edge.engine.edge.template import Control, Segment, Text

_LENGTH = struct.Struct("<I")
_LARGEST_FRAME_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Keep:
    """Where timelines are kept between runs; `weights` names the model file by its hash."""

    folder: str
    weights: str
    budget_bytes: int


@dataclass(frozen=True, slots=True)
class Load:
    """To the worker: map these weights and make a timeline of them.

    `n_writing` threads are enough for single tokens, None when nobody knows yet;
    `sweep` are the counts to try behind the first reply. `idle_s` is how long to
    wait for work before leaving, None for ever.
    """

    path: str
    n_ctx: int
    n_threads: int
    threads_fixed: bool
    gpu: bool
    layout: Layout
    keep: Keep | None = None
    n_writing: int | None = None
    sweep: tuple[int, ...] = ()
    idle_s: float | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """To the worker: how many tokens are these segments?"""

    job: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """To the worker: read the prompt and write the reply.

    The segments end with `shown`, text of this reply that another wrote. `tokens`
    is the prompt as an earlier worker read it, empty for a new one, and `owed`
    what it had to say again behind it; `reply` are the tokens an earlier worker
    drew. `reread` says that one will follow. The reply is held to a JSON `schema`, if
    there is one.
    """

    job: int
    timeline_id: str
    segments: tuple[Segment, ...]
    sampling: Sampling
    seed: int
    tokens: tuple[int, ...] = ()
    reply: tuple[int, ...] = ()
    reread: bool = False
    shown: str = ""
    owed: tuple[int, ...] = ()
    schema: str = ""


@dataclass(frozen=True, slots=True)
class Cancel:
    """To the worker: end this job now."""

    job: int


@dataclass(frozen=True, slots=True)
class Reread:
    """To the worker: bring the tape to the conversation as later prompts will tell it.

    Without segments nothing is read; the timeline is kept on disk either way.
    """

    job: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Loading:
    """From the worker: thousandths of the weights that are mapped."""

    done: int


@dataclass(frozen=True, slots=True)
class Ready:
    """From the worker: the timeline is empty and waits; `isolated` says it has no network."""

    isolated: bool


@dataclass(frozen=True, slots=True)
class Counted:
    """From the worker: the number asked for; a lower bound where it is far beyond the context."""

    job: int
    n_tokens: int


@dataclass(frozen=True, slots=True)
class Planned:
    """From the worker: the prompt's tokens, and how many of them the tape already held.

    `owed` are those of its end that are drawn again; see `seam`.
    """

    job: int
    tokens: tuple[int, ...]
    cached: int
    owed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """From the worker: tokens of the prompt read so far, of those that were new."""

    job: int
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Wrote:
    """From the worker: a token of the reply and the text it completes (often none).

    `margin` is filled in for the first token of a reply only; `logprob` is None for
    a token that had to say, wholly or in part, what was shown before.
    """

    job: int
    token: int
    text: str
    logprob: float | None
    margin: float | None


@dataclass(frozen=True, slots=True)
class Released:
    """From the worker: text that was held back, of a reply that is about to fail."""

    job: int
    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """From the worker: the reply is over; `text` is what was still held back."""

    job: int
    stop_reason: StopReason
    text: str
    prefill_s: float
    decode_s: float


@dataclass(frozen=True, slots=True)
class Rested:
    """From the worker: a reread is over, cut short or not, and kept; the tokens it read."""

    job: int
    n_tokens: int


@dataclass(frozen=True, slots=True)
class Swept:
    """From the worker: tokens decoded per second on each thread count, nobody else being busy."""

    job: int
    tps: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """From the worker: one of our errors, by its class name; job 0 is the loading."""

    job: int
    error: str
    message: str
    hint: str
    kept: str = ""

    @staticmethod
    def of(job: int, error: EdgeError) -> Failed:
        """What is told of an error."""
        return Failed(job, type(error).__name__, error.message, error.hint, error.kept)

    def as_error(self) -> EdgeError:
        """The error again; one of a class nobody knows is the engine's end."""
        kind = getattr(errors, self.error, errors.EngineDied)
        error: EdgeError = kind(self.message, hint=self.hint, kept=self.kept)
        return error


Frame = (
    Load | Count | Answer | Cancel | Reread
    | Loading | Ready | Counted | Planned | Reading | Wrote | Released | Ended
    | Rested | Swept | Failed
)  # fmt: skip
_KINDS = {kind.__name__: kind for kind in Frame.__args__}


def write_frame(stream: IO[bytes], frame: Frame) -> None:
    """Send one frame; raises OSError when nobody reads any more."""
    fields = asdict(frame)
    if "segments" in fields:
        fields["segments"] = [
            [isinstance(segment, Control), segment.text] for segment in _segments(frame)
        ]
    body = json.dumps([type(frame).__name__, fields]).encode()
    stream.write(_LENGTH.pack(len(body)) + body)
    stream.flush()


def read_frame(stream: IO[bytes]) -> Frame | None:
    """The next frame, or None at the end of the stream or in the middle of a cut frame."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    body = stream.read(length) if length <= _LARGEST_FRAME_BYTES else b""
    if len(body) < length:
        return None
    kind, fields = json.loads(body)
    return _build(kind, fields)


def _build(kind: str, fields: dict[str, Any]) -> Frame:
    if "segments" in fields:
        fields["segments"] = tuple(
            Control(text) if is_control else Text(text) for is_control, text in fields["segments"]
        )
    if "sampling" in fields:
        stop = tuple(fields["sampling"].pop("stop"))
        fields["sampling"] = Sampling(**fields["sampling"], stop=stop)
    if fields.get("keep"):
        fields["keep"] = Keep(**fields["keep"])
    if "layout" in fields:
        fields["layout"] = Layout(**fields["layout"])
    if "tps" in fields:
        fields["tps"] = tuple((n, tps) for n, tps in fields["tps"])
    for name in ("tokens", "reply", "owed", "sweep"):
        if name in fields:
            fields[name] = tuple(fields[name])
    if "stop_reason" in fields:
        fields["stop_reason"] = StopReason(fields["stop_reason"])
    frame: Frame = _KINDS[kind](**fields)
    return frame


def _segments(frame: Frame) -> tuple[Segment, ...]:
    return frame.segments if isinstance(frame, Count | Answer | Reread) else ()
