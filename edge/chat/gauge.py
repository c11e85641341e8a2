"""Measures what a decision looks at, before a turn, without asking any engine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from edge.chat.answering import Wishes
from edge.chat.asked import Asked
from edge.chat.attempts import Attempts
from edge.chat.in_cloud import reply_room
from edge.chat.on_device import OnDevice
from edge.chat.waits import deadlines
from edge.core.cloud import CloudMode
from edge.core.conversation import Turn
from edge.core.decision import Signals, Target
from edge.core.event import Usage
from edge.core.message import Message
from edge.core.spec import CloudSpec
from edge.core.units import NOTHING
from edge.device.conditions import ConditionsWatch
from edge.routing.policy import CloudModel
from edge.routing.signals import Room, estimate_tokens, measured_waits, with_prompt

Measured = tuple[Target, str, Usage]

# More than the tokens of a role and its control tokens.
_FRAME_TOKENS = 8
_REMEMBERED = 200


@dataclass(eq=False)
class Gauge:
    """What was measured of earlier turns, newest first, and a look at this machine."""

    usages: Sequence[Measured] = ()
    has_key: bool = False
    detectors_ready: bool = False
    _watch: ConditionsWatch | None = None
    _sizes: dict[str, int] = field(default_factory=dict)

    @property
    def cloud_ttfts_s(self) -> tuple[float, ...]:
        """How long the cloud took until its first word, where it was waited for."""
        return tuple(
            usage.ttft_s
            for target, _, usage in self.usages
            if target is Target.CLOUD and usage.ttft_s > 0
        )

    def remember(self, turn: Turn) -> None:
        """A turn is over: what it took counts from now on."""
        new = [(each.decision.target, each.model, each.usage) for each in turn.attempts]
        self.usages = (*reversed(new), *self.usages)[:_REMEMBERED]

    def measure(
        self, asked: Asked, device: OnDevice, attempts: Attempts | None, meant: CloudModel
    ) -> Signals:
        """The signals of a turn; of one that cannot leave just what says so.

        `meant` is the cloud model a policy asks first, where no rule says otherwise.
        """
        bare = Signals(len(asked.past), asked.prompt.label, cloud_allowed=attempts is not None)
        if attempts is None:
            return bare
        signals = self._of_talk(bare, asked, device, attempts)
        spec = attempts.cloud.model_for(signals.prompt_tokens, meant)
        signals = self._of_device(signals, device, spec.name)
        return self._of_cloud(signals, asked, device.answering.wishes, (attempts, spec))

    def _of_talk(
        self, signals: Signals, asked: Asked, device: OnDevice, attempts: Attempts
    ) -> Signals:
        largest = max(spec.n_ctx for spec in attempts.cloud.models)
        room = Room(device.answering.n_ctx, largest, device.answering.room_tokens)
        past_tokens, unread_tokens = self._past_tokens(asked)
        signals = with_prompt(signals, asked.prompt.text, room, past_tokens)
        wishes = device.answering.wishes
        return replace(
            signals,
            new_tokens=signals.new_tokens + unread_tokens + _FRAME_TOKENS,
            reply_tokens=wishes.max_tokens or room.reply_tokens,
            wanted=asked.wish.wanted,
            previous=_answered_by(asked.past[-1]) if asked.past else None,
        )

    def _past_tokens(self, asked: Asked) -> tuple[int, int]:
        """Tokens of the talk so far, and how many of them the device has not read."""
        unread = list(takewhile(lambda turn: not _read_here(turn), reversed(asked.told)))
        unread_tokens = sum(self._size(turn) for turn in unread)
        read = asked.told[: len(asked.told) - len(unread)]
        if read:
            last = read[-1].attempts[-1].usage
            return last.prompt_tokens + last.completion_tokens + unread_tokens, unread_tokens
        system = 0 if asked.system is None else _tokens(asked.system)
        return system + unread_tokens, system + unread_tokens

    def _size(self, turn: Turn) -> int:
        if turn.id not in self._sizes:
            self._sizes[turn.id] = _tokens(turn.prompt) + _tokens(turn.reply)
        return self._sizes[turn.id]

    def _of_device(self, signals: Signals, device: OnDevice, cloud_model: str) -> Signals:
        engine = device.answering.engine
        # Made when first asked: it finds the sensors, and without a cloud nobody asks.
        self._watch = self._watch or ConditionsWatch()
        now = self._watch.now([engine.worker_pid] if engine.worker_pid else [])
        waits = measured_waits(self.usages, device.answering.named, cloud_model)
        return replace(
            signals,
            edge_ready=engine.ready,
            edge_wait_s=waits.edge_wait_s(signals.new_tokens, ready=engine.ready),
            edge_tps=waits.edge_tps,
            queue=engine.queue,
            on_battery=now.on_battery,
            battery_percent=now.battery_percent,
            hot=now.hot,
            load=now.load,
            cloud_wait_s=waits.cloud_p50_s,
            cloud_tps=waits.cloud_tps,
        )

    def _of_cloud(
        self,
        signals: Signals,
        asked: Asked,
        wishes: Wishes,
        asking: tuple[Attempts, CloudSpec],
    ) -> Signals:
        attempts, spec = asking
        cloud = attempts.cloud
        request = cloud.request(spec, wishes, deadlines(()), asked.wish.cancel)
        # All of the talk: what is left out of it as private is found when it is to be sent.
        cost = cloud.most(asked.messages, request)
        ledger, conversation = attempts.ledger, asked.conversation_id
        left = ledger.left(cloud.caps, cost.currency, conversation) if cost else NOTHING
        largest = max(cloud.models, key=lambda spec: spec.n_ctx)
        return replace(
            signals,
            cloud_asks=cloud.mode is CloudMode.ASK or asked.wish.lifted,
            detectors_ready=self.detectors_ready,
            cloud_key=self.has_key,
            cloud_link=attempts.trust.link_state(),
            breaker=attempts.trust.state(spec.name),
            cloud_free_tokens=largest.n_ctx - reply_room(largest) - signals.prompt_tokens,
            cloud_cost=cost,
            budget_left=left,
        )


def _tokens(message: Message) -> int:
    return estimate_tokens(message.text) + _FRAME_TOKENS


def _answered_by(turn: Turn) -> Target | None:
    shown: Iterable[Target] = (
        attempt.decision.target for attempt in reversed(turn.attempts) if attempt.shown
    )
    return next(iter(shown), None)


def _read_here(turn: Turn) -> bool:
    """Whether the device's engine said the last of it, and counted it."""
    last = turn.attempts[-1] if turn.attempts else None
    return (
        last is not None
        and last.shown
        and last.decision.target is Target.EDGE
        and last.usage.prompt_tokens > 0
    )
