"""Reads the events of a streamed chat completion, however the provider cuts or bends them."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from edge.core.errors import CloudFault, CloudIncomplete
from edge.core.event import Channel, Delta, Notice, NoticeCode, StopReason, Usage
from edge.core.say import say
from edge.engine.cloud_faults import Asked, Refusal, error_of, parse_object, refusal_in
from edge.engine.protocol import Answered

MOST_BAD_EVENTS = 3
_END = "[DONE]"
_FINISHES = {
    "stop": StopReason.END,
    "length": StopReason.MAX_TOKENS,
    "content_filter": StopReason.FILTERED,
}
_NOT_YET = ("", "null")  # as some servers write that there is no reason yet
_MOST_TOKENS = 10**9  # a count beyond this is no count
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/@-]{0,79}")


@dataclass(frozen=True, slots=True)
class Chunk:
    """One event of a stream: pieces of text, and what else it says."""

    answer: str = ""
    reasoning: str = ""
    finish: str = ""
    model: str = ""
    usage: Mapping[str, object] | None = None


class CloudReply:
    """One answer while it arrives. `finish` is why it ended, once the provider has said so.

    Times are of a monotonic clock, in seconds.
    """

    def __init__(self, asked: Asked, began_at: float) -> None:
        self._asked = asked
        self._began_at = began_at
        self._first_at: float | None = None
        self._last_at = began_at
        self._halves = {channel: _Halves() for channel in Channel}
        self._usage: Mapping[str, object] = {}
        self._bad_events = 0
        self._other_model = ""
        self.finish: StopReason | None = None
        self.over = False

    def feed(self, data: str, now_s: float) -> Iterator[Delta | Notice]:
        """What an event's data amounts to; raises a CloudError for an error among them."""
        if self.over or not data.strip():
            return
        if data.strip() == _END:
            self.over = True
            return
        told = read_event(data)
        if isinstance(told, Refusal):
            self._refused(told)
        elif told is None:
            yield from self._bad()
        else:
            yield from self._take(told, now_s)

    def end(self, stop_reason: StopReason, now_s: float) -> Iterator[Delta | Answered]:
        """The last of the reply."""
        for channel in (Channel.REASONING, Channel.ANSWER):
            if rest := self._halves[channel].close():
                yield Delta(rest, channel)
        yield Answered(stop_reason, self._usage_at(now_s), None)

    def incomplete(self, why: str, fault: CloudFault = CloudFault.BROKEN) -> CloudIncomplete:
        """The error for an answer that is not whole."""
        return CloudIncomplete(
            say("the answer of {who} is incomplete: {why}", who=self._asked.who, why=why),
            fault=fault,
            hint=say("send it again, or: edge cloud test"),
        )

    def _take(self, chunk: Chunk, now_s: float) -> Iterator[Delta | Notice]:
        self._usage = chunk.usage or self._usage
        if self._is_news(self._asked.without_key(chunk.model)):
            self._other_model = chunk.model
            names = say(
                "asked for {asked!r}, answered by {model!r}",
                asked=self._asked.model,
                model=chunk.model,
            )
            yield Notice(NoticeCode.OTHER_MODEL, names)
        if self.finish is not None:  # the answer is whole; whatever this is, it is not of it
            return
        for channel, piece in (
            (Channel.REASONING, chunk.reasoning),
            (Channel.ANSWER, chunk.answer),
        ):
            if text := self._halves[channel].feed(piece):
                self._first_at = now_s if self._first_at is None else self._first_at
                self._last_at = now_s
                yield Delta(text, channel)
        if chunk.finish not in _NOT_YET:
            self._finished(chunk.finish)

    def _finished(self, reason: str) -> None:
        if reason not in _FINISHES:
            known = (
                reason if reason in ("tool_calls", "function_call") else say("an unknown reason")
            )
            raise self.incomplete(say("it ended with {reason}", reason=known))
        self.finish = _FINISHES[reason]

    def _refused(self, refusal: Refusal) -> None:
        """An error in the middle: the filter ends the answer, anything else breaks it off."""
        if self.finish is not None:
            self.over = True
        elif refusal.is_filter:
            self.finish, self.over = StopReason.FILTERED, True
        elif self._first_at is None:
            raise error_of(refusal, self._asked)
        else:
            # Broken whatever the code: words were made, so they may be billed, and the
            # request itself was good enough to begin.
            error = self.incomplete(say("the provider broke it off"))
            error.provider_code = self._asked.without_key(refusal.code)
            raise error

    def _bad(self) -> Iterator[Notice]:
        self._bad_events += 1
        if self._bad_events > MOST_BAD_EVENTS:
            raise self.incomplete(say("{n} of its events were malformed", n=self._bad_events))
        if self._bad_events == 1:
            yield Notice(
                NoticeCode.GARBLED,
                say("a piece of the answer came garbled and is left out; words may be missing"),
            )

    def _is_news(self, model: str) -> bool:
        return bool(model) and not self._other_model and not same_model(self._asked.model, model)

    def _usage_at(self, now_s: float) -> Usage:
        """What the provider counted, 0 where it did not; what we waited."""
        details = self._usage.get("prompt_tokens_details")
        cached = details.get("cached_tokens") if isinstance(details, Mapping) else 0
        prompt_tokens = _count(self._usage.get("prompt_tokens"))
        first_at = now_s if self._first_at is None else self._first_at
        return Usage(
            prompt_tokens=prompt_tokens,
            cached_tokens=min(_count(cached), prompt_tokens),
            completion_tokens=_count(self._usage.get("completion_tokens")),
            ttft_s=0.0 if self._first_at is None else first_at - self._began_at,
            prefill_s=0.0 if self._first_at is None else first_at - self._began_at,
            decode_s=max(self._last_at - first_at, 0.0),
        )


