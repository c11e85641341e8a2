"""Reading and writing through the whole path beside the raw loop: pairs, in turn, on one prompt."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass

from edge.bench.effort import Effort
from edge.bench.heard import become_quiet, hear
from edge.bench.raw import RawLoop, Speed
from edge.bench.rows import Findings, Row
from edge.bench.subject import Subject
from edge.bench.texts import SYSTEM, long_text
from edge.core.message import Message, Role
from edge.core.spec import Sampling
from edge.runtime import Runtime

# Real depths, for an empty cache flatters decoding; the second is that of a long talk.
DEPTHS = (512, 2000)
REPLY_TOKENS = 48
_ROOM_TOKENS = REPLY_TOKENS + 128  # a text is at most a sentence longer than its depth
_STARTS = 3

Pair = tuple[Speed, Speed]


def speed(subject: Subject, effort: Effort) -> Findings:
    """Rows of every depth the context holds, and the start of it all."""
    rows: list[Row] = []
    with closing(subject.raw()) as raw, subject.open(max_tokens=REPLY_TOKENS) as runtime:
        _pair(raw, runtime, _Prompt(0, "Hello."))
        for depth, n_pairs in zip(DEPTHS, (effort.pairs, effort.deep_pairs), strict=True):
            if depth + _ROOM_TOKENS <= runtime.n_ctx:
                subject.tell(f"speed at {depth} tokens, pairs: {n_pairs}")
                # Numbered on at every depth: no prompt begins as another did.
                prompts = [_prompt(raw, depth, depth + n) for n in range(n_pairs)]
                rows += _rows(depth, [_pair(raw, runtime, prompt) for prompt in prompts])
    subject.tell("starts")
    starts = [(_raw_start_s(subject), _start_s(subject)) for _ in range(min(effort.pairs, _STARTS))]
    return Findings((*rows, Row.of_pairs("start: weights and a first token", starts, "s")))


@dataclass(frozen=True, slots=True)
class _Prompt:
    """The beginning of a conversation. Its number is what it begins with: nothing is cached."""

    n: int
    text: str

    @property
    def system(self) -> str:
        return f"({self.n}) {SYSTEM}"

    @property
    def messages(self) -> list[Message]:
        return [Message(Role.SYSTEM, self.system), Message(Role.USER, self.text)]


def _prompt(raw: RawLoop, depth: int, n: int) -> _Prompt:
    text = long_text(lambda text: len(raw.tokens(_Prompt(n, text).messages)), depth, n)
    return _Prompt(n, text)


def _pair(raw: RawLoop, runtime: Runtime, prompt: _Prompt) -> Pair:
    """One prompt by both sides; who is first changes from pair to pair."""
    if prompt.n % 2:
        other = _through_edge(runtime, prompt)
        return _through_raw(raw, prompt), other
    one = _through_raw(raw, prompt)
    return one, _through_edge(runtime, prompt)


def _through_raw(raw: RawLoop, prompt: _Prompt) -> Speed:
    sampling = Sampling(temperature=0, max_tokens=REPLY_TOKENS)
    return raw.run(raw.tokens(prompt.messages), sampling)


def _through_edge(runtime: Runtime, prompt: _Prompt) -> Speed:
    """One turn of a new conversation, timed where its reader stands."""
    heard = hear(runtime.session(system=prompt.system), prompt.text)
    become_quiet(runtime)
    return Speed(heard.first_s, heard.n_read / heard.first_s, heard.decode_tps)


def _rows(depth: int, pairs: list[Pair]) -> list[Row]:
    sides = {
        f"prefill at {depth} tokens": ("prefill_tps", "tok/s"),
        f"decode at {depth} tokens": ("decode_tps", "tok/s"),
        f"first token of {depth}, nothing cached": ("first_s", "s"),
    }
    return [
        Row.of_pairs(name, [(getattr(a, of), getattr(b, of)) for a, b in pairs], unit)
        for name, (of, unit) in sides.items()
    ]


def _start_s(subject: Subject) -> float:
    """From nothing to the first text of a short prompt, the file being in the page cache."""
    started = time.perf_counter()
    with subject.open(max_tokens=4) as runtime:
        opened_s = time.perf_counter() - started
        return opened_s + hear(runtime.session(), "Hello.").first_s


def _raw_start_s(subject: Subject) -> float:
    started = time.perf_counter()
    with closing(subject.raw()) as raw:
        tokens = raw.tokens([Message(Role.USER, "Hello.")])
        raw.first_token_s(tokens, len(tokens), Sampling(temperature=0))
        return time.perf_counter() - started
