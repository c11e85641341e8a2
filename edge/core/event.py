"""What a stream yields while a turn is answered, and what it cost.

The union is closed: a reader who handles `Event`'s members handles everything.
Failures are not events; they raise.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edge.core.decision import Decision, Target
from edge.core.units import Money


class Channel(StrEnum):
    """Where a piece of text belongs: the answer, or the reasoning before it."""

    ANSWER = "answer"
    REASONING = "reasoning"


class Phase(StrEnum):
    """What the wait is for. `done` and `total` of a Progress are in its unit."""

    LOAD = "load"  # thousandths of the weights
    PREFILL = "prefill"  # tokens
    SUMMARY = "summary"  # tokens written of a summary, of those it may have
    CLOUD = "cloud"  # milliseconds waited for the cloud, of those it may take


class StopReason(StrEnum):
    """Why a reply ended."""

    END = "end"  # the model ended its answer
    STOP_STRING = "stop_string"
    MAX_TOKENS = "max_tokens"
    CONTEXT_FULL = "context_full"
    FILTERED = "filtered"  # the provider's content filter ended it
    CANCELLED = "cancelled"
    CUT = "cut"  # the cloud broke off; what was shown is not all of it
    FAILED = "failed"  # the engine failed after it had shown something


class NoticeCode(StrEnum):
    """Things worth one line to the user that are not failures."""

    LEFT_OUT = "left_out"  # oldest turns no longer fit the context
    SUMMARISED = "summarised"  # a summary stands for oldest turns from now on
    NEARLY_FULL = "nearly_full"  # some turns on the context will overflow
    RESTARTED = "restarted"  # the engine died and goes on from the tape
    UNKNOWN_TEMPLATE = "unknown_template"  # the file carries a template we have not seen
    MADE_PRIVATE = "made_private"  # something private was found in the prompt
    CONTEXT_KEPT = "context_kept"  # the cloud did not see the private turns
    CLOUD_SKIPPED = "cloud_skipped"  # the policy would have sent it, and it stayed
    OTHER_MODEL = "other_model"  # the cloud answered with another model than asked
    GARBLED = "garbled"  # a piece of the cloud's answer could not be read
    OFFER = "offer"  # the answer looks weak; the cloud may be asked


@dataclass(frozen=True, slots=True)
class Usage:
    """What one engine's share of a turn took. `prompt_tokens` includes `cached_tokens`.

    `cost` is None on the device, and where nothing is known of it.
    """

    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    ttft_s: float
    prefill_s: float
    decode_s: float
    cost: Money | None = None


UNKNOWN_USAGE = Usage(0, 0, 0, 0.0, 0.0, 0.0)  # of what ended before anybody counted


@dataclass(frozen=True, slots=True)
class Confidence:
    """How sure the model was of the tokens it chose; natural logarithms.

    `first_margin` is the gap between the best and second-best token at the
    first step of the reply.
    """

    mean_logprob: float
    min_logprob: float
    first_margin: float


@dataclass(frozen=True, slots=True)
class ContextUse:
    """What a prompt told of its talk, in tokens of the model that was told.

    `kept_tokens` is the prompt as it was told, `dropped_tokens` what was left out and
    is told no more, `summarised_tokens` what the summary kept at `summary_turn_id` stands
    for. The oldest `left_out_turns` of the talk are those two, but for `pinned_turns`, by
    their numbers, which are told because they are pinned.
    """

    n_ctx: int
    kept_tokens: int
    left_out_turns: int = 0
    dropped_tokens: int = 0
    summarised_tokens: int = 0
    summary_turn_id: str = ""
    pinned_turns: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text on one channel."""

    channel: Channel
    text: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One engine's share of a turn. `confidence` is None when no token was chosen.

    `shown` False: its text was held back or came too late, and nobody read it.
    `context` is None where nobody counted, as of what was recorded before it was.
    """

    n: int
    decision: Decision
    model: str
    stop_reason: StopReason
    usage: Usage
    confidence: Confidence | None
    spans: tuple[Span, ...]
    shown: bool = True
    context: ContextUse | None = None

    @property
    def answer(self) -> str:
        """The visible text, without reasoning."""
        return "".join(span.text for span in self.spans if span.channel is Channel.ANSWER)

    @property
    def reasoning(self) -> str:
        """The text the model thought before it answered."""
        return "".join(span.text for span in self.spans if span.channel is Channel.REASONING)


@dataclass(frozen=True, slots=True)
class Routed:
    """Who answers, and why; the origin of every Delta until the next Switched."""

    decision: Decision


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a wait has come."""

    phase: Phase
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of text as it arrives; never empty, never half a character."""

    text: str
    channel: Channel


@dataclass(frozen=True, slots=True)
class Notice:
    """One line for the user: nothing is lost in silence."""

    code: NoticeCode
    text: str


@dataclass(frozen=True, slots=True)
class Switched:
    """From here on the other target answers."""

    source: Target
    target: Target
    reason: str


@dataclass(frozen=True, slots=True)
class Done:
    """The reply is over and, in a session, recorded."""

    stop_reason: StopReason
    attempts: tuple[Attempt, ...]


Event = Routed | Progress | Delta | Notice | Switched | Done
