"""One live conversation: a prompt goes in, events come out, and what was said is kept."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace

from edge.chat.answering import Answering
from edge.chat.asked import Asked, Lock, Wish, one_at_a_time, speakable
from edge.chat.handoff import Consent
from edge.chat.kept import Kept
from edge.chat.naming import Naming, name
from edge.chat.on_device import OnDevice
from edge.chat.routes import Routes
from edge.chat.share import Shares
from edge.core.conversation import Conversation, Outcome, Summary, Turn, WhenFull
from edge.core.decision import Target
from edge.core.errors import Busy, EdgeError, UsageError
from edge.core.event import Done, Event, Notice, StopReason
from edge.core.message import Label, Message, Role
from edge.core.say import say
from edge.engine.protocol import Cancel
from edge.store.conversations import Conversations

_FAREWELL_S = 2.0


@dataclass(eq=False)
class Session:
    """Sends prompts and yields what comes back; one prompt at a time.

    `send` blocks while the engine works; `stop` may be called from any thread.
    A conversation that is None is begun with the first prompt, under `label`;
    `opening` is what to tell the user before the first reply. Before anything is
    sent that the user wants to be asked about, `consent` is; None says no.
    """

    answering: Answering
    conversations: Conversations
    conversation: Conversation | None = None
    system: str = ""
    opening: tuple[Notice, ...] = ()
    routes: Routes = field(default_factory=Routes)
    consent: Consent | None = None
    _turns: list[Turn] = field(init=False)
    _label: Label = field(init=False)
    _system_label: Label = field(init=False)
    _device: OnDevice = field(init=False)
    _kept: Kept = field(init=False)
    _closed: bool = field(default=False, init=False)
    _naming: Naming = field(default_factory=Naming, init=False)
    _cancel: Cancel = field(default_factory=Cancel, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)
    _busy: threading.Lock = field(default_factory=threading.Lock, init=False)
    _events: Generator[Event, None, None] = field(init=False)

    def __post_init__(self) -> None:
        old = self.conversation
        self._label = old.label if old else self.routes.new_label
        self._system_label = old.system_label if old else self._label
        self._events = (event for event in tuple[Event, ...]())
        self._device = OnDevice(self.answering, keep=self._keep_summary)
        self._kept = Kept(self.conversations)
        self.system = old.system if old else self.system
        self._go_on(old.turns if old else ())

    @property
    def conversation_id(self) -> str | None:
        """The conversation's id, None before the first prompt."""
        return self.conversation.id if self.conversation else None

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The turns so far, oldest first."""
        return tuple(self._turns)

    @property
    def label(self) -> Label:
        """How the next prompt begins: a private conversation stays private."""
        return self._label

    @property
    def system_label(self) -> Label:
        """Of the system prompt, which may be private in a public conversation."""
        return Label.join(self._label, self._system_label)

    @property
    def when_full(self) -> WhenFull:
        """What becomes of the oldest turns once the context is full."""
        return self._device.when_full

    def set_when_full(self, wanted: WhenFull) -> None:
        """The same from now on."""
        self._device.when_full = wanted

    def set_thinking(self, wanted: bool | None) -> None:
        """Whether replies from now on think first; None leaves it to the model."""
        wishes = replace(self.answering.wishes, thinking=wanted)
        self.answering = replace(self.answering, wishes=wishes)
        self._device.answering = self.answering

    def set_system(self, text: str) -> None:
        """The system prompt from now on; kept with the conversation."""
        self.system, self._system_label = text, self._label
        self._remember_private()
        if self.conversation is not None:
            system = self._system_message()
            label = system.label if system else Label.PRIVATE
            self.conversations.set_system(self.conversation.id, text, label)

    def make_private(self) -> None:
        """Nothing of this conversation leaves the machine from now on; not to be taken back."""
        self._label = self._system_label = Label.PRIVATE
        self._lock.set()
        self._turns = [turn.locked() for turn in self._turns]
        self._remember_private()
        if self.conversation is not None:  # last: a store that is busy leaves it private here
            try:
                self._kept.mark_private(self.conversation.id)
            finally:
                self.routes.remember_all(self.conversations, self.conversation.id)

    def go_to(self, turn_id: str | None) -> None:
        """Go on behind another turn of this conversation; None is before its first.

        What was said behind it is kept, as a branch of its own. Raises UnknownName, and
        Busy while a reply is written.
        """
        if self.conversation is None:
            raise UsageError(say("nothing has been said yet"), hint=say("ask something first"))
        if not self._busy.acquire(blocking=False):
            raise one_at_a_time()
        try:
            self._kept.write_rest()  # what is read back is whole, and marked
            self.conversations.go_to(self.conversation.id, turn_id)
            self.conversation = self.conversations.get(self.conversation.id)
            self._go_on(self.conversation.turns)
        finally:
            self._busy.release()

    def pin(self, turn_id: str, *, pinned: bool = True) -> None:
        """Never leave out a turn of this branch, or let it go again; raises UnknownName."""
        self.conversations.pin(self.conversation_id or "", turn_id, pinned)
        self._turns = [
            replace(turn, pinned=pinned) if turn.id == turn_id else turn for turn in self._turns
        ]

    def name_it(self) -> str:
        """Have the model find a title while nobody waits; the next prompt ends that.

        Empty where the conversation has a title, or none was found. Never loads a model.
        """
        talk = self.conversation
        if talk is None or not self._turns or not self.answering.engine.ready:
            return ""
        told, system, title = replace(talk, turns=self.turns), self._system_message(), ""
        with suppress(EdgeError), self._naming.search() as end:  # a convenience
            # Asked within: a prompt that comes now finds the search, and ends it.
            if not (self._busy.locked() or self._closed or self.conversations.get(talk.id).title):
                title = name(self._device, told, system, end)
            if title:
                self.conversations.set_title(talk.id, title, by_user=False)
        return title

    def stop(self) -> None:
        """End the reply that is being written; what was shown is kept."""
        self._cancel.set()

    def send(
        self,
        text: str,
        *,
        wanted: Target | None = None,
        public: bool = False,
        at_least: Label = Label.PUBLIC,
        fresh: bool = False,
    ) -> Generator[Event, None, None]:
        """Say something and yield what happens, ending with Done.

        `wanted` asks for an engine, for this turn and within the guards; `public`
        lifts this one prompt out of a private conversation, and `consent` is asked
        before it is sent, in whatever mode the cloud is. `at_least` is the label of
        what the text was made from, and `fresh` asks for other words than a chosen
        seed draws, as where a prompt is asked again. The prompt is on disk
        before the first event, the reply before Done; `stop` counts from now on.
        Raises an EdgeError when the turn fails; what was shown is kept.
        """
        if self._closed:
            raise UsageError(say("the session is closed"), hint=say("open a session anew"))
        text = speakable(text)
        if self._busy.locked():
            raise one_at_a_time()
        self._cancel, self._lock = Cancel(), Lock() if public else Lock(self._is_marked)
        wish = Wish(text, wanted, public, at_least, fresh, self._cancel, self._lock)
        self._events = self._send(wish)
        return self._events

    def close(self) -> None:
        """End a reply that is being written, and keep what was shown; nothing can be sent after.

        Raises Busy or DiskFull where the store cannot take a reply that waits for it.
        """
        self._closed = True
        self.stop()
        self._naming.end()
        # Where another thread reads it, that thread will meet the end.
        with suppress(ValueError):
            self._events.close()
        if self._busy.acquire(timeout=_FAREWELL_S):  # until then the store is needed
            self._busy.release()
            self._kept.write_rest()

    def _send(self, wish: Wish) -> Generator[Event, None, None]:
        if not self._busy.acquire(blocking=False):
            raise one_at_a_time()
        try:
            self._naming.end()
            self._kept.write_rest()
            if (turns := self._kept.settled(self._turns)) != self._turns:
                self._go_on(turns)
            self._lock = Lock()  # a mark of before is no reason to withhold what is lifted now
            if self._label is Label.PUBLIC and self._is_marked():
                self.make_private()  # another process did
            self._cancel, self._lock = wish.cancel, wish.lock
            prompt, notices = self.routes.labelled(wish.message(self._label))
            yield from self._answer(self._begin(prompt, wish), notices)
        finally:
            self._busy.release()

    def _keep_summary(self, summary: Summary) -> None:
        if summary.label is Label.PRIVATE:
            self.routes.remember_texts([summary.text])
        assert self.conversation is not None
        with suppress(Busy):  # without it the next run tells the turns again
            self.conversations.keep_summary(self.conversation.id, summary)

    def _go_on(self, turns: Sequence[Turn]) -> None:
        """Be behind these, as the store has them."""
        self._turns = list(turns)
        self._device.resume(self._turns, self.conversation.summary if self.conversation else None)
        self._remember_private()

    def _is_marked(self) -> bool:
        """Whether the store says that this conversation is private."""
        talk_id = self.conversation_id
        return talk_id is not None and self.conversations.label_of(talk_id) is Label.PRIVATE

    def _remember_private(self) -> None:
        self.routes.remember_private(self._turns, self._system_message())

    def _system_message(self) -> Message | None:
        """The system prompt, under the label it earns."""
        if not self.system:
            return None
        return self.routes.labelled_system(Message(Role.SYSTEM, self.system, self.system_label))

    def _begin(self, prompt: Message, wish: Wish) -> Asked:
        system = self._system_message()
        if self.conversation is None:
            label = Label.PRIVATE if system is None else system.label
            self.conversation = self.conversations.start(
                self.answering.named, self.system, self._label, label
            )
        parent_id = self._turns[-1].id if self._turns else None
        turn = self.conversations.begin_turn(self.conversation.id, parent_id, prompt)
        if wish.lock.is_set():  # made private while these were written
            self.conversations.mark_private(self.conversation.id)
        return Asked(self.conversation.id, turn, tuple(self._turns), system, wish)

    def _answer(self, asked: Asked, notices: tuple[Notice, ...]) -> Iterator[Event]:
        shares = Shares()
        try:
            reply = self.routes.reply(asked, self._device, shares, self.consent)
            with closing(reply.events()) as events:
                for event in events:
                    yield event
                    yield from (*self.opening, *notices)
                    self.opening = notices = ()
        except BaseException as left:  # whatever it is, what was shown is kept
            gone = isinstance(left, (GeneratorExit, KeyboardInterrupt, SystemExit))
            self._end(asked, shares, StopReason.CANCELLED if gone else StopReason.FAILED)
            raise
        yield Done(self._end(asked, shares, StopReason.FAILED), shares.attempts)

    def _end(self, asked: Asked, shares: Shares, otherwise: StopReason) -> StopReason:
        """Record a turn once; a store that cannot take it does not take it from the talk."""
        shares.cut(otherwise)
        turn, stop_reason = asked.turn, shares.stop_reason or otherwise
        if not self._turns or self._turns[-1].id != turn.id:
            ended = replace(turn, attempts=shares.attempts, outcome=Outcome.of(stop_reason))
            ended = replace(ended, reply_label=self.routes.label_of(asked, shares))
            ended = ended.locked() if asked.wish.lock.is_set() else ended
            self._turns.append(ended)
            self.routes.ended(ended)
            self._kept.end(ended)
        return stop_reason