def read_event(data: str) -> Chunk | Refusal | None:
    """One event's data: a piece of the answer, an error, or None for what is malformed."""
    told = parse_object(data)
    if told is None or (refusal := refusal_in(told)):
        return None if told is None else refusal
    choices, model, usage = told.get("choices"), told.get("model"), told.get("usage")
    if choices is not None and not isinstance(choices, list):
        return None
    about = Chunk(
        model=_name(model),
        usage=usage if isinstance(usage, Mapping) else None,
    )
    first = [each for each in choices or () if not isinstance(each, Mapping) or _is_first(each)]
    for choice in islice(first, 1):
        return _piece(choice, about) if isinstance(choice, Mapping) else None
    return about


def same_model(asked: str, told: str) -> bool:
    """Whether a name is the one asked for, or a dated snapshot of it.

    >>> same_model("qwen-plus", "qwen-plus-2025-07-28"), same_model("qwen-plus", "qwen-max")
    (True, False)
    """
    return re.fullmatch(re.escape(asked) + r"(-\d{4,8}(-\d\d){0,2})?", told) is not None


def _piece(choice: Mapping[str, object], about: Chunk) -> Chunk | None:
    delta, finish = choice.get("delta") or {}, choice.get("finish_reason") or ""
    if not isinstance(delta, Mapping) or not isinstance(finish, str):
        return None
    answer = delta.get("content") or ""
    reasoning = delta.get("reasoning_content") or delta.get("reasoning") or ""
    if not isinstance(answer, str) or not isinstance(reasoning, str):
        return None
    return Chunk(answer, reasoning, finish, about.model, about.usage)


def _is_first(choice: Mapping[str, object]) -> bool:
    return choice.get("index", 0) in (0, None)


def _name(found: object) -> str:
    return found if isinstance(found, str) and _MODEL.fullmatch(found) else ""


def _count(found: object) -> int:
    good = isinstance(found, int) and not isinstance(found, bool) and 0 <= found <= _MOST_TOKENS
    return found if good and isinstance(found, int) else 0


class _Halves:
    """Joins characters that JSON wrote as two escapes and the stream cut between them."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-16-le")("replace")

    def feed(self, text: str) -> str:
        return self._decoder.decode(text.encode("utf-16-le", "surrogatepass"))

    def close(self) -> str:
        return self._decoder.decode(b"", final=True)
