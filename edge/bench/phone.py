"""A device's memory around the worker: whether a model lives in it, and what it suffers.

An emulation of memory and not of speed: times are this machine's, and what the
device itself would do is arithmetic on its memory's speed. The worker sits in a
group that cannot hold more than the device has free, cached pages of its file
included, without swap, under the policy for little memory; the talk fills its
context. The store and this process, some tens of MiB, are outside.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median

from edge.bench.fence import Counts, Fence, fence
from edge.bench.heard import Heard, become_quiet, hear, worker_pid
from edge.bench.page_cache import forget_cached
from edge.bench.process import major_faults
from edge.bench.rows import Findings, Row
from edge.bench.subject import Subject
from edge.bench.texts import SYSTEM, count_with, long_text
from edge.chat.session import Session
from edge.core.errors import DoesNotFit, EngineDied
from edge.core.memory import MemoryPolicy
from edge.core.say import say
from edge.core.units import MIB, show_bytes
from edge.device.profile import DeviceProfile
from edge.engine.edge.engine import EdgeEngine
from edge.engine.edge.link import Link, ProcessLink
from edge.loading.model import engine_options, load
from edge.models.shape import Shape, predicted_tps
from edge.runtime import Runtime
from edge.store.database import open_database

N_CTX = 2048
N_TURNS = 10
# A turn is a little more than a tenth of the context, so that the last ones overflow it.
_TEXT_TOKENS, _REPLY_TOKENS = 150, 64


@dataclass(frozen=True, slots=True)
class Phone:
    """A device to stand in for: what its data sheet says, and the memory a model may take."""

    name: str
    profile: DeviceProfile
    limit_bytes: int


@dataclass(frozen=True, slots=True)
class _Turn:
    """One turn inside: how it was heard, and how often its writing waited for the disk."""

    heard: Heard
    waits: int


def as_on(phone: Phone, subject: Subject) -> Subject:
    """The subject as it would run there: little memory, a small context, no more cores."""
    settings = replace(
        subject.settings,
        memory=MemoryPolicy.LOW,
        n_ctx=N_CTX,
        max_tokens=_REPLY_TOKENS,
        n_threads=min(subject.settings.n_threads or phone.profile.n_cores, phone.profile.n_cores),
    )
    return replace(subject, settings=settings)


def emulate(subject: Subject, phone: Phone) -> Findings:
    """Hold the talk of a subject that is `as_on` a phone inside the phone's memory.

    Raises DoesNotFit when the model is refused there or killed, UsageError where
    this system lets nobody set a limit.
    """
    with fence(phone.limit_bytes) as limit:
        cached_bytes = _forget_weights(subject)
        try:
            turns = _talk_inside(subject, phone, limit)
        except EngineDied as died:
            if limit.oom_kills:
                raise _killed(phone, limit.counts) from died
            raise
    if limit.oom_kills:
        raise _killed(phone, limit.counts)
    cached = Row("of the file cached before", None, cached_bytes / MIB, None, "MiB, free inside")
    rows = (*_memory_rows(limit.counts, phone, turns), cached, *_speed_rows(subject, phone, turns))
    return Findings(tuple(replace(row, name=f"{phone.name}: {row.name}") for row in rows))


def _forget_weights(subject: Subject) -> int:
    """Bytes of the model's file that could not be dropped from memory."""
    weights = subject.model.weights
    return forget_cached(weights.path) if weights is not None else 0


def _talk_inside(subject: Subject, phone: Phone, limit: Fence) -> list[_Turn]:
    subject.tell(f"{N_TURNS} turns inside {show_bytes(phone.limit_bytes)}, as on {phone.name}")
    with _open_inside(subject, phone, limit) as runtime:
        count, session = count_with(runtime), runtime.session(system=SYSTEM)
        around = count(".")  # what the template adds to a text
        texts = (
            long_text(lambda text: count(text) - around, _TEXT_TOKENS, n) for n in range(N_TURNS)
        )
        return [_take_turn(runtime, session, text) for text in texts]


def _take_turn(runtime: Runtime, session: Session, text: str) -> _Turn:
    """One turn. Where another worker has taken the first one's place, it waited for nothing."""
    waited: list[int] = []

    def look() -> None:
        waited.append(major_faults(worker_pid(runtime)) or 0)

    heard = hear(session, text, at_first=look)
    look()
    become_quiet(runtime)
    return _Turn(heard, max(0, waited[-1] - waited[0]))


def _open_inside(subject: Subject, phone: Phone, limit: Fence) -> Runtime:
    """A runtime whose workers live inside the limit, fitted as if that were all there is."""
    free = replace(phone.profile, free_bytes=limit.limit_bytes)
    loaded = load(subject.model, subject.settings, free)
    options = engine_options(loaded, subject.settings, subject.folders)

    def connect() -> Link:
        link = ProcessLink()
        limit.enclose(link.pid)
        return link

    database = open_database(subject.folders.store)
    engine = EdgeEngine(options, connect=connect)
    return Runtime(engine, subject.model.spec, database, subject.settings, loaded)


def _killed(phone: Phone, counts: Counts) -> DoesNotFit:
    return DoesNotFit(
        say(
            "the engine was killed {n} times in the {size} of {phone}",
            n=counts.oom_kills,
            size=show_bytes(phone.limit_bytes),
            phone=phone.name,
        ),
        hint=say(
            "a larger --limit, or a smaller model from: edge models --device {phone}",
            phone=phone.name,
        ),
    )


def _memory_rows(counts: Counts, phone: Phone, turns: Sequence[_Turn]) -> Iterator[Row]:
    if counts.peak_bytes is not None:
        limit, peak = phone.limit_bytes / MIB, counts.peak_bytes / MIB
        yield Row("peak memory", limit, peak, peak / limit, "MiB (raw: the limit)")
    yield Row("processes killed for want of memory", None, counts.oom_kills, None, "times")
    n_tokens = sum(turn.heard.usage.completion_tokens for turn in turns)
    waits = sum(turn.waits for turn in turns) / max(1, n_tokens)
    yield Row("waits for the disk while writing", None, waits, None, "pages per token")
    if counts.refaults is not None:
        yield Row("pages of files read again", None, counts.refaults, None, "pages")
    left_out = sum(turn.heard.left_out for turn in turns)
    yield Row("turns that left older ones out", None, left_out, None, f"of {len(turns)}")


def _speed_rows(subject: Subject, phone: Phone, turns: Sequence[_Turn]) -> Iterator[Row]:
    waits_ms = [turn.heard.first_s * 1000 for turn in turns]
    here = "this machine's"
    yield Row("first token of a turn, median", None, median(waits_ms), None, f"ms, {here}")
    yield Row("first token of a turn, worst", None, max(waits_ms), None, f"ms, {here}")
    if timed := [turn.heard.decode_tps for turn in turns if turn.heard.can_be_timed]:
        yield Row("decode", None, median(timed), None, f"tok/s, {here}")
    if bandwidth := phone.profile.bandwidth_bytes_per_s:
        shape = Shape.of_spec(subject.model.spec, subject.model.quant)
        predicted = predicted_tps(shape, bandwidth)
        yield Row("decode on the device", None, predicted, None, "tok/s, predicted: a ceiling")
