"""A small world to leak in: a store, a session, a device that echoes, a cloud that hears."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from echo import Echo
from forms import canary, holds

from cloud_server import (
    Script,
    cut,
    error,
    filtered,
    hung_up,
    malformed,
    reply,
    without_finish,
)
from cloudy import CLOUD_FIRST, Sky, cloudy, policy
from edge.chat.breaker import Breaker
from edge.chat.session import Session
from edge.core.decision import Target
from edge.core.errors import EdgeError
from edge.core.event import Delta
from edge.routing.copies import CopyGuard
from edge.routing.policy import Escalate, Handoff, Policy
from edge.store.codec import encode
from edge.store.past import private_texts
from edge.store.sent import SendBook

CLOUD_SAYS = "The cloud answers this, and nothing that anybody told it."
FAULTS: tuple[Script, ...] = (
    reply(CLOUD_SAYS, chunks=CLOUD_SAYS.split(" ")),
    cut(CLOUD_SAYS, after=0),
    cut(CLOUD_SAYS, after=9, reset=True),
    malformed(CLOUD_SAYS, count=9),
    without_finish(CLOUD_SAYS[:12]),
    filtered(CLOUD_SAYS[:12]),
    hung_up(),
    error(400, "DataInspectionFailed"),
    error(401, "InvalidApiKey"),
    error(429, "Throttling"),
    error(500, "InternalError"),
    error(503, "ModelUnavailable"),
)
EDGE_FIRST = CLOUD_FIRST.replace('"cloud"', '"edge"')
POLICIES: tuple[Policy, ...] = (
    policy(),
    policy(hedge=True),
    policy(handoff=Handoff.KEEP),
    policy(EDGE_FIRST),
    policy(EDGE_FIRST, escalate=Escalate.HOLD),
)
# Each is private by what it holds, whoever says it where.
IDENTIFIERS: tuple[Callable[[str], str], ...] = (
    lambda words: f"My number is 11010519491231002X and {words}",
    lambda words: f"{words}, call me at +86 138 0013 8000",
    lambda words: f"api_key = sk-proj-abcdefghijklmnopqrstuvwx1234567890ABCD {words}",
    lambda words: f"Write to li.hua@example.com: {words}",
    lambda words: f"{words} password: hunter2-and-more!",
)


class World:
    """What can happen in it are its verbs; after each of them nothing private has left."""

    def __init__(self, home: Path) -> None:
        self._stack = ExitStack()
        self.echo = Echo()
        self.sky: Sky = self._stack.enter_context(
            cloudy(home, *FAULTS[:1], edge=self.echo, by=POLICIES[0])
        )
        self.session.consent = lambda _: True
        self.private: list[str] = []
        self._is_private = False  # as the user believes
        self._said: list[str] = []  # in this conversation, and not private when it was said
        self._system, self._outdated = "", list[str]()
        self.n_turns = self.n_private = 0

    @property
    def session(self) -> Session:
        return self.sky.session

    def close(self) -> None:
        self._stack.close()

    # What users do.

    def begin(self, *, private: bool) -> None:
        """Another conversation."""
        self._open(None)
        self._is_private = private
        if private:
            self.session.make_private()

    def restart(self) -> None:
        """Leave, and go on with the conversation that is kept; what was in memory is gone."""
        cloud = self.sky.attempts.cloud
        cloud._guard = CopyGuard()
        cloud.remember_private(private_texts(self.sky.database, 10**6))
        if self.session.conversation_id is None:
            self._is_private = False  # of a talk that was not begun nothing is kept
        self._open(self.session.conversation_id)
        # Nothing remembers a system prompt that another took the place of.
        self.private = [each for each in self.private if each not in self._outdated]

    def mark(self) -> None:
        """Make the conversation private: also what was said in it before, from now on."""
        self.session.make_private()
        self._is_private = True
        # What was sent before it was marked has been sent; the rest must stay.
        heard = bytes(self.sky.server.heard)
        self.private += [each for each in self._said if not holds(heard, each)]

    def say_public(self, *, lifted: bool = False, **how: Any) -> None:
        """Something harmless, that may leave where the conversation is public."""
        kernel = canary()
        if self._is_private and not lifted:
            self.private.append(kernel)
        self._said.append(kernel)
        self._say(f"How do heat pumps work, part {self.n_turns}? {kernel}", public=lifted, **how)

    def say_private(self, n: int, **how: Any) -> None:
        """Something that is private by what it holds."""
        kernel = canary()
        self.private.append(kernel)
        self._say(IDENTIFIERS[n % len(IDENTIFIERS)](kernel), **how)

    def say_again(self, rng: random.Random, **how: Any) -> None:
        """A public prompt with a piece of private text in it."""
        if known := [*self.private, *self.echo.secrets]:
            piece = rng.choice(known)
            self._say(f"What does this mean: {piece}", **how)

    def go_back(self, n: int) -> None:
        """Go on behind another turn of the conversation, on any of its branches."""
        if talk_id := self.session.conversation_id:
            kept = self.session.conversations
            turns = [turn.id for turn in kept.every_turn(talk_id)]
            self.session.go_to([None, *turns][n % (len(turns) + 1)])

    def ask_again(self, **how: Any) -> None:
        """The last prompt once more, in its own place."""
        if self.session.turns:
            last = self.session.turns[-1]
            self.session.go_to(last.parent_id)
            self._say(last.prompt.text, at_least=last.prompt.label, fresh=True, **how)

    def tell_system(self, *, with_key: bool) -> None:
        """A system prompt with a canary; private by what it holds, or by its conversation."""
        if self.session.conversation_id is None:
            return  # it would be kept nowhere, so no later process could know it
        words = canary()
        self._outdated, self._system = [*self._outdated, self._system], words
        text = f"Be brief. {words}"
        if with_key:
            text += " api_key = sk-proj-abcdefghijklmnopqrstuvwx1234567890ABCD"
        if with_key or self._is_private:
            self.private.append(words)
        self.session.set_system(text)

    # What happens to them.

    def cloud_does(self, n: int) -> None:
        """The provider's manner from now on; its breaker forgets, or nothing would be sent."""
        self.sky.server.says(FAULTS[n % len(FAULTS)])
        for model in ("qwen-plus", "qwen-long"):
            self.sky.attempts.trust.health.put(f"breaker dashscope {model}", encode(Breaker()))

    def device_dies(self, after: int) -> None:
        """The next reply of the device ends in an error."""
        self.echo.dies_after = after

    def policy_is(self, n: int) -> None:
        """Another policy from now on."""
        self.session.routes.policy = POLICIES[n % len(POLICIES)]

    # What must hold.

    def leaked(self) -> Iterator[str]:
        """Private texts that the cloud has heard."""
        heard = bytes(self.sky.server.heard)
        for text in (*self.private, *self.echo.secrets):
            if holds(heard, text):
                yield text

    def unlogged(self) -> int:
        """Sends that are in no row; below zero, rows without a send."""
        return len(self.sky.server.requests) - len(SendBook(self.sky.database).sends(10**6))

    def _open(self, conversation_id: str | None) -> None:
        old, kept = self.session, self.session.conversations
        conversation = kept.get(conversation_id) if conversation_id else None
        old.close()
        self.sky.session = Session(old.answering, kept, conversation, routes=old.routes)
        self.session.consent = lambda _: True
        self._said = []

    def _say(self, words: str, *, stop_after: int | None = None, **how: Any) -> None:
        self.n_turns += 1
        self.n_private += any(text in words for text in self.private[-1:])
        pieces = 0
        try:
            for event in self.session.send(words, **how):
                pieces += isinstance(event, Delta)
                if stop_after is not None and pieces >= stop_after:
                    self.session.stop()
        except EdgeError:
            pass  # an error is an end, too


