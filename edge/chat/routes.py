"""How the turns of a talk are routed: the policy, the cloud if there is one, and its books."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from edge.chat.asked import Asked
from edge.chat.attempts import Attempts
from edge.chat.gauge import Gauge
from edge.chat.handoff import Consent, Reply
from edge.chat.on_device import OnDevice
from edge.chat.share import Shares
from edge.chat.waits import deadlines, hedge_delay_s
from edge.core.cloud import Deadlines
from edge.core.conversation import Turn
from edge.core.event import Notice, NoticeCode
from edge.core.message import Label, Message
from edge.core.say import say
from edge.routing.policy import OFFLINE, Policy
from edge.routing.privacy import examine
from edge.store.conversations import Conversations


@dataclass(eq=False)
class Routes:
    """The ways a turn can go. `attempts` None: there is no cloud, and every text is private.

    `new_label` is how new conversations begin; `waits` None follow what was measured.
    """

    policy: Policy = OFFLINE
    attempts: Attempts | None = None
    gauge: Gauge = field(default_factory=Gauge)
    new_label: Label = Label.PRIVATE
    waits: Deadlines | None = None

    def labelled(self, prompt: Message) -> tuple[Message, tuple[Notice, ...]]:
        """The prompt under the label it earns, and what to tell of it where that was raised."""
        if self.attempts is None:
            return replace(prompt, label=Label.PRIVATE), ()
        if prompt.label is Label.PRIVATE:
            return prompt, ()
        self.attempts.cloud.catch_up()
        found = self.attempts.cloud.examine(prompt.text, prompt.label)
        if found.label is prompt.label:
            return prompt, ()
        kinds = [*found.kinds, *([say("repeats private text")] if found.copied else [])]
        told = say("this turn is private: {why}", why=", ".join(kinds))
        notice = Notice(NoticeCode.MADE_PRIVATE, told)
        return replace(prompt, label=found.label), (notice,)

    def reply(
        self, asked: Asked, device: OnDevice, shares: Shares, consent: Consent | None
    ) -> Reply:
        """The reply to a prompt, not begun yet; what it says is gathered in `shares`."""
        signals = self.gauge.measure(asked, device, self.attempts, self.policy.cloud_model)
        ttfts_s = self.gauge.cloud_ttfts_s
        return Reply(
            asked,
            signals,
            device,
            self.policy,
            self.attempts,
            consent,
            self.waits or deadlines(ttfts_s),
            hedge_delay_s(ttfts_s),
            shares,
        )

    def labelled_system(self, system: Message) -> Message:
        """The system prompt under the label it earns by what it holds; nothing is compared."""
        if self.attempts is None:
            return replace(system, label=Label.PRIVATE)
        found = examine(system.text, system.label, None, self.attempts.cloud.own)
        return replace(system, label=found.label)

    def label_of(self, asked: Asked, shares: Shares) -> Label:
        """Of a reply: the join of all it was made from, as that is seen now."""
        if shares.by_device and not self._may_be_told(asked.messages):
            return Label.PRIVATE
        return shares.label

    def _may_be_told(self, messages: Sequence[Message]) -> bool:
        return self.attempts is not None and self.attempts.cloud.may_be_told(*messages)

    def ended(self, turn: Turn) -> None:
        """A turn is over: its waits are known, and where it is private so are its texts."""
        self.gauge.remember(turn)
        self.remember_private([turn])

    def remember_private(self, turns: Iterable[Turn], system: Message | None = None) -> None:
        """Texts that no public prompt may repeat."""
        told = [message for turn in turns for message in (turn.prompt, turn.reply)]
        told += [system] if system else []
        self.remember_texts(message.text for message in told if message.label is Label.PRIVATE)

    def remember_all(self, kept: Conversations, conversation_id: str) -> None:
        """The same of every branch of a talk that was made private as a whole."""
        if self.attempts is not None:
            self.remember_private(kept.every_turn(conversation_id))

    def remember_texts(self, texts: Iterable[str]) -> None:
        """The same of texts that are known to be private."""
        if self.attempts is not None:
            self.attempts.cloud.remember_private(texts)
