"""Who answers a turn and why, as a value: the facts measured, and what followed from them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edge.core.message import Label
from edge.core.units import Money


class Target(StrEnum):
    """The two engines a turn can go to."""

    EDGE = "edge"
    CLOUD = "cloud"


class Reason(StrEnum):
    """Why a target was chosen; stable names, stored with the turn.

    The first group are the guards, in the order they are asked: each keeps a
    turn on the device, and nothing can overrule them.
    """

    CLOUD_OFF = "cloud_off"  # the user never turned it on
    OFFLINE = "offline"  # the setting of that name
    PRIVATE = "private"  # the prompt, or the conversation
    DETECTORS_MISSING = "detectors_missing"  # nobody could tell what is private
    NO_KEY = "no_key"
    UNREACHABLE = "unreachable"  # no network, as far as one can see
    BREAKER_OPEN = "breaker_open"  # it failed a moment ago, again and again
    CLOUD_FAILED = "cloud_failed"  # it failed in this very turn
    CLOUD_TOO_SMALL = "cloud_too_small"  # the prompt exceeds the cloud's context, too
    BUDGET = "budget"  # what it could cost exceeds a cap
    NOT_CONSENTED = "not_consented"  # the user was asked and said no

    EDGE_CANNOT = "edge_cannot"  # too long for the device, or its engine failed
    ASKED = "asked"  # /edge or /cloud, for this turn
    RULE = "rule"  # a rule of the policy
    SCORE = "score"  # a score against its threshold
    WEAK_ANSWER = "weak_answer"  # the device answered, and its answer did not pass
    DEFAULT = "default"  # nothing else applied

    @property
    def guards(self) -> bool:
        """Whether it keeps a turn on the device, whatever a policy says."""
        return self in _GUARDS


_GUARDS = frozenset(list(Reason)[: list(Reason).index(Reason.NOT_CONSENTED) + 1])


class LinkState(StrEnum):
    """Whether the network answered when it was last used."""

    UNKNOWN = "unknown"
    UP = "up"
    DOWN = "down"


class BreakerState(StrEnum):
    """Whether the cloud may be asked: yes, not for a while, or once, to see."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Capability(StrEnum):
    """What a reply must be able to be."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Signals:
    """The measured facts a decision may look at; flat, each with its unit. None: not known.

    A token count before an answer is an estimate that errs upwards. Waits are
    those expected until the first word, from what was really measured.
    """

    turn_index: int
    label: Label
    cloud_allowed: bool  # turned on by the user

    # the prompt
    prompt_tokens: int = 0
    new_tokens: int = 0  # those the device has not read yet
    context_free_tokens: int = 0  # left on the device beside the prompt; negative: it does not fit
    reply_tokens: int = 0  # the longest reply there may be
    language: str = ""  # ISO 639-1; empty: mixed or none
    capability: Capability = Capability.TEXT
    difficulty: float | None = None
    wanted: Target | None = None  # what the user asked for, for this turn
    previous: Target | None = None  # who answered the turn before
    consented: bool | None = None  # None: not asked

    # the device
    edge_ready: bool = True  # the weights are loaded
    edge_wait_s: float | None = None
    edge_tps: float | None = None
    queue: int = 0
    on_battery: bool | None = None
    battery_percent: int | None = None
    hot: bool | None = None  # slowed down by its temperature
    load: float | None = None  # share of the cores that others take

    # the cloud
    offline: bool = False
    cloud_asks: bool = False  # the user wants to be asked each time
    detectors_ready: bool = True
    cloud_key: bool = True
    cloud_link: LinkState = LinkState.UNKNOWN
    breaker: BreakerState = BreakerState.CLOSED
    cloud_wait_s: float | None = None
    cloud_tps: float | None = None
    cloud_free_tokens: int = 0  # left in the cloud beside the prompt; negative: it does not fit
    cloud_cost: Money | None = None  # the most this turn could cost
    budget_left: Money | None = None  # under the tightest cap; None: no cap
    cloud_fault: str | None = None  # it failed in this turn, and how

    # after an answer of the device
    edge_fault: str | None = None  # it failed in this turn, and how
    edge_confidence: float | None = None  # mean log-probability of its tokens
    edge_margin: float | None = None  # between the two likeliest first tokens
    edge_checks: tuple[str, ...] = ()  # structural checks the answer did not pass


@dataclass(frozen=True, slots=True)
class Decision:
    """The target of a turn with its reason, and the signals it was decided from.

    `rule` names the rule or score of the policy, `runner_up` the one that would
    have decided next; `asks`: the user is asked before anything is sent.
    """

    target: Target
    reason: Reason
    signals: Signals
    rule: str = ""
    score: float | None = None
    threshold: float | None = None
    runner_up: str = ""
    asks: bool = False
    policy: str = ""
    policy_hash: str = ""