def drawn_step(world: World, rng: random.Random) -> None:
    """One thing that happens, drawn."""
    wanted = rng.choice([None, None, None, Target.CLOUD, Target.EDGE])
    stop_after = rng.choice([None, None, None, 0, 1, 3])
    how: dict[str, Any] = {"wanted": wanted, "stop_after": stop_after}
    steps: list[tuple[int, Callable[[], Any]]] = [
        (6, lambda: world.say_private(rng.randrange(99), **how)),
        (4, lambda: world.say_public(**how)),
        (3, lambda: world.say_public(lifted=True, **how)),
        (3, lambda: world.say_again(rng, public=rng.random() < 0.5, **how)),
        (2, lambda: world.begin(private=rng.random() < 0.5)),
        (2, world.restart),
        (2, lambda: world.go_back(rng.randrange(99))),
        (2, lambda: world.ask_again(**how)),
        (1, world.mark),
        (1, lambda: world.tell_system(with_key=rng.random() < 0.5)),
        (2, lambda: world.cloud_does(rng.randrange(99))),
        (1, lambda: world.device_dies(rng.randrange(4))),
        (1, lambda: world.policy_is(rng.randrange(99))),
    ]
    weights, verbs = zip(*steps, strict=True)
    rng.choices(verbs, weights)[0]()
