"""The cloud's side of a talk: what it would be told, which of its models, and for how much."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from edge.chat.answering import Wishes
from edge.chat.asked import Asked, Lock
from edge.core.cloud import Cap, CloudMode, Deadlines, Provider
from edge.core.conversation import Turn
from edge.core.errors import EdgeError
from edge.core.message import Label, Message, Role
from edge.core.say import say, say_n
from edge.core.spec import CloudSpec, Price, PriceTier, Sampling
from edge.core.units import NOTHING, Money
from edge.engine.protocol import Cancel, CloudRequest
from edge.models.prices import most_it_can_cost, price_for
from edge.routing.copies import CopyGuard
from edge.routing.detect.finding import OwnWords
from edge.routing.policy import CloudModel
from edge.routing.privacy import Examined, Piece, examine

# The longest reply asked for where nobody said; it is part of what is reserved.
REPLY_TOKENS = 4096
# The makers' advice for Qwen without thinking, as for the models of the catalog.
_SAMPLING = Sampling(temperature=0.7, top_p=0.8)
_GREETING, _GREETING_TOKENS = "Say OK.", 8
_FREE = Price("", (PriceTier(None, NOTHING, NOTHING, NOTHING),), date.max, "no price given")
# A provider may put a system prompt of its own before ours.
_PREAMBLE_TOKENS = 64
# More than the tokens a role and its control tokens take.
_FRAME_TOKENS = 16


@dataclass(frozen=True, slots=True)
class Offer:
    """What would be sent, to whom, and what it can cost; for the user to say yes or no."""

    host: str
    model: str
    messages: tuple[Message, ...]
    most: Money | None


@dataclass(frozen=True, slots=True)
class Errand:
    """One turn's wish to the cloud: what it may be told, how it is asked, and for how much.

    `most` None: nobody knows what it costs. `withheld` names what of the talk it is
    not told, because that is private. Once `lock` holds nothing of it may leave.
    """

    turn_id: str
    conversation_id: str
    pieces: tuple[Piece, ...]
    request: CloudRequest
    most: Money | None
    withheld: tuple[str, ...] = ()
    lock: Lock = field(default_factory=Lock)


@dataclass(eq=False)
class InCloud:
    """Everything that says what may be told and what it costs; nothing here can send.

    `models` are the usual one and, for what is beyond it, one with a longer
    context.
    """

    provider: Provider
    mode: CloudMode
    models: tuple[CloudSpec, ...]
    caps: tuple[Cap, ...] = ()
    own: OwnWords = field(default_factory=OwnWords)
    strict_model: bool = False
    _guard: CopyGuard = field(default_factory=CopyGuard)
    _news: Callable[[], Iterable[str]] = tuple
    _behind: threading.Thread | None = None
    _learning: threading.Lock = field(default_factory=threading.Lock)
    _clean: dict[str, bool] = field(default_factory=dict)

    @property
    def guard(self) -> CopyGuard:
        """What knows the private texts that were told to `remember_private`."""
        if (behind := self._behind) is not None:
            behind.join()
        return self._guard

    def examine(self, text: str, label: Label) -> Examined:
        """The label of a text, raised where something private is found in it."""
        return examine(text, label, self.guard, self.own)

    def remember_private(self, texts: Iterable[str]) -> None:
        """Texts that public prompts must not repeat."""
        for text in texts:
            self._guard.add(text)
            self._clean.clear()  # what was clean may repeat it

    def follow_private(self, news: Callable[[], Iterable[str]]) -> None:
        """Where other processes tell of private texts; read first while the user types.

        Who examines a text waits for that.
        """
        self._news = news
        self._behind = threading.Thread(target=self.catch_up, daemon=True)
        self._behind.start()

    def catch_up(self) -> None:
        """Learn what others made private; where that cannot be read every text may be."""
        with self._learning:  # a second session waits for what the first one reads
            was_blind = self._guard.is_blind
            try:
                self.remember_private(self._news())
                self._guard.is_blind = False
            except EdgeError:
                self._guard.is_blind = True
            if self._guard.is_blind != was_blind:
                self._clean.clear()

    def spec(self, name: str) -> CloudSpec:
        """One of the models by its name."""
        return next(each for each in self.models if each.name == name)

    def model_for(self, n_tokens: int, meant: CloudModel) -> CloudSpec:
        """The model that is meant where it holds so many tokens, else the one that holds most."""
        longest = max(self.models, key=lambda spec: spec.n_ctx)
        usual = self.models[0]
        fits = n_tokens <= usual.n_ctx - reply_room(usual)
        return usual if fits and meant is CloudModel.USUAL else longest

    def request(
        self, spec: CloudSpec, wishes: Wishes, waits: Deadlines, cancel: Cancel
    ) -> CloudRequest:
        """How to ask one of the models for a reply."""
        limit = min(wishes.max_tokens or reply_room(spec), spec.max_output_tokens)
        sampling = replace(wishes.applied_to(_SAMPLING), max_tokens=limit)
        return CloudRequest(spec.name, sampling, waits, bool(wishes.thinking), cancel)

    def errand(self, asked: Asked, request: CloudRequest, reply_so_far: Message | None) -> Errand:
        """What the cloud is to be told: the public turns of the talk, and no others.

        Its pieces keep their labels: whether they may leave is decided at each send.
        """
        # A turn that was stopped before a word has no reply to tell.
        said = [turn for turn in asked.told if turn.reply.text]
        public = [turn for turn in said if self.may_be_told(turn.prompt, turn.reply)]
        pieces = [piece for turn in public for piece in _pieces_of(turn)]
        withheld = [_turns(len(said) - len(public))] if len(public) < len(said) else []
        if asked.system is not None:
            if self.may_be_told(asked.system):
                pieces.insert(0, Piece(asked.system, ""))
            else:
                withheld.append(say("the system prompt"))
        pieces.append(Piece(asked.prompt, asked.turn.id))
        if reply_so_far is not None:
            pieces.append(Piece(reply_so_far, asked.turn.id))
        return Errand(
            asked.turn.id,
            asked.conversation_id,
            tuple(pieces),
            request,
            self.most([piece.message for piece in pieces], request),
            tuple(withheld),
            asked.wish.lock,
        )

    def price(self, name: str) -> Price | None:
        """The price list of one of the models, None where nobody published one.

        A server on this very machine costs nothing unless the user says otherwise.
        """
        price = price_for(self.spec(name), self.provider.region)
        return _FREE if price is None and self.provider.is_here else price

    def greeting(self) -> Errand:
        """The least that can be asked, to see whether the cloud answers at all."""
        spec, message = self.models[0], Message(Role.USER, _GREETING, Label.PUBLIC)
        sampling = replace(_SAMPLING, max_tokens=_GREETING_TOKENS)
        request = CloudRequest(spec.name, sampling, Deadlines())
        most = self.most([message], request)
        # Of a turn of its own, so that no cap of a turn or a conversation sums it up.
        alone = f"test-{secrets.token_hex(4)}"
        return Errand(alone, alone, (Piece(message, ""),), request, most)

    def most(self, messages: Sequence[Message], request: CloudRequest) -> Money | None:
        """The most a send can cost: no token of a byte-level vocabulary is empty."""
        n_bytes = _PREAMBLE_TOKENS
        n_bytes += sum(len(message.text.encode()) + _FRAME_TOKENS for message in messages)
        price, limit = self.price(request.model), request.sampling.max_tokens
        assert limit is not None
        if price is None:
            return None
        thoughts = request.thinking_tokens if request.thinking else 0
        return most_it_can_cost(price, n_bytes, limit + thoughts, thinking=request.thinking)

    def offer(self, errand: Errand) -> Offer:
        """An errand for the eye."""
        messages = tuple(piece.message for piece in errand.pieces)
        return Offer(self.provider.host, errand.request.model, messages, errand.most)

    def may_be_told(self, *messages: Message) -> bool:
        """Whether all of these are public, and nothing private is found in them."""
        return all(
            message.label is Label.PUBLIC and self._is_clean(message.text) for message in messages
        )

    def _is_clean(self, text: str) -> bool:
        # A long talk would else be searched anew for each turn; each send searches it again.
        clean = self._clean.get(text)
        if clean is None:
            clean = self._clean[text] = self.examine(text, Label.PUBLIC).label is Label.PUBLIC
        return clean


def reply_room(spec: CloudSpec) -> int:
    """Tokens a prompt leaves for its reply: a quarter of a small context."""
    return min(REPLY_TOKENS, spec.n_ctx // 4)


def _turns(n: int) -> str:
    return say_n("{n} private turn", "{n} private turns", n)


def _pieces_of(turn: Turn) -> tuple[Piece, Piece]:
    return Piece(turn.prompt, turn.id), Piece(turn.reply, turn.id)
